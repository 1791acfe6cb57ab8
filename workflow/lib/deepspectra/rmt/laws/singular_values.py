"""Marchenko-Pastur laws of singular values, and their fit to spectra that are only partly random (thamm2024)."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur, marchenko_pastur_bulk_cdf
from deepspectra.rmt.unfolding import ascending
from deepspectra.runtime.errors import UserError

__all__ = ["POOR_FIT", "BulkValues", "FittedMarchenkoPastur", "ModifiedMarchenkoPastur"]
__all__ += ["bulk_scale", "fit_modified_marchenko_pastur", "marchenko_pastur_bulk", "singular_value_marchenko_pastur"]

# The upper edge is searched up to so many ranges of the spectrum above the smallest value; trial edges in each bin.
_FURTHEST, _TRIALS = 1.25, 4
# In lengths of the shortest interval that holds half of the values: those farther below it, or farther above the
# smallest value, are not fitted. Any Marchenko-Pastur law of singular values is 2.475 such lengths wide to within 1 %,
# and begins at most 0.75 below that interval; the histogram has room for four laws side by side.
_BELOW, _RANGE = 1.25, 10.0
#: A law whose distribution function is farther from the values' describes another spectrum.
POOR_FIT = 0.05


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
        return amplitude * np.sqrt(np.where(inside, np.maximum((self.nu_max**2 - x**2) * below, 0.0), 0.0))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Integral of the density up to x (any shape), float64: from 0 to the fraction."""
        # The edges of nu are sqrt(scale) (1 -+ sqrt(ratio)) of the law of nu^2.
        total = self.nu_max + self.nu_min
        squares = MarchenkoPastur(((self.nu_max - self.nu_min) / total) ** 2, scale=total**2 / 4)
        return self.fraction * squares.cdf(np.maximum(x, 0.0) ** 2)


@dataclass(frozen=True)
class FittedMarchenkoPastur(ModifiedMarchenkoPastur):
    """The law that a fit found, with what the fit left out and how far the spectrum is from the law.

    :param below: values that stand apart below the bulk, or are rounding. :param above: values too far above it.
    :param distance: largest difference between the law's distribution function and the shares of the values from
        ``nu_min`` up to the law's upper edge.
    """

    below: int = 0
    above: int = 0
    distance: float = 0.0

    @property
    def is_poor(self) -> bool:
        """Whether the bulk follows no such law, so that edge and fraction mean little.

        Random matrices have distances of a few values, 0.02 at most with 512 of them, and fractions of 1 within 0.02.
        """
        return self.distance > POOR_FIT or self.fraction > 1 + POOR_FIT


class BulkValues(NamedTuple):
    """The part of a spectrum between the edges of a random matrix's law.

    :ivar edges: of the law, in the units of the values. :ivar below: values below them. :ivar above: values above them.
    """

    edges: tuple[float, float]
    below: int
    above: int


def singular_value_marchenko_pastur(rows: int, columns: int, sigma: float) -> ModifiedMarchenkoPastur:
    """Law of the singular values of a random n x m matrix, m <= n (thamm2024, eq. 2).

    :param rows: n. :param columns: m. :param sigma: standard deviation of the independent entries of mean 0.
    :raises UserError: if m > n (take the transpose), or a number is not positive.
    """
    return ModifiedMarchenkoPastur(*(sigma * (math.sqrt(rows) + sign * math.sqrt(columns)) for sign in (-1, 1)))


def marchenko_pastur_bulk(singular_values: np.ndarray, rows: int, floor: float = 0.0) -> BulkValues:
    """Which singular values are a random matrix's bulk, and how many lie below and above it.

    A matrix that is random but for k directions has an (n - k) x (m - k) random matrix's values besides k others. Its
    scale is the median of the bulk over that of the law, which ever so large outliers hardly move; what lies outside
    the law's edges is no bulk, and the median is taken anew until the counts stay. Of a purely random matrix the rule
    leaves out at most a value or two at each edge.

    :param singular_values: shape (m,), ascending, not negative. :param rows: n, the longer side.
    :param floor: values up to this one are rounding, and below the bulk.
    :raises UserError: if the values are not finite, not negative and ascending, are more than n, or if fewer than two
        are left.
    """
    values = ascending(singular_values, 0)
    if values[0] < 0 or values.size > rows:
        raise UserError(f"a bulk needs singular values, none negative and at most {rows}; {values.size} were given.")
    rounding = int(np.searchsorted(values, floor, side="right"))
    counts = (rounding, 0)
    seen: list[tuple[int, int]] = []
    while counts not in seen:
        seen.append(counts)
        below, above = counts
        kept = values[below : values.size - above]
        if kept.size < 2:
            raise UserError(
                f"the spectrum has no bulk: {below} of its {values.size} singular values are too small and {above} too "
                f"large for a random matrix of {rows} rows."
            )
        shape = rows - below - above, kept.size
        scale = bulk_scale(kept, shape[0])
        lower, upper = (scale * edge for edge in _edges(*shape))
        counts = (
            max(rounding, int(np.searchsorted(values, lower, side="left"))),
            int(values.size - np.searchsorted(values, upper, side="right")),
        )
    # Counts that come again without staying: all that any of them leaves out.
    circle = seen[seen.index(counts) :]
    return BulkValues((lower, upper), max(below for below, _ in circle), max(above for _, above in circle))


def bulk_scale(values: np.ndarray, rows: int) -> float:
    """Standard deviation of the entries of a random matrix whose singular values have this median.

    :param values: shape (m,), ascending. :param rows: n >= m.
    """
    return float(np.median(values)) / _median(rows, values.size)


def _edges(rows: int, columns: int) -> tuple[float, float]:
    return math.sqrt(rows) - math.sqrt(columns), math.sqrt(rows) + math.sqrt(columns)


@lru_cache(maxsize=4096)
def _median(rows: int, columns: int) -> float:
    law = singular_value_marchenko_pastur(rows, columns, 1.0)
    return float(brentq(lambda x: float(law.cdf(np.asarray(x))) - 0.5, *law.edges))


def fit_modified_marchenko_pastur(
    singular_values: np.ndarray, bins: int = 100, floor: float = 0.0
) -> FittedMarchenkoPastur:
    """Fit upper edge and amplitude to a spectrum, with nu_min at its smallest value (thamm2024, section 4).

    Least squares between the spectrum's shares in equal bins, from the smallest to the largest value, and the law's
    integrals over them. Left out are values that would spoil the bins or nu_min: rounding, what stands apart below any
    law that fits the densest half of the values, and what lies above four widths of such a law. More than half of the
    values must belong to the bulk.

    :param singular_values: shape (m,), not negative, in any order. :param floor: values up to this one are rounding.
    :raises UserError: if they are not finite or negative, or fewer than two that differ are no rounding.
    """
    values = np.sort(np.asarray(singular_values, dtype=np.float64))
    if not np.isfinite(values).all() or (values < 0).any():
        raise UserError("the fit needs singular values that are finite and not negative.")
    kept = values[values > floor] if floor > 0 else values
    if kept.size < 2 or kept[0] == kept[-1]:
        raise UserError(
            f"the fit needs at least two singular values that differ and are no rounding; {kept.size} of {values.size} "
            f"are above {floor:.3g}."
        )
    half = kept.size // 2
    widths = kept[half:] - kept[: kept.size - half]
    start = int(np.argmin(widths))
    kept = kept[kept >= kept[start] - _BELOW * widths[start]]
    kept = kept[kept <= kept[0] + _RANGE * widths[start]]
    # Bins and trial edges must be more than rounding apart.
    if kept.size < 2 or kept[-1] - kept[0] <= _TRIALS * bins * np.finfo(np.float64).eps * kept[-1]:
        raise UserError("the fit needs a bulk: half of the singular values are equal.")

    counts, edges = np.histogram(kept, bins=bins)
    shares = counts / values.size
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
    law = ModifiedMarchenkoPastur(float(smallest), float(refined.x), float(fraction))
    inside = kept[kept <= law.nu_max]
    steps = np.arange(inside.size + 1) / values.size
    heights = law.cdf(inside)
    distance = float(max(np.max(steps[1:] - heights), np.max(heights - steps[:-1])))
    below = int(np.searchsorted(values, kept[0], side="left"))
    return FittedMarchenkoPastur(*law.edges, law.fraction, below, int(values.size - below - kept.size), distance)
