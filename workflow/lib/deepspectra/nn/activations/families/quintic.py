"""Random polynomials of degree five (pennington2017, figure 2)."""

import math
from typing import Any

import numpy as np

from deepspectra.nn.activations.base import Activation

__all__ = ["random_quintic"]


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
    return Activation(f"quintic(zeta={zeta:g})", lambda x: _horner(coefficients, x), lambda x: _horner(slopes, x))


def _horner(coefficients: list[float], x: Any) -> Any:
    """Polynomial with ascending coefficients; NumPy's own does not take torch tensors."""
    result = x * 0 + coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result
