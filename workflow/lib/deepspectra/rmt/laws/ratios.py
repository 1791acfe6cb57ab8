"""The law of ratios of neighbouring spacings of real random matrices; ratios need no unfolding (Atas et al. 2013)."""

import math

import numpy as np
from scipy import integrate, stats

__all__ = ["GOE_MEAN", "POISSON_MEAN", "SURMISE_MEAN", "goe_ratio_cdf", "ratio_surmise"]


class _RatioSurmise(stats.rv_continuous):
    """P(r) = 27 (r + r^2) / (8 (1 + r + r^2)^(5/2)) for r > 0.

    The density falls as r^-3, so the mean is finite and the variance is not.
    """

    def _pdf(self, x: np.ndarray) -> np.ndarray:
        return 27 / 8 * (x + x**2) / (1 + x + x**2) ** 2.5

    def _cdf(self, x: np.ndarray) -> np.ndarray:
        u, q = x + 0.5, 1 + x + x**2
        return 0.5 + u / (2 * np.sqrt(q)) - 1.5 * u / q**1.5


ratio_surmise = _RatioSurmise(a=0.0, name="ratio_surmise")
"""Ratios of neighbouring spacings (baskerville2022, eq. 12): a scipy.stats distribution, exact for 3 x 3 matrices."""

#: Mean of min(r, 1/r) for the surmise, for large GOE matrices (Atas et al. 2013, table 1: 0.5307 with an error of 1 in
#: the last digit), and for independent levels.
SURMISE_MEAN = 4 - 2 * math.sqrt(3)
GOE_MEAN = 0.5307
POISSON_MEAN = 2 * math.log(2) - 1

#: Atas et al. (2013), eq. 9, fitted: how ratios of large real matrices differ from those of 3 x 3 ones.
_AMPLITUDE, _SECOND = 0.233378, 2 * (math.pi - 2) / (4 - math.pi)


def goe_ratio_cdf(ratios: np.ndarray) -> np.ndarray:
    """Distribution function for large GOE matrices: the surmise's with the term of Atas et al. (2013, eq. 9).

    :param ratios: not negative.
    """
    fine = np.concatenate([[0.0], np.geomspace(1e-4, max(10.0, float(np.max(ratios))), 2000)])
    folded = fine / (1 + fine**2)
    density = _AMPLITUDE / (1 + fine) ** 2 * (folded - _SECOND * folded**2)
    return ratio_surmise.cdf(ratios) + np.interp(ratios, fine, integrate.cumulative_trapezoid(density, fine, initial=0))
