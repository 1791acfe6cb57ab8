"""Normalised SiLU, x / (1 + exp(-x))."""

from typing import Any

from deepspectra.nn.activations.base import normalised, sigmoid

__all__ = ["ACTIVATION"]


def _derivative(x: Any) -> Any:
    share = sigmoid(x)
    return share + x * share * (1 - share)


ACTIVATION = normalised("silu", lambda x: x * sigmoid(x), _derivative)
