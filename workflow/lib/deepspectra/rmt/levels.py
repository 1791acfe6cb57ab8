"""Statistics of unfolded levels and of singular vectors (thamm2024, sections 3 and 4).

The p-values here are the plain ones of Kolmogorov-Smirnov tests. They assume independent numbers from a law fixed in
advance. Spacings are correlated and unfolded by a fit to themselves; entries of a vector share its unit norm.
:mod:`deepspectra.rmt.calibration` therefore judges the same statistics against random matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.laws.vectors import porter_thomas
from deepspectra.rmt.unfolding import UNFOLDINGS
from deepspectra.runtime.errors import UserError

__all__ = ["LevelStatistics", "level_statistics", "number_variance", "running_mean", "spacing_ks", "spacings"]
__all__ += ["vector_ks"]

# Vectors sorted at once: tens of MiB at a dimension of several thousand.
_VECTORS = 256


@dataclass(frozen=True)
class LevelStatistics:
    """Statistics of one spectrum, unfolded in one way; float64.

    ``spacings`` (n - 1,); ``spacing_statistic`` and ``spacing_p``, the Kolmogorov-Smirnov test against the Wigner
    surmise with its plain p-value; ``number_variances`` (k,), NaN for lengths longer than the spectrum.
    """

    spacings: np.ndarray
    spacing_statistic: float
    spacing_p: float
    number_variances: np.ndarray


def spacings(unfolded: np.ndarray) -> np.ndarray:
    """s_k = xi_{k+1} - xi_k, float64 of shape (n - 1,), from unfolded levels of shape (n,), ascending."""
    return np.diff(np.asarray(unfolded, dtype=np.float64))


def spacing_ks(spacings: np.ndarray) -> tuple[float, float]:
    """Two-sided Kolmogorov-Smirnov test of spacings, shape (k,), against the Wigner surmise (thamm2024, table 2).

    :returns: the statistic, and its plain p-value for independent spacings.
    :raises UserError: if there is no spacing or one is not finite.
    """
    spacings = np.asarray(spacings, dtype=np.float64)
    if spacings.size == 0 or not np.isfinite(spacings).all():
        raise UserError(f"a test of spacings needs finite numbers; {spacings.size} were given, not all finite.")
    result = stats.kstest(spacings, wigner_surmise.cdf)
    return float(result.statistic), float(result.pvalue)


def number_variance(unfolded: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """<(N(l) - l)^2> over intervals of length l centred at each level (thamm2024, section 3).

    N(l) counts the levels in [xi_i - l/2, xi_i + l/2), closed on the left only, including the one at the centre.
    Intervals that reach beyond the first or the last level are left out.

    Since a level sits at every centre, the mean of N(l) exceeds l at short lengths even if the mean density is exactly
    one, and tends to 1 as l tends to 0. The squared distance to l is averaged all the same, as in the paper.

    :param unfolded: shape (n,), ascending.
    :param lengths: shape (k,), not negative, in units of the mean spacing.
    :returns: the variance, float64 of shape (k,), NaN where no interval is left; and the number of intervals averaged,
        int64 of shape (k,).
    :raises UserError: if the levels are not finite and ascending, or a length is not finite or negative.
    """
    unfolded, lengths = np.asarray(unfolded, dtype=np.float64), np.asarray(lengths, dtype=np.float64)
    if unfolded.size == 0 or not np.isfinite(unfolded).all() or (np.diff(unfolded) < 0).any():
        raise UserError("a number variance needs finite levels in ascending order.")
    if not ((lengths >= 0) & (lengths < np.inf)).all():
        raise UserError("a number variance needs finite lengths that are not negative.")
    variances, counts = np.full(lengths.shape, np.nan), np.zeros(lengths.shape, dtype=np.int64)
    for position, length in enumerate(lengths):
        left, right = unfolded - length / 2, unfolded + length / 2
        inside = (left >= unfolded[0]) & (right <= unfolded[-1])
        counts[position] = inside.sum()
        if counts[position]:
            ends = np.searchsorted(unfolded, right[inside], side="left")
            held = ends - np.searchsorted(unfolded, left[inside], side="left")
            variances[position] = np.mean((held - length) ** 2)
    return variances, counts


def level_statistics(values: np.ndarray, unfolding: dict[str, int], lengths: np.ndarray) -> dict[str, LevelStatistics]:
    """Unfold a spectrum in several ways and compute its statistics.

    :param values: singular values, shape (n,), ascending.
    :param unfolding: name in :data:`deepspectra.rmt.unfolding.UNFOLDINGS` -> the integer that it takes.
    :param lengths: interval lengths of the number variance, shape (k,), in mean spacings.
    :returns: by name of the unfolding.
    :raises UserError: if the spectrum cannot be unfolded, see :mod:`deepspectra.rmt.unfolding`.
    """
    found = {}
    for name, parameter in unfolding.items():
        unfolded = UNFOLDINGS[name](values, parameter)
        between = spacings(unfolded)
        found[name] = LevelStatistics(between, *spacing_ks(between), number_variance(unfolded, lengths)[0])
    return found


def vector_ks(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided Kolmogorov-Smirnov test of each vector's entries against N(0, 1/m) (thamm2024, figure 2).

    :param vectors: unit vectors as columns, shape (m, k).
    :returns: statistics and plain p-values, float64 of shape (k,) each, equal to those of ``scipy.stats.kstest``.
    :raises UserError: if the array does not have two dimensions, or an entry is not finite.
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or vectors.shape[0] == 0 or not np.isfinite(vectors).all():
        raise UserError(
            f"a test of vectors needs finite numbers of shape (m, k), one column a vector: {vectors.shape}."
        )
    dimension, count = vectors.shape
    law = porter_thomas(dimension)
    steps = np.arange(dimension + 1) / dimension
    statistics = np.empty(count)
    for start in range(0, count, _VECTORS):
        block = slice(start, start + _VECTORS)
        probabilities = law.cdf(np.sort(vectors[:, block].T.astype(np.float64), axis=1))
        above, below = steps[1:] - probabilities, probabilities - steps[:-1]
        statistics[block] = np.maximum(above.max(axis=1), below.max(axis=1))
    return statistics, np.clip(stats.kstwo.sf(statistics, dimension), 0, 1)


def running_mean(values: np.ndarray, window: int = 15) -> np.ndarray:
    """Mean over a centred window, cut off at the ends.

    :param values: shape (n,).
    :param window: odd number of neighbours, including the value itself.
    :returns: float64, shape (n,). A NaN spreads over the windows that contain it and no others.
    :raises UserError: if the window is not a positive odd number.
    """
    if window < 1 or window % 2 == 0:
        raise UserError(f"a centred window needs an odd number of values, not {window}.")
    values, half = np.asarray(values, dtype=np.float64), window // 2
    padded = np.pad(values, half)
    inside = np.pad(np.ones(values.shape), half)
    kernel = np.ones(window)
    return np.convolve(padded, kernel, mode="valid") / np.convolve(inside, kernel, mode="valid")
