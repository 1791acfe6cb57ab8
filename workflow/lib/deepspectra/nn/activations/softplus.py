"""Normalised softplus, log(1 + exp(x)), in a form that neither overflows nor loses digits."""

from deepspectra.nn.activations.base import array_namespace, normalised, sigmoid

ACTIVATION = normalised(
    "softplus",
    lambda x: 0.5 * (x + abs(x)) + array_namespace(x).log1p(array_namespace(x).exp(-abs(x))),
    sigmoid,
)
