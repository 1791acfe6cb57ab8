"""Normalised sine."""

from deepspectra.nn.activations.base import array_namespace, normalised

ACTIVATION = normalised("sine", lambda x: array_namespace(x).sin(x), lambda x: array_namespace(x).cos(x))
