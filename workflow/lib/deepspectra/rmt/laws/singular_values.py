"""Marchenko-Pastur laws of singular values, and their fit to spectra that are only partly random (thamm2024)."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur, marchenko_pastur_bulk_cdf
from deepspectra.runtime.errors import UserError

__all__ = ["ModifiedMarchenkoPastur", "fit_modified_marchenko_pastur", "singular_value_marchenko_pastur"]

# The upper edge is searched up to so many ranges of the spectrum above the smallest value; trial edges in each bin.
_FURTHEST, _TRIALS = 1.25, 4


@dataclass(frozen=True)
class ModifiedMarchenkoPastur:
    """Marchenko-Pastur law of singular values with free edges, followed by a fraction of the spectrum.

    The density is c / nu sqrt((nu_max^2 - nu^2) (nu^2 - nu_min^2)) with c = 4 fraction / pi / (nu_max - nu_min)^2; with
    fraction 1, eq. 2 of thamm2024 for the m/n and sigma with these edges.

    :param fraction: of all singular values. Above 1 the fit has failed, and the value shows it.
    :raises UserError: unless 0 <= nu_min < nu_max, and the fraction is neither negative nor infinite.
    """

    nu_min: float
    nu_max: float
    fraction: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.nu_min < self.nu_max < math.inf and 0 <= self.fraction < math.inf):
            found = f"{self.nu_min}, {self.nu_max} and {self.fraction}"
            raise UserError(f"a law of singular values needs 0 <= nu_min < nu_max and a fraction >= 0, not {found}.")

    @property
    def edges(self) -> tuple[float, float]:
        """(nu_min, nu_max)."""
        return self.nu_min, self.nu_max

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density at x (any shape), float64; integrates to the fraction."""
        x = np.asarray(x, dtype=np.float64)
        # With one factor nu moved under the root, a lower edge at zero leaves no pole.
        safe = np.where(x > 0, x, 1.0)
        below = np.where(x > 0, 1 - (self.nu_min / safe) ** 2, 1.0 if self.nu_min == 0 else 0.0)
        inside = (x >= self.nu_min) & (x <= self.nu_max)
        amplitude = 4 * self.fraction / (math.pi * (self.nu_max - self.nu_min) ** 2)
        return amplitude * np.sqrt(np.where(inside, (self.nu_max**2 - x**2) * below, 0.0))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Integral of the density up to x (any shape), float64: from 0 to the fraction."""
        # The edges of nu are sqrt(scale) (1 -+ sqrt(ratio)) of the law of nu^2.
        total = self.nu_max + self.nu_min
        squares = MarchenkoPastur(((self.nu_max - self.nu_min) / total) ** 2, scale=total**2 / 4)
        return self.fraction * squares.cdf(np.maximum(x, 0.0) ** 2)


def singular_value_marchenko_pastur(rows: int, columns: int, sigma: float) -> ModifiedMarchenkoPastur:
    """Law of the singular values of a random n x m matrix, m <= n (thamm2024, eq. 2).

    :param rows: n. :param columns: m. :param sigma: standard deviation of the independent entries of mean 0.
    :raises UserError: if m > n (take the transpose), or a number is not positive.
    """
    return ModifiedMarchenkoPastur(*(sigma * (math.sqrt(rows) + sign * math.sqrt(columns)) for sign in (-1, 1)))


def fit_modified_marchenko_pastur(singular_values: np.ndarray, bins: int = 100) -> ModifiedMarchenkoPastur:
    """Fit upper edge and amplitude to a spectrum, with nu_min at its smallest value (thamm2024, section 4).

    Least squares between the spectrum's shares in equal bins, from the smallest to the largest value, and the law's
    integrals over them. The bulk must spread over several bins: an outlier a hundred times as large leaves one to fit.

    :param singular_values: shape (m,), not negative, in any order.
    :raises UserError: if they are fewer than two, not finite, negative, or all equal.
    """
    values = np.asarray(singular_values)
    if values.size < 2 or not np.isfinite(values).all() or values.min() < 0 or values.min() == values.max():
        raise UserError("the fit needs at least two singular values, finite, not negative and not all equal.")
    counts, edges = np.histogram(singular_values, bins=bins)
    shares = counts / singular_values.size
    smallest, span = edges[0], edges[-1] - edges[0]

    def fractions_and_losses(upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Best fraction and its sum of squares for each trial edge, shape (k,)."""
        total = (upper + smallest)[:, None]
        ratio = ((upper - smallest)[:, None] / total) ** 2
        masses = np.diff(marchenko_pastur_bulk_cdf(edges**2 / (total**2 / 4), ratio), axis=1)
        fractions = masses @ shares / (masses**2).sum(axis=1)
        return fractions, ((shares - fractions[:, None] * masses) ** 2).sum(axis=1)

    step = span / (_TRIALS * bins)
    trials = smallest + step * np.arange(1, math.ceil(_FURTHEST * _TRIALS * bins) + 1)
    best = trials[np.argmin(fractions_and_losses(trials)[1])]
    refined = minimize_scalar(
        lambda upper: fractions_and_losses(np.array([upper]))[1][0],
        bounds=(max(best - step, smallest + step / 2), best + step),
        method="bounded",
        options={"xatol": 1e-9 * span},
    )
    fraction = fractions_and_losses(np.array([refined.x]))[0][0]
    return ModifiedMarchenkoPastur(float(smallest), float(refined.x), float(fraction))
