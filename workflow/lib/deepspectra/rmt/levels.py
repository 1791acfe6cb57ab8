"""Statistics of unfolded levels and of singular vectors (thamm2024, sections 3 and 4).

The plain p-values of Kolmogorov-Smirnov tests assume independent numbers from a law fixed in advance. Neither spacings
nor entries of a unit vector are; :mod:`deepspectra.rmt.calibration` judges the same statistics against random matrices.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.unfolding import UNFOLDINGS, ascending
from deepspectra.runtime.errors import UserError

__all__ = [
    "DrawnLevels",
    "LevelStatistics",
    "level_statistics",
    "number_variance",
    "running_mean",
    "spacing_ks",
    "vector_ks",
]

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
        statistic = _surmise_distance(spacings)
        found[name] = LevelStatistics(unfolded, spacings, statistic, number_variance(unfolded, lengths))
    return found


def spacing_ks(spacings: np.ndarray) -> tuple[float, float]:
    """Kolmogorov-Smirnov statistic of spacings, shape (k,), against the Wigner surmise (thamm2024, table 2); p-value.

    The test is two-sided.

    :raises UserError: if there is no spacing or one is not finite.
    """
    statistic = _surmise_distance(spacings)
    return statistic, _plain_p(statistic, spacings.size)


def _surmise_distance(spacings: np.ndarray) -> float:
    if not (spacings.size and np.isfinite(spacings).all()):
        raise UserError(f"a test of spacings needs finite numbers; {spacings.size} were given, not all finite.")
    probabilities = wigner_surmise.cdf(np.sort(spacings))
    steps = np.arange(spacings.size + 1) / spacings.size
    return float(max(np.max(steps[1:] - probabilities), np.max(probabilities - steps[:-1])))


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
    unfolded = ascending(unfolded, 0)
    if not ((lengths >= 0) & (lengths < np.inf)).all() or min(left_out) < 0:
        raise UserError("a number variance needs finite lengths and numbers of levels to leave out, none negative.")
    inner = unfolded[left_out[0] : max(unfolded.size - left_out[1], 0)]
    if not inner.size:
        return np.full(lengths.shape, np.nan)
    length = lengths[:, None]
    left, right = inner - length / 2, inner + length / 2
    inside = (left >= inner[0]) & (right <= inner[-1])
    own = slice(left_out[0], left_out[0] + inner.size)
    number = inside.sum(axis=1)
    total = np.where(inside, _squares(unfolded, lengths)[:, own], 0.0).sum(axis=1)
    return np.divide(total, number, out=np.full(lengths.shape, np.nan), where=number > 0)


class DrawnLevels:
    """Many unfolded spectra, whose statistics over any part of them follow fast once the whole was gone through.

    :param unfolded: shape (draws, n), each row ascending. :param lengths: of intervals, (k,).
    :raises UserError: if they are not as :func:`number_variance` needs them.
    """

    def __init__(self, unfolded: np.ndarray, lengths: np.ndarray) -> None:
        self.unfolded, self.lengths = unfolded, lengths
        self._sums: np.ndarray | None = None

    def spacing_statistics(self, left_out: tuple[int, int]) -> np.ndarray:
        """Statistics of :func:`spacing_ks` without so many levels below and above, float64 of shape (draws,)."""
        inner = self.unfolded[:, left_out[0] : self.unfolded.shape[1] - left_out[1]]
        probabilities = wigner_surmise.cdf(np.sort(np.diff(inner, axis=1), axis=1))
        steps = np.arange(inner.shape[1]) / (inner.shape[1] - 1)
        return np.maximum((steps[1:] - probabilities).max(axis=1), (probabilities - steps[:-1]).max(axis=1))

    def number_variances(self, left_out: tuple[int, int]) -> np.ndarray:
        """:func:`number_variance` of each draw, float64 of shape (draws, k).

        What an interval holds does not depend on what is left out, so sums over all levels are kept; the first and the
        last interval of the part say which differences to take.
        """
        draws, count = self.unfolded.shape
        if self._sums is None:
            self._sums = np.zeros((draws, self.lengths.size, count + 1))
            for levels, sums in zip(self.unfolded, self._sums, strict=True):
                np.cumsum(_squares(levels, self.lengths), axis=1, out=sums[:, 1:])
        found = np.full((draws, self.lengths.size), np.nan)
        if sum(left_out) >= count:
            return found
        half = self.lengths[:, None] / 2
        for levels, sums, row in zip(self.unfolded, self._sums, found, strict=True):
            lowest, highest = levels[left_out[0]], levels[count - left_out[1] - 1]
            first = np.count_nonzero(levels - half < lowest, axis=1)[:, None]
            end = np.count_nonzero(levels + half <= highest, axis=1)[:, None]
            number = end - first
            total = np.take_along_axis(sums, np.maximum(end, first), 1) - np.take_along_axis(sums, first, 1)
            np.divide(total, number, out=row[:, None], where=number > 0)
        return found


def _squares(unfolded: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(N(l) - l)^2 of the intervals around all levels, (k, n)."""
    length = lengths[:, None]
    left, right = unfolded - length / 2, unfolded + length / 2
    held = np.searchsorted(unfolded, right, side="left") - np.searchsorted(unfolded, left, side="left")
    return (held - length) ** 2


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
