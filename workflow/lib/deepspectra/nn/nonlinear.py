"""The activation functions of Pennington and Worah (2017), scaled to eta = 1.

eta = E[f(z)^2] and zeta = E[f'(z)]^2 (eq. 10, sigma_w = sigma_x = 1) are the only properties of f that the limit law
knows; every function here acts on NumPy arrays and torch tensors alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf

from deepspectra.nn.activations import Activation, array_namespace, gaussian_expectation


def eta_of(activation: Activation) -> float:
    """E[f(z)^2] (eq. 10)."""
    return activation.second_moment


def zeta_of(activation: Activation) -> float:
    """E[f'(z)]^2 (eq. 10)."""
    return activation.b_sigma**2


def rectifier(alpha: float) -> Activation:
    """f_alpha (eq. 17): alpha = -1 is the identity, 0 a shifted relu, 1 a shifted absolute value; eta = 1."""
    mean = (1 + alpha) / math.sqrt(2 * math.pi)
    scale = 1 / math.sqrt((1 + alpha**2) / 2 - (1 + alpha) ** 2 / (2 * math.pi))

    even, odd = 0.5 * (1 + alpha) * scale, 0.5 * (1 - alpha) * scale

    def function(x: Any) -> Any:
        # [x]_+ + alpha [-x]_+ as its even and odd part, without a branch. In place, since fresh memory costs more than
        # the arithmetic: this is a tenth of figure 1's time.
        result = abs(x)
        result *= even
        result += odd * x
        result -= scale * mean
        return result

    def derivative(x: Any) -> Any:
        return even * array_namespace(x).sign(x) + odd

    return Activation(f"rectifier({alpha:g})", function, derivative, breakpoints=(0.0,))


def rectifier_zeta(alpha: float) -> float:
    """zeta of f_alpha in closed form (eq. 18)."""
    return (1 - alpha) ** 2 / (2 * (1 + alpha**2) - 2 / math.pi * (1 + alpha) ** 2)


def random_quintic(zeta: float, rng: np.random.Generator) -> Activation:
    """A random polynomial of degree five with zero mean, eta = 1 and the given zeta.

    In the normalised Hermite basis He_k / sqrt(k!) eta is the sum of the squared coefficients and zeta the square of
    the first: that one is fixed up to its sign, the other four are a uniformly random direction.

    :param zeta: in [0, 1]; 1 gives a linear function.
    """
    direction = rng.standard_normal(4)
    sign = rng.choice([-1.0, 1.0])
    higher = direction * math.sqrt(max(1 - zeta, 0.0)) / np.linalg.norm(direction)
    hermite = np.array([0.0, sign * math.sqrt(zeta), *higher])
    hermite /= np.sqrt([math.factorial(order) for order in range(6)])
    coefficients = [float(value) for value in np.polynomial.hermite_e.herme2poly(hermite)]
    slopes = [order * value for order, value in enumerate(coefficients)][1:]
    return Activation(
        f"quintic(zeta={zeta:g})",
        function=lambda x: _horner(coefficients, x),
        derivative=lambda x: _horner(slopes, x),
    )


def _horner(coefficients: list[float], x: Any) -> Any:
    """Polynomial with ascending coefficients."""
    result = x * 0 + coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result


def isospectral_activations() -> dict[str, Activation]:
    """The four functions of figure 3 (NumPy only), with eta = 1 and zeta = 0: they preserve the spectrum of X.

    The third term of f2 is read as 2 e^(-2) x: with the 2 e^(-2x) that the caption prints, its mean is not zero.
    """
    return {
        "f1": _normalised(
            "f1",
            lambda x: -1 + math.sqrt(5) * np.exp(-2 * x**2),
            lambda x: -4 * math.sqrt(5) * x * np.exp(-2 * x**2),
        ),
        "f2": _normalised(
            "f2",
            lambda x: np.sin(2 * x) + np.cos(1.5 * x) - 2 * math.exp(-2) * x - math.exp(-9 / 8),
            lambda x: 2 * np.cos(2 * x) - 1.5 * np.sin(1.5 * x) - 2 * math.exp(-2),
        ),
        "f3": _normalised("f3", lambda x: np.abs(x) - math.sqrt(2 / math.pi), np.sign, breakpoints=(0.0,)),
        "f4": _normalised(
            "f4",
            lambda x: (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * erf(x),
            lambda x: (
                4 / math.sqrt(3) * x * np.exp(-(x**2) / 2) * erf(x)
                + (1 - 4 / math.sqrt(3) * np.exp(-(x**2) / 2)) * 2 / math.sqrt(math.pi) * np.exp(-(x**2))
            ),
        ),
    }


def _normalised(name: str, function: Any, derivative: Any, breakpoints: tuple[float, ...] = ()) -> Activation:
    """The function divided by the root of its Gaussian second moment (the constants c_i of figure 3)."""
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: function(x) ** 2, breakpoints))
    return Activation(name, lambda x: scale * function(x), lambda x: scale * derivative(x), breakpoints)
