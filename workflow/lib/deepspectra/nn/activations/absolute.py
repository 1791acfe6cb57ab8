"""Normalised absolute value: even, so b_sigma = 0."""

from deepspectra.nn.activations.base import array_namespace, normalised

ACTIVATION = normalised("absolute", abs, lambda x: array_namespace(x).sign(x), breakpoints=(0.0,))
