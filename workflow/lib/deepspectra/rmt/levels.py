"""Statistics of unfolded levels and of singular vectors (thamm2024, sections 3 and 4).

The plain p-values of Kolmogorov-Smirnov tests assume independent numbers from a law fixed in advance. Neither spacings
nor entries of a unit vector are; :mod:`deepspectra.rmt.calibration` judges the same statistics against random matrices.
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev
from scipy import stats
from scipy.special import expm1

from deepspectra.rmt.unfolding import UNFOLDINGS, ascending
from deepspectra.runtime.errors import UserError

__all__ = ["IntervalCounts", "LevelStatistics", "level_statistics", "number_variance", "running_mean"]
__all__ += ["spacing_distances", "spacing_ks", "vector_ks"]

# Vectors sorted at once: tens of MiB at a dimension of several thousand.
_VECTORS = 256
# Range of m d^2 where SciPy sums over all entries; beyond it probabilities vanish, and their logarithms are no longer
# smooth. Interpolation pays for vectors this long, and this many.
_TAIL, _LONG, _MANY, _DEGREE = (2.3, 300.0), 2000, 100, 40


class LevelStatistics(NamedTuple):
    """Of one spectrum, unfolded in one way: levels (n,), spacings (n - 1,), their test, number variances (k,); float64.

    Number variances are the published ones, over all intervals.
    """

    unfolded: np.ndarray
    spacings: np.ndarray
    spacing_statistic: float
    number_variances: np.ndarray

    @property
    def spacing_p(self) -> float:
        """Plain p-value of the spacing test."""
        return _plain_p(self.spacing_statistic, self.spacings.size)


def level_statistics(values: np.ndarray, unfolding: dict[str, int], lengths: np.ndarray) -> dict[str, LevelStatistics]:
    """Unfold a spectrum in several ways and compute its statistics.

    :param values: singular values, shape (n,), ascending.
    :param unfolding: name in :data:`deepspectra.rmt.unfolding.UNFOLDINGS` -> the integer that it takes.
    :raises UserError: if the spectrum cannot be unfolded, see :mod:`deepspectra.rmt.unfolding`.
    """
    found = {}
    for name, parameter in unfolding.items():
        unfolded = UNFOLDINGS[name](values, parameter)
        spacings = np.diff(unfolded)
        statistic = float(spacing_distances(spacings))
        found[name] = LevelStatistics(unfolded, spacings, statistic, number_variance(unfolded, lengths))
    return found


def spacing_ks(spacings: np.ndarray) -> tuple[float, float]:
    """Kolmogorov-Smirnov statistic of spacings, shape (k,), against the Wigner surmise (thamm2024, table 2); p-value.

    The test is two-sided.

    :raises UserError: if there is no spacing or one is not finite.
    """
    statistic = float(spacing_distances(spacings))
    return statistic, _plain_p(statistic, spacings.size)


def spacing_distances(spacings: np.ndarray) -> np.ndarray:
    """The same statistics without p-values, of many spectra at once: spacings of shape (..., k) -> float64 (...).

    :raises UserError: if there is no spacing or one is not finite.
    """
    if not (spacings.size and np.isfinite(spacings).all()):
        raise UserError(f"a test of spacings needs finite numbers; {spacings.size} were given, not all finite.")
    # The surmise's distribution function to the bit, without the checks of scipy.stats, which take most of the time.
    probabilities = -expm1(-0.5 * (np.maximum(np.sort(spacings, axis=-1), 0) / np.sqrt(2 / np.pi)) ** 2)
    steps = np.arange(spacings.shape[-1] + 1) / spacings.shape[-1]
    return np.maximum((steps[1:] - probabilities).max(axis=-1), (probabilities - steps[:-1]).max(axis=-1))


def _plain_p(statistic: float, count: int) -> float:
    return float(np.clip(stats.kstwo.sf(statistic, count), 0, 1))


def number_variance(unfolded: np.ndarray, lengths: np.ndarray, left_out: tuple[int, int] = (0, 0)) -> np.ndarray:
    """<(N(l) - l)^2> over intervals of length l centred at each level (thamm2024, section 3).

    N(l) counts the levels in [xi_i - l/2, xi_i + l/2), the one at the centre included, so that its mean exceeds l at
    short lengths. Intervals that reach beyond the first or the last level are left out.

    With ``left_out`` only intervals inside the bulk count: broadening, whose widths span 2 a levels, squeezes the dozen
    levels beside an outlier, and a random matrix with one outlier would look unlike one without.

    :param unfolded: shape (n,), ascending. :param lengths: shape (k,), not negative, in units of the mean spacing.
    :param left_out: how many of the lowest and of the highest levels intervals must not reach.
    :returns: float64, shape (k,); NaN where no interval is left.
    :raises UserError: if the levels are not finite and ascending, or a length or number is negative or not finite.
    """
    return IntervalCounts(unfolded, lengths).variances(left_out)


class IntervalCounts:
    """The levels in all intervals of one spectrum, counted once for the number variances of any of its parts.

    :param unfolded: shape (n,), ascending. :param lengths: shape (k,), not negative, in units of the mean spacing.
    :raises UserError: if the levels are not finite and ascending, or a length is negative or not finite.
    """

    def __init__(self, unfolded: np.ndarray, lengths: np.ndarray) -> None:
        self._unfolded, self._lengths = ascending(unfolded, 0), lengths
        if not ((lengths >= 0) & (lengths < np.inf)).all():
            raise UserError("a number variance needs finite lengths, none negative.")
        left, right = self._ends(slice(None))
        held = np.searchsorted(self._unfolded, right, side="left") - np.searchsorted(self._unfolded, left, side="left")
        # Sums over any run of levels are exact: they are of integers, which are small beside a whole number near l.
        self._whole = np.rint(lengths)
        excess = held - self._whole[:, None].astype(np.int64)
        # 64 bits would overflow if levels lay apart by 1e8 mean spacings or so: rounding is harmless there.
        is_huge = float(np.abs(excess).max(initial=0)) ** 2 * (self._unfolded.size + 1) >= 2**62
        excess = excess.astype(np.float64) if is_huge else excess
        sums = np.zeros((2, lengths.size, self._unfolded.size + 1), dtype=excess.dtype)
        np.cumsum(np.stack([excess, excess**2]), axis=2, out=sums[:, :, 1:])
        # Squares bound sums. Thousands of spectra are kept at once, and few need more than 32 bits.
        self._sums = sums.astype(np.int32) if np.abs(sums).max(initial=0) < 2**31 else sums

    def variances(self, left_out: tuple[int, int] = (0, 0)) -> np.ndarray:
        """:func:`number_variance` without so many levels below and above, float64 of shape (k,).

        :raises UserError: if a number is negative.
        """
        if min(left_out) < 0:
            raise UserError(f"a number variance leaves out numbers of levels that are not negative, not {left_out}.")
        below, end = left_out[0], max(self._unfolded.size - left_out[1], 0)
        if below >= end:
            return np.full(self._lengths.shape, np.nan)
        # The intervals inside the part are neighbours, since both of their ends ascend.
        left, right = self._ends(slice(below, end))
        first = below + (left < self._unfolded[below]).sum(axis=1)
        last = below + (right <= self._unfolded[end - 1]).sum(axis=1)
        number, places = np.maximum(last - first, 0), np.arange(self._lengths.size)
        last = np.maximum(last, first)
        total, square = (array[places, last].astype(np.float64) - array[places, first] for array in self._sums)
        rest = self._lengths - self._whole
        summed = square - 2 * rest * total + number * rest**2
        return np.divide(summed, number, out=np.full(self._lengths.shape, np.nan), where=number > 0)

    def _ends(self, part: slice) -> tuple[np.ndarray, np.ndarray]:
        """Of the intervals around these levels, (k, levels) each."""
        half = self._lengths[:, None] / 2
        return self._unfolded[part] - half, self._unfolded[part] + half


def vector_ks(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided Kolmogorov-Smirnov test of each vector's entries against N(0, 1/m) (thamm2024, section 4, figure 2).

    :param vectors: unit vectors as columns, shape (m, k).
    :returns: statistics and plain p-values, float64 of shape (k,) each, equal to those of ``scipy.stats.kstest``.
    :raises UserError: if an entry is not finite.
    """
    if not np.isfinite(vectors).all():
        raise UserError("a test of vectors needs finite numbers.")
    dimension, count = vectors.shape
    # The limit of large m. At finite m the square of an entry has the law Beta(1/2, (m - 1)/2) of the same mean.
    law = stats.norm(scale=dimension**-0.5)
    steps = np.arange(dimension + 1) / dimension
    statistics = np.empty(count)
    for start in range(0, count, _VECTORS):
        block = slice(start, start + _VECTORS)
        probabilities = law.cdf(np.sort(vectors[:, block].T.astype(np.float64), axis=1))
        above, below = steps[1:] - probabilities, probabilities - steps[:-1]
        statistics[block] = np.maximum(above.max(axis=1), below.max(axis=1))
    return statistics, _kolmogorov_tail(statistics, dimension)


def _kolmogorov_tail(statistics: np.ndarray, dimension: int) -> np.ndarray:
    """Probabilities of larger two-sided statistics: SciPy's, and the small ones of many long vectors between its own.

    In the tail SciPy sums over all entries. The logarithm is smooth there: a polynomial through 41 values is right to
    1e-10 of a probability.
    """
    found = np.empty_like(statistics)
    squares = dimension * statistics**2
    tail = (squares > _TAIL[0]) & (squares < _TAIL[1])
    if dimension < _LONG or tail.sum() < _MANY:
        tail[:] = False
    found[~tail] = stats.kstwo.sf(statistics[~tail], dimension)
    if tail.any():
        ends = statistics[tail].min() * (1 - 1e-9), statistics[tail].max() * (1 + 1e-9)
        logarithm = Chebyshev.interpolate(lambda place: np.log(stats.kstwo.sf(place, dimension)), _DEGREE, ends)
        found[tail] = np.exp(logarithm(statistics[tail]))
    return np.clip(found, 0, 1)


def running_mean(values: np.ndarray, window: int = 15) -> np.ndarray:
    """Mean over a centred window of odd size, cut off at the ends; float64, shape (n,) as the values.

    A NaN spreads over the windows that contain it.

    :raises UserError: if the window is not a positive odd number.
    """
    if window < 1 or window % 2 == 0:
        raise UserError(f"a centred window needs an odd number of values, not {window}.")
    padded, inside = (np.pad(part, window // 2) for part in (values, np.ones(len(values))))
    kernel = np.ones(window)
    return np.convolve(padded, kernel, mode="valid") / np.convolve(inside, kernel, mode="valid")
