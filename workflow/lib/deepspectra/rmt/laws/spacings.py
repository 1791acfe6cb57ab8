"""Laws of unfolded levels of the Gaussian orthogonal ensemble (GOE), at unit mean density."""

import math

import numpy as np
from scipy import stats

__all__ = ["goe_number_variance", "goe_spacing_cdf", "wigner_surmise"]

wigner_surmise = stats.rayleigh(scale=math.sqrt(2 / math.pi))
"""Spacings of neighbours, P(s) = pi s / 2 exp(-pi s^2 / 4) (thamm2024, eq. 1): a frozen scipy.stats distribution.

Exact for 2 x 2 matrices; for large ones its distribution function is off by less than 0.01.
"""

# Gauss-Legendre points: the kernel is entire, so these give full precision up to spacings beyond 10.
_POINTS = 40


def goe_spacing_cdf(spacings: np.ndarray) -> np.ndarray:
    """Distribution function of spacings (any shape, at most about 10) of infinite GOE matrices; float64.

    It is 1 + dE/ds, where E(s) is the Fredholm determinant of 1 - S(x - y) - S(x + y) on (0, s / 2) with S(u) =
    sin(pi u) / (pi u) (Mehta 2004, chapter 7; Bornemann 2010). E is entire: a tiny imaginary step gives dE/ds.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    nodes, weights = (nodes + 1) / 2, weights / 2
    step = 1e-30
    half = (np.asarray(spacings, dtype=np.float64)[..., None, None] + 1j * step) / 2

    def sine(u: np.ndarray) -> np.ndarray:
        scaled = np.where(u == 0, 1.0, np.pi * half * u)
        return np.where(u == 0, 1.0, np.sin(scaled) / scaled)

    kernel = sine(nodes[:, None] - nodes) + sine(nodes[:, None] + nodes)
    roots = np.sqrt(weights)
    empty = np.linalg.det(np.eye(_POINTS) - half * roots[:, None] * kernel * roots)
    return 1 + empty.imag / step


def goe_number_variance(lengths: np.ndarray) -> np.ndarray:
    """Variance of the number of levels in an interval: (2 / pi^2) (ln(2 pi l) + 1 + gamma - pi^2 / 8), Mehta 2004.

    This asymptotic form is too small by 0.004 at l = 1, by 0.0006 at l = 3. Lengths l may have any shape; float64.
    """
    with np.errstate(divide="ignore"):
        logarithm = np.log(2 * np.pi * np.asarray(lengths, dtype=np.float64))
    return 2 / np.pi**2 * (logarithm + 1 + np.euler_gamma - np.pi**2 / 8)
