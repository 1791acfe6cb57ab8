"""The four activations of pennington2017's figure 3, which preserve the spectrum of X."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import erf

from deepspectra.nn.activations.base import Activation
from deepspectra.nn.quadrature import gaussian_expectation

__all__ = ["isospectral_activations"]


def isospectral_activations() -> dict[str, Activation]:
    """The functions of figure 3 (NumPy only), with eta = 1 and zeta = 0.

    The third term of f2 is read as 2 e^(-2) x: with the 2 e^(-2x) that the caption prints, the mean would not be zero.
    """
    return {
        "f1": _scaled(
            "f1",
            lambda x: -1 + math.sqrt(5) * np.exp(-2 * x**2),
            lambda x: -4 * math.sqrt(5) * x * np.exp(-2 * x**2),
        ),
        "f2": _scaled(
            "f2",
            lambda x: np.sin(2 * x) + np.cos(1.5 * x) - 2 * math.exp(-2) * x - math.exp(-9 / 8),
            lambda x: 2 * np.cos(2 * x) - 1.5 * np.sin(1.5 * x) - 2 * math.exp(-2),
        ),
        "f3": _scaled("f3", lambda x: np.abs(x) - math.sqrt(2 / math.pi), np.sign, breakpoints=(0.0,)),
        "f4": _scaled(
            "f4",
            lambda x: (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * erf(x),
            lambda x: (
                4 / math.sqrt(3) * x * np.exp(-(x**2) / 2) * erf(x)
                + (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * 2 / math.sqrt(math.pi) * np.exp(-(x**2))
            ),
        ),
    }


def _scaled(
    name: str,
    function: Callable[[np.ndarray], np.ndarray],
    derivative: Callable[[np.ndarray], np.ndarray],
    breakpoints: tuple[float, ...] = (),
) -> Activation:
    """The function divided by the root of its Gaussian second moment (the constants c_i of figure 3)."""
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: function(x) ** 2, breakpoints))
    return Activation(name, lambda x: scale * function(x), lambda x: scale * derivative(x), breakpoints)
