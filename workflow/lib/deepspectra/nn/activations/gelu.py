"""Normalised GELU, x Phi(x) with Phi the distribution function of N(0, 1).

Before normalisation its mean is 1/(2 sqrt(pi)) and its second moment 1/3 + 1/(2 sqrt(3) pi).
"""

import math
from typing import Any

from deepspectra.nn.activations.base import Activation, array_namespace, error_function

__all__ = ["ACTIVATION"]

_MEAN = 1 / (2 * math.sqrt(math.pi))
_SCALE = 1 / math.sqrt(1 / 3 + 1 / (2 * math.sqrt(3) * math.pi) - _MEAN**2)


def _distribution(x: Any) -> Any:
    return 0.5 + 0.5 * error_function(x * math.sqrt(0.5))


ACTIVATION = Activation(
    "gelu",
    lambda x: _SCALE * (x * _distribution(x) - _MEAN),
    lambda x: _SCALE * (_distribution(x) + x * (array_namespace(x).exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi)))),
)
