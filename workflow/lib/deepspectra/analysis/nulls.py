"""What random matrices of a shape give for every statistic of the analysis, drawn once and kept."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from deepspectra.analysis.null_files import FORMAT, LARGEST_DIMENSION, NullKey, level_file, vector_file
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.outliers import extreme_ratios
from deepspectra.rmt.tails import fit_power_law
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.weights.judging import LevelJudge
from deepspectra.spectra.weights.nulls import LevelNull, level_nulls_of

__all__ = ["MatrixNull", "draw_null", "read_null", "vector_null"]

_LONGEST_INTERVAL, _BLOCK, _FITS = 20.0, 50, 199


@dataclass(frozen=True)
class MatrixNull:
    """Draws for one shape.

    :ivar lengths: of number variances, (k,). :ivar levels: spacing tests, number variances and unfolded levels.
    :ivar extremes: see :func:`deepspectra.rmt.outliers.extreme_ratios`, (draws, 2). :ivar alphas: exponents of power
        laws that were fitted to squares of the singular values, (draws,). :ivar fit_distances: of Marchenko-Pastur
        fits, (199,) or fewer.
    """

    key: NullKey
    lengths: np.ndarray
    levels: LevelNull
    extremes: np.ndarray
    alphas: np.ndarray
    fit_distances: np.ndarray

    @cached_property
    def judge(self) -> LevelJudge:
        """Judges spectra of this shape; kept, since it counts every random matrix's levels once."""
        return LevelJudge(self.levels, self.lengths)


def draw_null(key: NullKey, folder: Path, executor: Executor | None = None) -> None:
    """Draw for one shape, unless that was done before.

    :param folder: where the file is kept; it is made if it is not there. :param executor: draws blocks side by side.
    """
    path = folder / level_file(key)
    if path.exists():
        return
    sizes = [min(_BLOCK, key.draws - start) for start in range(0, key.draws, _BLOCK)]
    tasks = [(key.rows, key.columns, size, key.seed, block) for block, size in enumerate(sizes)]
    blocks = (executor.map if executor else map)(_block, *zip(*tasks, strict=True))
    bar = ProgressBar(blocks, desc=f"random matrices {key.rows} x {key.columns}", total=len(tasks), unit="block")
    spectra = np.concatenate(list(bar))
    arrays = level_nulls_of(spectra, key.draws, key.columns, {"gaussian": key.half_window}, _LONGEST_INTERVAL)
    arrays["extremes"] = np.array([extreme_ratios(values, key.rows) for values in spectra])
    arrays["alphas"] = np.array([fit_power_law(values**2).alpha for values in spectra])
    fits = [fit_modified_marchenko_pastur(values) for values in spectra[:_FITS]]
    arrays["fit_distances"] = np.array([fit.distance for fit in fits])
    folder.mkdir(parents=True, exist_ok=True)
    store.write(path, arrays, parameters=asdict(key) | {"format": FORMAT}, seed=key.seed)


def _block(rows: int, columns: int, draws: int, seed: int, block: int) -> np.ndarray:
    """Singular values of so many random matrices, (draws, columns)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(rows, columns, block)))
    return np.array([laguerre_singular_values(rows, columns, rng) for _ in range(draws)])


@lru_cache(maxsize=2)
def read_null(key: NullKey, folder: Path) -> MatrixNull:
    """What :func:`draw_null` drew; of the last two shapes it is kept in memory."""
    shapes: dict[str, tuple[int | str, ...]] = {
        "lengths": ("lengths",),
        "extremes": (key.draws, 2),
        "alphas": (key.draws,),
        "fit_distances": ("fits",),
    }
    shapes |= {"gaussian/spacing_statistics": (key.draws,), "gaussian/unfolded": (key.draws, key.columns)}
    shapes |= {"gaussian/number_variances": (key.draws, "lengths")}
    arrays = store.read(folder / level_file(key), shapes)
    levels = LevelNull(*(arrays[f"gaussian/{field}"] for field in LevelNull._fields))
    return MatrixNull(key, arrays["lengths"], levels, arrays["extremes"], arrays["alphas"], arrays["fit_distances"])


def vector_null(dimension: int, draws: int, seed: int, folder: Path) -> np.ndarray:
    """Porter-Thomas statistics of random unit vectors, (draws,); for large dimensions scaled from smaller ones.

    The statistic falls as sqrt(d) + 0.12 + 0.11 / sqrt(d), as Kolmogorov's does (Stephens 1970).
    """
    drawn = min(dimension, LARGEST_DIMENSION)
    path = folder / vector_file(dimension, draws, seed)
    if not path.exists():
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(drawn,)))
        size = max(1, 2_000_000 // drawn)
        parts = [vector_ks(haar_vectors(drawn, min(size, draws - start), rng))[0] for start in range(0, draws, size)]
        folder.mkdir(parents=True, exist_ok=True)
        numbers: dict[str, Any] = {"dimension": drawn, "draws": draws, "seed": seed, "format": FORMAT}
        store.write(path, {"statistics": np.concatenate(parts)}, parameters=numbers, seed=seed)
    statistics = store.read(path, {"statistics": (draws,)})["statistics"]
    return cast("np.ndarray", statistics * (_stephens(drawn) / _stephens(dimension)))


def _stephens(dimension: int) -> float:
    return dimension**0.5 + 0.12 + 0.11 / dimension**0.5
