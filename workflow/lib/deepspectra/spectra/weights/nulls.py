"""Null distributions of the statistics of weight matrices: random ones through the same pipeline (thamm2024)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deepspectra.rmt.levels import level_statistics, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar

__all__ = ["LevelNull", "level_nulls_of", "null_level_statistics", "null_vector_statistics", "read_level_nulls"]

_LENGTHS = 30
#: Numbers drawn at once, so that memory does not grow with the dimension.
_BLOCK = 2_000_000


class LevelNull(NamedTuple):
    """Random matrices of one shape, unfolded in one way; float64.

    :ivar spacing_statistics: (draws,). :ivar number_variances: over all intervals, (draws, k).
    :ivar unfolded: their levels, (draws, m), by which the number variance of any bulk follows.
    """

    spacing_statistics: np.ndarray
    number_variances: np.ndarray
    unfolded: np.ndarray


def null_level_statistics(
    rows: int, columns: int, draws: int, unfolding: Mapping[str, int], longest_interval: float, seed: int
) -> dict[str, np.ndarray]:
    """Spacing tests, number variances and unfolded levels of random matrices of one shape, unfolded in every way.

    :param unfolding: name -> parameter, see :func:`deepspectra.rmt.levels.level_statistics`.
    :param longest_interval: of the number variance, in mean spacings.
    :returns: float64 arrays ``lengths`` (k,), and for each unfolding those of :class:`LevelNull`, under
        ``{unfolding}/{name}``.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(rows, columns)))
    bar = ProgressBar(range(draws), desc=f"{rows} x {columns}", unit="matrix")
    spectra = (laguerre_singular_values(rows, columns, rng) for _ in bar)
    return level_nulls_of(spectra, draws, min(rows, columns), unfolding, longest_interval)


def level_nulls_of(
    spectra: Iterable[np.ndarray], draws: int, levels: int, unfolding: Mapping[str, int], longest_interval: float
) -> dict[str, np.ndarray]:
    """The same of any spectra, each of shape (levels,)."""
    lengths = np.geomspace(0.5, longest_interval, _LENGTHS)
    statistics: dict[str, np.ndarray] = {name: np.empty(draws) for name in unfolding}
    variances: dict[str, np.ndarray] = {name: np.empty((draws, lengths.size)) for name in unfolding}
    unfolded: dict[str, np.ndarray] = {name: np.empty((draws, levels)) for name in unfolding}
    for draw, values in enumerate(spectra):
        for name, found in level_statistics(values, dict(unfolding), lengths).items():
            statistics[name][draw] = found.spacing_statistic
            variances[name][draw] = found.number_variances
            unfolded[name][draw] = found.unfolded
    # The longest lengths may have no interval in some or all draws: a NaN is not stored.
    known = ~np.any([np.isnan(array).any(axis=0) for array in variances.values()], axis=0)
    arrays: dict[str, np.ndarray] = {f"{name}/spacing_statistics": array for name, array in statistics.items()}
    arrays |= {f"{name}/number_variances": array[:, known] for name, array in variances.items()}
    arrays |= {f"{name}/unfolded": array for name, array in unfolded.items()}
    return arrays | {"lengths": lengths[known]}


def read_level_nulls(
    file: str | Path, unfolding: Mapping[str, int], smaller: int
) -> tuple[np.ndarray, dict[str, LevelNull]]:
    """The lengths (k,), and the null of each unfolding, of a file of :func:`null_level_statistics`.

    :param smaller: m, the smaller side of the matrices.
    :raises UserError: if the file is not there, is damaged, or holds other arrays.
    """
    shapes: dict[str, tuple[int | str, ...]] = {"lengths": ("lengths",)}
    for name in unfolding:
        shapes |= {f"{name}/spacing_statistics": ("draws",), f"{name}/number_variances": ("draws", "lengths")}
        shapes[f"{name}/unfolded"] = ("draws", smaller)
    arrays = store.read(file, shapes)
    nulls = {name: LevelNull(*(arrays[f"{name}/{field}"] for field in LevelNull._fields)) for name in unfolding}
    return arrays["lengths"], nulls


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
