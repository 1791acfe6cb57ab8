"""Statistics of unfolded levels and of singular vectors (thamm2024, sections 3 and 4).

The plain p-values of Kolmogorov-Smirnov tests assume independent numbers from a law fixed in advance. Neither spacings
nor entries of a unit vector are; :mod:`deepspectra.rmt.calibration` judges the same statistics against random matrices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import expm1

from deepspectra.rmt.unfolding import UNFOLDINGS, ascending
from deepspectra.runtime.errors import UserError

__all__ = ["LevelStatistics", "level_statistics", "number_variance", "number_variances", "running_mean"]
__all__ += ["spacing_distances", "spacing_ks", "vector_ks"]

# Vectors sorted at once: tens of MiB at a dimension of several thousand.
_VECTORS = 256


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
    probabilities = -expm1(-0.5 * (np.sort(spacings, axis=-1) / np.sqrt(2 / np.pi)) ** 2)
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
    return number_variances(unfolded, lengths, [left_out])[0]


def number_variances(unfolded: np.ndarray, lengths: np.ndarray, left_outs: Sequence[tuple[int, int]]) -> np.ndarray:
    """:func:`number_variance` of several parts of one spectrum, whose levels are counted once.

    :param left_outs: of each part. :returns: float64, shape (parts, k). :raises UserError: as for one part.
    """
    unfolded = ascending(unfolded, 0)
    if not ((lengths >= 0) & (lengths < np.inf)).all() or np.min(left_outs) < 0:
        raise UserError("a number variance needs finite lengths and numbers of levels to leave out, none negative.")
    length = lengths[:, None]
    left, right = unfolded - length / 2, unfolded + length / 2
    held = np.searchsorted(unfolded, right, side="left") - np.searchsorted(unfolded, left, side="left")
    # Sums over any run of levels are exact: they are of integers, which are small beside a whole number near l.
    whole = np.rint(lengths)
    excess = held - whole[:, None].astype(np.int64)
    sums, squares = np.zeros((2, lengths.size, unfolded.size + 1), dtype=np.int64)
    np.cumsum(excess, axis=1, out=sums[:, 1:])
    np.cumsum(excess**2, axis=1, out=squares[:, 1:])
    variances = np.full((len(left_outs), lengths.size), np.nan)
    for part, (below, above) in enumerate(left_outs):
        end = max(unfolded.size - above, 0)
        if below >= end:
            continue
        # The intervals inside the part are neighbours, since both of their ends ascend.
        first = below + (left[:, below:end] < unfolded[below]).sum(axis=1)
        last = below + (right[:, below:end] <= unfolded[end - 1]).sum(axis=1)
        number, places = np.maximum(last - first, 0), np.arange(lengths.size)
        some = number > 0
        total, square = (
            np.where(some, array[places, np.maximum(last, first)] - array[places, first], 0)
            for array in (sums, squares)
        )
        rest = lengths - whole
        summed = square - 2 * rest * total + number * rest**2
        variances[part] = np.divide(summed, number, out=np.full(lengths.shape, np.nan), where=some)
    return variances


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
    return statistics, np.clip(stats.kstwo.sf(statistics, dimension), 0, 1)


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
