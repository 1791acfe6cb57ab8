"""Scaled error function. The variance of erf is 2/pi arcsin(2/3)."""

import math

from deepspectra.nn.activations.base import Activation, array_namespace, error_function

_SCALE = 1 / math.sqrt(2 / math.pi * math.asin(2 / 3))

ACTIVATION = Activation(
    "erf",
    lambda x: _SCALE * error_function(x),
    lambda x: (_SCALE * 2 / math.sqrt(math.pi)) * array_namespace(x).exp(-x * x),
)
