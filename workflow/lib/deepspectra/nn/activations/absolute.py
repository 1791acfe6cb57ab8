"""Normalised absolute value: even, so b_sigma = 0."""

from deepspectra.nn.activations.base import normalised
from deepspectra.nn.special import array_namespace

__all__ = ["ACTIVATION"]

ACTIVATION = normalised("absolute", abs, lambda x: array_namespace(x).sign(x), breakpoints=(0.0,))
