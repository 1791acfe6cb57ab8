"""Normalised tanh."""

from deepspectra.nn.activations.base import array_namespace, normalised

ACTIVATION = normalised("tanh", lambda x: array_namespace(x).tanh(x), lambda x: 1 - array_namespace(x).tanh(x) ** 2)
