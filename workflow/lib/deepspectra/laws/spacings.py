"""Laws of unfolded levels of real random matrices: the Gaussian orthogonal ensemble's, at unit mean density."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

wigner_surmise = stats.rayleigh(scale=math.sqrt(2 / math.pi))
"""Spacings of neighbours, P(s) = pi s / 2 exp(-pi s^2 / 4) (thamm2024, eq. 1): a frozen scipy.stats distribution.

Exact for 2 x 2 matrices; for large ones its distribution function is off by less than one in a hundred.
"""


def goe_number_variance(lengths: np.ndarray) -> np.ndarray:
    """Variance of the number of levels in an interval: (2 / pi^2) (ln(2 pi l) + 1 + gamma - pi^2 / 8), Mehta 2004.

    Asymptotic, for infinite matrices: too small by 0.004 at l = 1 and by 0.0006 at l = 3, and minus infinity at l = 0,
    where the variance is l.

    :param lengths: l, not negative, any shape, in units of the mean spacing.
    :returns: float64, shaped as the lengths.
    """
    with np.errstate(divide="ignore"):
        logarithm = np.log(2 * np.pi * np.asarray(lengths, dtype=np.float64))
    return 2 / np.pi**2 * (logarithm + 1 + np.euler_gamma - np.pi**2 / 8)
