"""Tests that hold their level: statistics judged against draws from the null hypothesis, and multiple testing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["MonteCarloPValue", "false_discovery", "largest_deviation", "monte_carlo_p_value", "null_band"]


class MonteCarloPValue(NamedTuple):
    """p-values and the standard errors that the finite number of draws leaves: float64, equal shapes."""

    value: np.ndarray
    error: np.ndarray


def monte_carlo_p_value(statistics: np.ndarray, null: np.ndarray) -> MonteCarloPValue:
    """(1 + number of draws at or above the observed statistic) / (N + 1), for tests that reject large statistics.

    Under the null hypothesis P(p <= t) <= t for every t and every number N of draws, since the observed statistic is
    then exchangeable with the draws (Davison and Hinkley 1997, section 4.2). Statistics judged by the same draws share
    the draws' fluctuation: together their p-values scatter about uniformity more than their number suggests.

    :param statistics: observed, any shape; NaN stays NaN. :param null: the same of N draws of the null, shape (N,).
    :returns: values and standard errors sqrt(p (1 - p) / N), shaped as the statistics.
    :raises UserError: if there is no draw, one is NaN, or the draws are not in one dimension.
    """
    statistics, null = np.asarray(statistics, dtype=np.float64), np.asarray(null, dtype=np.float64)
    check_shapes(draws=(null, "draws"))
    null = np.sort(null)
    if null.size == 0 or np.isnan(null).any():
        raise UserError(f"a Monte Carlo p-value needs draws that are numbers; {null.size} were given, not all numbers.")
    reached = null.size - np.searchsorted(null, statistics, side="left")
    value = np.where(np.isnan(statistics), np.nan, (1 + reached) / (null.size + 1))
    return MonteCarloPValue(value, np.sqrt(value * (1 - value) / null.size))


def false_discovery(p_values: ArrayLike) -> np.ndarray:
    """p-values adjusted after Benjamini and Hochberg: rejecting those up to q keeps the false discovery rate below q.

    :param p_values: one family of tests, any shape, which the result has too. NaN, a test not made, stays NaN.
    :raises ValueError: if a p-value is outside [0, 1].
    """
    adjusted = np.array(p_values, dtype=np.float64)
    made = ~np.isnan(adjusted)
    if made.any():
        adjusted[made] = stats.false_discovery_control(adjusted[made], method="bh")
    return adjusted


def largest_deviation(samples: np.ndarray, curves: np.ndarray | None = None) -> np.ndarray:
    """Largest deviation of a curve from draws of the null, in standard deviations of the draws at each place.

    Its null distribution is that of the draws' own numbers. Unlike the share of places inside a pointwise band, it
    accounts for correlation between places.

    :param samples: draws of the null, shape (draws, places), at least two, finite.
    :param curves: shape (..., places), of which (...) is returned; None means the draws themselves.
    :raises UserError: if there are fewer than two draws, or the places of draws and curves differ in number.
    """
    if len(samples) < 2:
        raise UserError(f"deviations from draws need at least two of them as rows; the shape is {samples.shape}.")
    curves = samples if curves is None else curves
    check_shapes(draws=(samples, "draws places"), curves=(curves, "... places"))
    return np.max(np.abs(curves - np.median(samples, axis=0)) / samples.std(axis=0, ddof=1), axis=-1)


def null_band(samples: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise central band: at each place a share ``level`` of the draws lies inside.

    :param samples: shape (draws, ...). NaN is ignored; where all draws are NaN, so is the band.
    :returns: lower and upper end, float64 of shape (...).
    :raises UserError: if there is no draw, or the level is not in (0, 1).
    """
    if not (len(samples) and 0 < level < 1):
        raise UserError(f"a band needs draws and a level between 0 and 1, not {len(samples)} draws and {level}.")
    ends = np.full((2, *samples.shape[1:]), np.nan)
    known = ~np.isnan(samples).all(axis=0)
    ends[:, known] = np.nanquantile(samples[:, known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends[0], ends[1]
