"""Rectifiers with different slopes on both sides of zero (pennington2017, eq. 17)."""

import math
from typing import Any

from deepspectra.nn.activations.base import Activation, array_namespace

__all__ = ["rectifier", "rectifier_zeta"]


def rectifier(alpha: float) -> Activation:
    """f_alpha (eq. 17): alpha = -1 is the identity, 0 a shifted relu, 1 a shifted absolute value; eta = 1."""
    mean = (1 + alpha) / math.sqrt(2 * math.pi)
    scale = 1 / math.sqrt((1 + alpha**2) / 2 - (1 + alpha) ** 2 / (2 * math.pi))
    even, odd = 0.5 * (1 + alpha) * scale, 0.5 * (1 - alpha) * scale

    def function(x: Any) -> Any:
        # [x]_+ + alpha [-x]_+ as even and odd part, without a branch. In place: allocating costs more than the
        # arithmetic, and this is a tenth of figure 1's time.
        result = abs(x)
        result *= even
        result += odd * x
        result -= scale * mean
        return result

    return Activation(f"rectifier({alpha:g})", function, lambda x: even * array_namespace(x).sign(x) + odd, (0.0,))


def rectifier_zeta(alpha: float) -> float:
    """zeta of f_alpha in closed form (eq. 18)."""
    return (1 - alpha) ** 2 / (2 * (1 + alpha**2) - 2 / math.pi * (1 + alpha) ** 2)
