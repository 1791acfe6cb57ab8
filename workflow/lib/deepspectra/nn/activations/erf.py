"""Scaled error function. The variance of erf is 2/pi arcsin(2/3)."""

import math

from deepspectra.nn.activations.base import Activation
from deepspectra.nn.special import array_namespace, error_function

__all__ = ["ACTIVATION"]

_SCALE = 1 / math.sqrt(2 / math.pi * math.asin(2 / 3))

ACTIVATION = Activation(
    "erf",
    function=lambda x: _SCALE * error_function(x),
    derivative=lambda x: (_SCALE * 2 / math.sqrt(math.pi)) * array_namespace(x).exp(-x * x),
)
