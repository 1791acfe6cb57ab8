"""Normalised SiLU, x / (1 + exp(-x))."""

from __future__ import annotations

from typing import Any

from deepspectra.nn.activations.base import normalised
from deepspectra.nn.special import sigmoid

__all__ = ["ACTIVATION"]


def _derivative(x: Any) -> Any:
    share = sigmoid(x)
    return share + x * share * (1 - share)


ACTIVATION = normalised("silu", lambda x: x * sigmoid(x), _derivative)
