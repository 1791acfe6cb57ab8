"""Null distributions of thamm2024's statistics: random matrices and vectors through the same pipeline."""

from collections.abc import Mapping

import numpy as np

from deepspectra.rmt.levels import level_statistics, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.runtime.progress import ProgressBar

__all__ = ["null_level_statistics", "null_vector_statistics"]

_LENGTHS = 40
#: Numbers drawn at once, so that memory does not grow with the dimension.
_BLOCK = 2_000_000


def null_level_statistics(
    rows: int, columns: int, draws: int, unfolding: Mapping[str, int], longest_interval: float, seed: int
) -> dict[str, np.ndarray]:
    """Spacing tests and number variances of random matrices of one shape, unfolded in every way.

    :param unfolding: name -> parameter, see :func:`deepspectra.rmt.levels.level_statistics`.
    :param longest_interval: of the number variance, in mean spacings.
    :returns: float64 arrays ``{unfolding}/spacing_statistics`` (draws,), ``{unfolding}/number_variances`` (draws, k)
        and ``lengths`` (k,).
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(rows, columns)))
    lengths = np.geomspace(0.5, longest_interval, _LENGTHS)
    statistics = {name: np.empty(draws) for name in unfolding}
    variances = {name: np.empty((draws, lengths.size)) for name in unfolding}
    for draw in ProgressBar(range(draws), desc=f"{rows} x {columns}", unit="matrix"):
        values = laguerre_singular_values(rows, columns, rng)
        for name, found in level_statistics(values, dict(unfolding), lengths).items():
            statistics[name][draw] = found.spacing_statistic
            variances[name][draw] = found.number_variances
    # The longest lengths may have no interval in some or all draws: a NaN is not stored.
    known = ~np.any([np.isnan(array).any(axis=0) for array in variances.values()], axis=0)
    arrays = {f"{name}/spacing_statistics": array for name, array in statistics.items()}
    arrays |= {f"{name}/number_variances": array[:, known] for name, array in variances.items()}
    return arrays | {"lengths": lengths[known]}


def null_vector_statistics(dimension: int, draws: int, seed: int) -> np.ndarray:
    """Porter-Thomas test statistics of independent random unit vectors, float64 of shape (draws,)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(dimension,)))
    block = max(1, _BLOCK // dimension)
    statistics = []
    with ProgressBar(total=draws, desc=f"dimension {dimension}", unit="vector") as bar:
        for start in range(0, draws, block):
            size = min(block, draws - start)
            statistics.append(vector_ks(haar_vectors(dimension, size, rng))[0])
            bar.update(size)
    return np.concatenate(statistics)
