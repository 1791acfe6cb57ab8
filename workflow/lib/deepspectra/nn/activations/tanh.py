"""Normalised tanh."""

from deepspectra.nn.activations.base import normalised
from deepspectra.nn.special import array_namespace

__all__ = ["ACTIVATION"]

ACTIVATION = normalised("tanh", lambda x: array_namespace(x).tanh(x), lambda x: 1 - array_namespace(x).tanh(x) ** 2)
