"""What random matrices of a shape give for every statistic of the analysis, drawn once and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from deepspectra.analysis.bulk import bulk_distance
from deepspectra.analysis.null_files import FORMAT, LARGEST_DIMENSION, NullKey, level_file, vector_file
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.outliers import extreme_ratios
from deepspectra.rmt.tails import fit_power_law
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.store import StoreError
from deepspectra.spectra.weights.judging import LevelJudge
from deepspectra.spectra.weights.nulls import LevelNull, level_nulls_of

__all__ = ["MatrixNull", "draw_nulls", "draw_vector_nulls", "read_null", "read_vector_null"]

_LONGEST_INTERVAL, _BLOCK, _FITS = 20.0, 25, 199


@dataclass(frozen=True)
class MatrixNull:
    """Draws for one shape.

    :ivar lengths: of number variances, (k,). :ivar levels: spacing tests, number variances and unfolded levels.
    :ivar extremes: see :func:`deepspectra.rmt.outliers.extreme_ratios`, (draws, 2). :ivar bulk_distances: see
        :func:`deepspectra.analysis.bulk.bulk_distance`, (draws,). :ivar alphas: exponents of power laws that were
        fitted to squares of the singular values, (draws,). :ivar fit_distances: of Marchenko-Pastur fits, (199,) or
        fewer.
    """

    key: NullKey
    lengths: np.ndarray
    levels: LevelNull
    extremes: np.ndarray
    bulk_distances: np.ndarray
    alphas: np.ndarray
    fit_distances: np.ndarray

    @cached_property
    def judge(self) -> LevelJudge:
        """Judges spectra of this shape; kept, since it counts every random matrix's levels once."""
        return LevelJudge(self.levels, self.lengths)


def draw_nulls(keys: Sequence[NullKey], folder: Path, executor: Executor | None = None) -> None:
    """Draw for all shapes that were not drawn before.

    :param folder: where the files are kept; it is made if it is not there. :param executor: draws side by side.
    """
    missing = [key for key in keys if not (folder / level_file(key)).exists()]
    # The largest first, so that no process ends alone with one of them.
    missing.sort(key=lambda key: key.draws * key.columns**2, reverse=True)
    tasks = [(key, start) for key in missing for start in range(0, key.draws, _BLOCK)]
    blocks = iter((executor.map if executor else map)(_block, *zip(*tasks, strict=True)) if tasks else ())
    with ProgressBar(total=sum(key.draws for key in missing), desc="random matrices", unit="matrix") as bar:
        for key in missing:
            parts = []
            for part in islice(blocks, -(-key.draws // _BLOCK)):
                parts.append(part)
                bar.set_postfix_str(f"{key.rows} x {key.columns}", refresh=False)
                bar.update(len(part["alphas"]))
            arrays = _joined(parts) | {"lengths": _lengths(parts)}
            folder.mkdir(parents=True, exist_ok=True)
            parameters = asdict(key) | {"format": FORMAT}
            store.write(folder / level_file(key), arrays, parameters=parameters, seed=key.seed)


def _block(key: NullKey, start: int) -> dict[str, np.ndarray]:
    """Every statistic of a few random matrices, with draws first; ``lengths`` are those that fit into all of them."""
    # Each block has a stream of its own, whichever process draws it.
    stream = np.random.SeedSequence(key.seed, spawn_key=(key.rows, key.columns, start))
    rng, size = np.random.default_rng(stream), min(_BLOCK, key.draws - start)
    spectra = [laguerre_singular_values(key.rows, key.columns, rng) for _ in range(size)]
    arrays = level_nulls_of(spectra, size, key.columns, {"gaussian": key.half_window}, _LONGEST_INTERVAL)
    arrays["extremes"] = np.array([extreme_ratios(values, key.rows) for values in spectra])
    arrays["bulk_distances"] = np.array([bulk_distance(values, key.rows) for values in spectra])
    arrays["alphas"] = np.array([fit_power_law(values**2).alpha for values in spectra])
    fitted = spectra[: max(_FITS - start, 0)]
    arrays["fit_distances"] = np.array([fit_modified_marchenko_pastur(values).distance for values in fitted])
    return arrays


def _lengths(parts: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
    """Of intervals that fit into every draw."""
    return min((part["lengths"] for part in parts), key=len)


def _joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    variances, lengths = "gaussian/number_variances", _lengths(parts)
    cut = [part | {variances: part[variances][:, np.isin(part["lengths"], lengths)]} for part in parts]
    return {name: np.concatenate([part[name] for part in cut]) for name in cut[0] if name != "lengths"}


@lru_cache(maxsize=2)
def read_null(key: NullKey, folder: Path) -> MatrixNull:
    """What :func:`draw_nulls` drew; of the last two shapes it is kept in memory.

    What is missing or damaged is drawn now.
    """
    try:
        return _read_null(key, folder)
    except StoreError:
        with suppress(OSError):
            (folder / level_file(key)).unlink()
        draw_nulls([key], folder)
        return _read_null(key, folder)


def _read_null(key: NullKey, folder: Path) -> MatrixNull:
    shapes: dict[str, tuple[int | str, ...]] = {
        "lengths": ("lengths",),
        "extremes": (key.draws, 2),
        **{"bulk_distances": (key.draws,), "alphas": (key.draws,)},
        "fit_distances": ("fits",),
    }
    shapes |= {"gaussian/spacing_statistics": (key.draws,), "gaussian/unfolded": (key.draws, key.columns)}
    shapes |= {"gaussian/number_variances": (key.draws, "lengths")}
    arrays = store.read(folder / level_file(key), shapes)
    levels = LevelNull(*(arrays[f"gaussian/{field}"] for field in LevelNull._fields))
    of_shape = {name: arrays[name] for name in ("lengths", "extremes", "bulk_distances", "alphas", "fit_distances")}
    return MatrixNull(key, levels=levels, **of_shape)


def draw_vector_nulls(
    dimensions: Sequence[int], draws: int, seed: int, folder: Path, executor: Executor | None = None
) -> None:
    """Draw Porter-Thomas statistics of random unit vectors of all dimensions that were not drawn before."""
    drawn = sorted({min(dimension, LARGEST_DIMENSION) for dimension in dimensions}, reverse=True)
    missing = [dimension for dimension in drawn if not (folder / vector_file(dimension, draws, seed)).exists()]
    tasks = missing, [draws] * len(missing), [seed] * len(missing)
    found: Iterator[np.ndarray] = iter((executor.map if executor else map)(_vector_statistics, *tasks))
    for dimension, statistics in zip(ProgressBar(missing, desc="random vectors", unit="dimension"), found, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        numbers: dict[str, Any] = {"dimension": dimension, "draws": draws, "seed": seed, "format": FORMAT}
        path = folder / vector_file(dimension, draws, seed)
        store.write(path, {"statistics": statistics}, parameters=numbers, seed=seed)


def _vector_statistics(dimension: int, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(dimension,)))
    size = max(1, 2_000_000 // dimension)
    blocks = (haar_vectors(dimension, min(size, draws - start), rng) for start in range(0, draws, size))
    return np.concatenate([vector_ks(vectors)[0] for vectors in blocks])


@lru_cache(maxsize=64)
def read_vector_null(dimension: int, draws: int, seed: int, folder: Path) -> np.ndarray:
    """What :func:`draw_vector_nulls` drew, (draws,); for large dimensions scaled from smaller ones.

    What is missing or damaged is drawn now.

    The statistic falls as sqrt(d) + 0.12 + 0.11 / sqrt(d), as Kolmogorov's does (Stephens 1970).
    """
    drawn = min(dimension, LARGEST_DIMENSION)
    path, shapes = folder / vector_file(dimension, draws, seed), {"statistics": (draws,)}
    try:
        statistics = store.read(path, shapes)["statistics"]
    except StoreError:
        with suppress(OSError):
            path.unlink()
        draw_vector_nulls([dimension], draws, seed, folder)
        statistics = store.read(path, shapes)["statistics"]
    return cast("np.ndarray", statistics * (_stephens(drawn) / _stephens(dimension)))


def _stephens(dimension: int) -> float:
    return dimension**0.5 + 0.12 + 0.11 / dimension**0.5
