"""Normalised sine."""

from deepspectra.nn.activations.base import normalised
from deepspectra.nn.special import array_namespace

__all__ = ["ACTIVATION"]

ACTIVATION = normalised("sine", lambda x: array_namespace(x).sin(x), lambda x: array_namespace(x).cos(x))
