"""Normalised SiLU, x / (1 + exp(-x))."""

from deepspectra.nn.activations.base import normalised, sigmoid

ACTIVATION = normalised("silu", lambda x: x * sigmoid(x), lambda x: sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)))
