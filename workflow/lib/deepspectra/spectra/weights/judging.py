"""Level statistics of a matrix, judged by those of random matrices of its shape (thamm2024).

Both go through the same :func:`deepspectra.rmt.levels.level_statistics`, so the pipeline as a whole is calibrated, with
whatever the unfolding does to the levels it is fitted to.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from deepspectra.rmt.calibration import largest_deviation, monte_carlo_p_value, null_band
from deepspectra.rmt.laws.singular_values import marchenko_pastur_bulk
from deepspectra.rmt.levels import IntervalCounts, LevelStatistics, spacing_distances
from deepspectra.spectra.weights.nulls import LevelNull

__all__ = ["FLOAT32_ROUNDING", "JUDGED_LENGTHS", "LevelJudge", "VarianceJudgement", "bulk_ends", "bulk_margin"]

#: Interval lengths at which the number variance is judged as a whole. Shorter ones repeat what the spacings tell; at
#: longer ones matrices of a few hundred levels have few independent intervals.
JUDGED_LENGTHS = (1, 10)
#: Singular values of a float32 matrix are known to about this share of the largest.
FLOAT32_ROUNDING = float(np.finfo(np.float32).eps)
#: Levels times lengths of which counts are kept, at 8 bytes each.
_KEPT = 40_000_000


def bulk_margin(half_window: int) -> int:
    """Levels inside the law's edges that the bulk leaves out: broadening of half-window a reaches 2 a levels."""
    return 2 * half_window + 1


def bulk_ends(values: np.ndarray, rows: int, margin: int) -> tuple[int, int]:
    """How many of the lowest and highest singular values, (m,) ascending, intervals of the bulk must not reach.

    :param rows: the longer side. :param margin: see :func:`bulk_margin`. :raises UserError: if there is no bulk, see
        :func:`deepspectra.rmt.laws.singular_values.marchenko_pastur_bulk`.
    """
    bulk = marchenko_pastur_bulk(values, rows, FLOAT32_ROUNDING * values[-1])
    return bulk.below + margin, bulk.above + margin


class VarianceJudgement(NamedTuple):
    """A number variance beside random matrices': Monte Carlo p-value of its largest deviation, with its error.

    :ivar in_band: share of the judged lengths at which it lies in ``low`` to ``high``, (k,) each, the central 95 % of
        the random matrices; ``median`` is theirs too. :ivar slope: against ln l over the judged lengths;
        ``null_slope`` and ``null_slope_error`` are the random matrices' mean and standard deviation.
    """

    p: float
    error: float
    in_band: float
    low: np.ndarray
    high: np.ndarray
    median: np.ndarray
    slope: float
    null_slope: float
    null_slope_error: float


class LevelJudge:
    """Judges statistics of spectra by those of random matrices of their shape, unfolded in the same way.

    :param null: of at least two random matrices. :param lengths: of number variances, (k,), one at least in
        :data:`JUDGED_LENGTHS`.
    """

    def __init__(self, null: LevelNull, lengths: np.ndarray) -> None:
        self.null, self.lengths = null, lengths
        self._spacings: dict[tuple[int, int], np.ndarray] = {}
        self._drawn: dict[tuple[int, int], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def spacings(self, found: LevelStatistics, ends: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Calibrated p-value of the spacing test, and its Monte Carlo error; NaN if fewer than two levels are left.

        :param ends: levels left out below and above, of the random matrices as of the spectrum.
        """
        observed, drawn = found.spacing_statistic, self.null.spacing_statistics
        if any(ends):
            bulk = slice(ends[0], max(found.unfolded.size - ends[1], 0))
            if found.unfolded[bulk].size < 2:
                return np.nan, np.nan
            if ends not in self._spacings:
                self._spacings[ends] = spacing_distances(np.diff(self.null.unfolded[:, bulk]))
            observed, drawn = float(spacing_distances(np.diff(found.unfolded[bulk]))), self._spacings[ends]
        result = monte_carlo_p_value(np.asarray(observed), drawn)
        return float(result.value), float(result.error)

    def variances(self, variances: np.ndarray, ends: tuple[int, int] = (0, 0)) -> VarianceJudgement:
        """Judge a number variance, (k,), by that of the random matrices over the same part of their levels.

        :param ends: levels left out below and above, of the random matrices as of the spectrum.
        :returns: numbers that are NaN if the bulk is too short for any judged length.
        """
        drawn, low, high = self._of_null(ends)
        # The longest intervals fit into no bulk, or only into some.
        known = np.isfinite(drawn).all(axis=0) & np.isfinite(variances)
        judged = known & (self.lengths >= JUDGED_LENGTHS[0]) & (self.lengths <= JUDGED_LENGTHS[1])
        judged &= drawn.std(axis=0) > 0
        median = np.full(self.lengths.shape, np.nan)
        median[known] = np.median(drawn[:, known], axis=0)
        if not judged.any():
            return VarianceJudgement(np.nan, np.nan, np.nan, low, high, median, np.nan, np.nan, np.nan)
        # Neighbouring lengths see the same levels: one statistic judges all of them together.
        deviations = largest_deviation(drawn[:, judged], variances[judged]), largest_deviation(drawn[:, judged])
        result = monte_carlo_p_value(*deviations)
        in_band = float(((low <= variances) & (variances <= high))[judged].mean())
        centred = np.log(self.lengths[judged]) - np.log(self.lengths[judged]).mean()
        numbers = (np.nan, np.nan, np.nan)
        # One length has no slope.
        if judged.sum() > 1:
            slope, slopes = (curves @ centred / (centred @ centred) for curves in (variances[judged], drawn[:, judged]))
            numbers = (float(slope), float(slopes.mean()), float(slopes.std(ddof=1)))
        return VarianceJudgement(float(result.value), float(result.error), in_band, low, high, median, *numbers)

    def _counts(self) -> Iterable[IntervalCounts]:
        """Of every random matrix, for the number variances of any bulk; kept for the next one if they are few."""
        return self._kept if self.null.unfolded.size * self.lengths.size <= _KEPT else self._made()

    @cached_property
    def _kept(self) -> list[IntervalCounts]:
        return list(self._made())

    def _made(self) -> Iterator[IntervalCounts]:
        return (IntervalCounts(levels, self.lengths) for levels in self.null.unfolded)

    def _of_null(self, ends: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The random matrices' number variances, (draws, k), and their band."""
        if ends not in self._drawn:
            drawn = self.null.number_variances
            if any(ends):
                drawn = np.array([counts.variances(ends) for counts in self._counts()])
            self._drawn[ends] = drawn, *null_band(drawn)
        return self._drawn[ends]
