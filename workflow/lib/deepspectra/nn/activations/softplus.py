"""Normalised softplus, log(1 + exp(x)), in a form that neither overflows nor loses digits."""

from typing import Any

from deepspectra.nn.activations.base import array_namespace, normalised, sigmoid

__all__ = ["ACTIVATION"]


def _softplus(x: Any) -> Any:
    space = array_namespace(x)
    return 0.5 * (x + abs(x)) + space.log1p(space.exp(-abs(x)))


ACTIVATION = normalised("softplus", _softplus, sigmoid)
