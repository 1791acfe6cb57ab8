"""The four activations of pennington2017's figure 3, which preserve the spectrum of X."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import erf

from deepspectra.nn.activations.base import Activation
from deepspectra.nn.quadrature import gaussian_expectation

__all__ = ["isospectral_activations"]

_Function = Callable[[np.ndarray], np.ndarray]
# Functions and derivatives. The third term of f2 is read as 2 e^(-2) x: with the 2 e^(-2x) that the caption prints, the
# mean would not be zero.
_FUNCTIONS: dict[str, tuple[_Function, _Function]] = {
    "f1": (lambda x: -1 + math.sqrt(5) * np.exp(-2 * x**2), lambda x: -4 * math.sqrt(5) * x * np.exp(-2 * x**2)),
    "f2": (
        lambda x: np.sin(2 * x) + np.cos(1.5 * x) - 2 * math.exp(-2) * x - math.exp(-9 / 8),
        lambda x: 2 * np.cos(2 * x) - 1.5 * np.sin(1.5 * x) - 2 * math.exp(-2),
    ),
    "f3": (lambda x: np.abs(x) - math.sqrt(2 / math.pi), np.sign),
    "f4": (
        lambda x: (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * erf(x),
        lambda x: (
            4 / math.sqrt(3) * x * np.exp(-(x**2) / 2) * erf(x)
            + (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * 2 / math.sqrt(math.pi) * np.exp(-(x**2))
        ),
    ),
}


def isospectral_activations() -> dict[str, Activation]:
    """The functions of figure 3 (NumPy only), scaled to eta = 1 by the constants c_i; zeta = 0."""
    return {name: _scaled(name, *functions) for name, functions in _FUNCTIONS.items()}


def _scaled(name: str, function: _Function, derivative: _Function) -> Activation:
    breakpoints = (0.0,) if name == "f3" else ()
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: function(x) ** 2, breakpoints))
    return Activation(name, lambda x: scale * function(x), lambda x: scale * derivative(x), breakpoints)
