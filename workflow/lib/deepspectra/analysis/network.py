"""The spectra of a whole network: every matrix analysed, and judged together."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.analysis.changes import CHANGE_COLUMNS, change_of_matrix
from deepspectra.analysis.findings import findings
from deepspectra.analysis.layers import chosen_layers
from deepspectra.analysis.matrix import ANALYSED_COLUMNS, MatrixOptions, MatrixResult, analyse_matrix
from deepspectra.analysis.null_files import LARGE_MATRIX, VECTOR_DRAWS, NullKey, default_cache, default_draws
from deepspectra.analysis.nulls import MatrixNull, draw_nulls, draw_vector_nulls, read_null, read_vector_null
from deepspectra.analysis.tables import AnalysisTables
from deepspectra.analysis.weightwatcher import printed_exponent
from deepspectra.analysis.zero_lines import without_zeros
from deepspectra.data.checkpoints import Checkpoint, StoredTensor, open_checkpoint
from deepspectra.rmt.calibration import false_discovery
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import check_folder
from deepspectra.runtime.processes import worker_processes
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.seeds import check_seed
from deepspectra.spectra.weights.layer_matrices import FEWEST_VALUES, LayerMatrix
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY, ranges

__all__ = ["Analysis", "analyse"]

_PLACE = ["name", "layer", "part", "kind", "outputs", "inputs", "dtype"]
#: Beside the exponent of ours.
_PRINTED = "alpha_weightwatcher"
#: p-values that are corrected for the number of matrices, and what the corrected ones are called.
_CORRECTED = {"bulk_p": "bulk_q", "spacing_p": "spacing_q", "variance_p": "variance_q", "alpha_p": "alpha_q"}
#: Errors that concern one matrix, and no other.
_OF_ONE_MATRIX = (UserError, np.linalg.LinAlgError, MemoryError)
_UNKNOWN = "What moved is not known"


class Analysis(AnalysisTables):
    """What was found in a network: tables, pictures and files."""

    # Pictures and pages by name: numbers do not depend on them, and jobs that make numbers start without them.

    def plot(self, name: str | None = None) -> Any:
        """A Matplotlib figure: the overview, or the panels of one matrix.

        :raises UserError: if there is no such matrix.
        """
        # By name, as below: numbers do not depend on pictures.
        if name is None:
            return import_module("deepspectra.analysis.overview").overview(self)
        return import_module("deepspectra.analysis.figures").panels(self, name)

    def write(self, folder: str | Path, workers: int = 1) -> Path:
        """Write tables (CSV), a summary (Markdown) and the page (HTML) into a folder, and return the page's path.

        :param workers: processes that draw the panels.
        """
        return import_module("deepspectra.analysis.page").write_all(self, Path(folder), workers)

    def __repr__(self) -> str:
        return (
            f"Analysis of {self.origin}, matrices: {len(self.matrices)}. {self.findings[0]} "
            "See .findings, .matrices, .vectors and .left_out; .plot() draws and .write(folder) makes the page."
        )


def analyse(
    source: Any,
    *,
    initial: Any = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    by_head: bool = False,
    head_size: int | None = None,
    draws: int | None = None,
    vector_draws: int = VECTOR_DRAWS,
    seed: int = 1,
    options: MatrixOptions | None = None,
    cache: str | Path | None = None,
    workers: int = 1,
) -> Analysis:
    """Analyse all weight matrices of a trained network.

    :param source: path of a checkpoint (safetensors, torch, Keras, NumPy, or a folder with one), an ``nn.Module``, or a
        dictionary of tensors or arrays by name. Nothing in a file is executed.
    :param initial: the network before training, in the same forms; what moved is then told too.
    :param include: shell patterns of layers; all by default. :param exclude: of layers to leave out.
    :param by_head: split attention by head, as the checkpoint's description says. :param head_size: by heads of so many
        rows.
    :param draws: random matrices of each shape; 999 by default, and 199 where there are more than 1024 singular values.
    :param vector_draws: random vectors of each dimension.
    :param cache: folder of draws, kept for later runs. :param workers: processes; a script that asks for more than one
        needs the usual ``if __name__ == "__main__"``.
    :raises UserError: if the source cannot be read or holds no matrix to analyse, or a process is killed. A matrix that
        cannot be analysed is reported in its row, and the others have theirs.
    """
    check_seed(seed)
    options = options or MatrixOptions(seed=seed)
    if draws is not None and draws < (least := math.ceil(1 / options.level) - 1):
        raise UserError(
            f"{draws} random matrices of each shape (draws) are too few for a false-alarm rate of {options.level:g}; "
            f"expected at least {least}."
        )
    checkpoint = open_checkpoint(source)
    before = open_checkpoint(initial) if initial is not None else None
    layers = chosen_layers(checkpoint, include, exclude, by_head, head_size)
    analysed = [matrix for matrix in layers if not matrix.left_out]
    if before and not any(_stored(before, matrix) for matrix in analysed):
        raise UserError(_matches_nothing(checkpoint, before, analysed[0]))
    rows = [{"name": matrix.name, "reason": matrix.left_out} for matrix in layers if matrix.left_out]
    folder = Path(cache) if cache is not None else default_cache()
    check_folder(folder)
    with worker_processes(workers) as executor:
        nulls = _nulls(analysed, draws, vector_draws, seed, options, folder, executor)
        results = list(_results(analysed, before, nulls, options, executor, workers))
    tied = [result for result in results if isinstance(result, _Tied)]
    rows += [{"name": result.name, "reason": f"tied to {result.other}: equal numbers"} for result in tied]
    made = [result for result in results if isinstance(result, _Made)]
    table, vectors = _corrected(made)
    curves = [result.found.curves.assign(name=result.place["name"]) for result in made if result.found]
    notes = list(checkpoint.notes)
    if any(matrix.kind == "convolution" and matrix.tensor.name not in checkpoint.layers for matrix in analysed):
        notes.append("Files do not tell the groups of convolutions: one was assumed.")
    return Analysis(
        checkpoint.origin,
        table,
        pd.DataFrame(rows, columns=["name", "reason"]),
        pd.concat(curves, ignore_index=True)[["name", "series", "x", "y"]] if curves else pd.DataFrame(),
        vectors,
        findings(table, FALSE_DISCOVERY, options.level),
        notes,
    )


@dataclass(frozen=True)
class _Made:
    place: dict[str, Any]
    found: MatrixResult | None
    changes: dict[str, float]
    note: str


@dataclass(frozen=True)
class _Tied:
    name: str
    other: str


@dataclass(frozen=True)
class _Nulls:
    """Where the draws for a matrix are; of other shapes, as without its rows of zeros, they are made when asked for."""

    key: NullKey
    vector_draws: int
    folder: Path

    def matrices(self, shape: tuple[int, ...]) -> MatrixNull:
        return read_null(replace(self.key, rows=max(shape), columns=min(shape)), self.folder)

    def vectors(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        outputs, inputs = (read_vector_null(side, self.vector_draws, self.key.seed, self.folder) for side in shape)
        return outputs, inputs


class _Held:
    """Reads tensors, and keeps the last one, for all its parts."""

    def __init__(self) -> None:
        self._last: tuple[StoredTensor | None, np.ndarray] = None, np.empty(0)

    def __call__(self, tensor: StoredTensor) -> np.ndarray:
        if tensor is not self._last[0]:
            # Not both at once.
            self._last = None, np.empty(0)
            self._last = tensor, tensor.read()
        return self._last[1]


def _why(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"it needs more memory than there is. {error}".strip()
    return f"its decomposition failed ({error})."


def _nulls(
    matrices: Sequence[LayerMatrix],
    draws: int | None,
    vector_draws: int,
    seed: int,
    options: MatrixOptions,
    folder: Path,
    executor: Executor | None,
) -> Callable[[LayerMatrix], _Nulls]:
    """Draw for all shapes and dimensions; where a matrix's are."""
    shapes = sorted({_shape(matrix) for matrix in matrices})
    keys = {shape: NullKey(*shape, draws or default_draws(shape[1]), options.half_window, seed) for shape in shapes}
    draw_nulls(list(keys.values()), folder, executor)
    dimensions = sorted({side for matrix in matrices for side in (matrix.outputs, matrix.inputs)})
    draw_vector_nulls(dimensions, vector_draws, seed, folder, executor)
    return lambda matrix: _Nulls(keys[_shape(matrix)], vector_draws, folder)


def _shape(matrix: LayerMatrix) -> tuple[int, int]:
    """Longer side first."""
    return max(matrix.outputs, matrix.inputs), min(matrix.outputs, matrix.inputs)


def _results(
    matrices: Sequence[LayerMatrix],
    before: Checkpoint | None,
    nulls: Callable[[LayerMatrix], _Nulls],
    options: MatrixOptions,
    executor: Executor | None,
    workers: int,
) -> Iterator[_Made | _Tied]:
    """In order. A tensor is read once for all its parts, and few matrices are held at a time."""
    waiting: list[_Tied | _Made | tuple[_Made, Future[tuple[MatrixResult, dict[str, float]]]]] = []
    seen: dict[str, str] = {}
    read, read_before = _Held(), _Held()
    for matrix in ProgressBar(matrices, desc="matrices", unit="matrix"):
        place = {field: getattr(matrix, field) for field in _PLACE if field != "dtype"} | {"dtype": matrix.tensor.dtype}
        empty = _Made(place, None, {}, matrix.note)
        try:
            part = np.ascontiguousarray(matrix.of(read(matrix.tensor)))
            digest = hashlib.sha256(part.data).hexdigest() + str(part.shape)
            if digest in seen and part.any():
                waiting.append(_Tied(matrix.name, seen[digest]))
                continue
            seen[digest] = matrix.name
            first, missing = _initial(before, matrix, read_before) if before else (None, "")
            empty = replace(empty, note=" ".join(filter(None, (matrix.note, missing))))
            arguments = part, matrix.tensor.dtype, nulls(matrix), options, first, _kernel(matrix)
            if executor and part.size <= LARGE_MATRIX:
                waiting.append((empty, executor.submit(_one, *arguments)))
            else:
                waiting.append(_finished(empty, *_one(*arguments)))
        except _OF_ONE_MATRIX as error:
            waiting.append(_Made(place, None, {}, f"not analysed: {_why(error)}"))
        while len(waiting) > 2 * workers:
            yield _made(waiting.pop(0))
    yield from map(_made, waiting)


def _one(
    matrix: np.ndarray,
    dtype: str,
    nulls: _Nulls,
    options: MatrixOptions,
    initial: np.ndarray | None,
    kernel: tuple[int, ...] | None,
) -> tuple[MatrixResult, dict[str, float]]:
    """Rows and columns of zeros are left out, and what is left is judged by random matrices of its own shape.

    :param kernel: sides of the layer's kernel; None if the matrix is a part of a layer.
    """
    kept = without_zeros(matrix)
    shape = kept.matrix.shape
    if min(shape) < FEWEST_VALUES:
        raise UserError(
            f"{kept.gone} are zero; without them it has {min(shape)} singular values, fewer than {FEWEST_VALUES}."
        )
    found = analyse_matrix(kept.matrix, dtype, nulls.matrices(shape), nulls.vectors(shape), options)
    row = found.row | {"outputs": shape[0], "inputs": shape[1]}
    if kernel is not None:
        values = found.curves.y[found.curves.series == "singular_value"].to_numpy()
        row[_PRINTED] = printed_exponent(matrix, kernel, values)
    notes = [f"{kept.gone} are zero and left out." if kept.gone else "", found.note]
    changes: dict[str, float] = {}
    if initial is not None:
        try:
            changes, note = change_of_matrix(matrix, initial, nulls.matrices, options)
            notes.append(note)
        except _OF_ONE_MATRIX as error:
            notes.append(f"{_UNKNOWN}: {_why(error)}")
    return found._replace(row=row, note=" ".join(filter(None, notes))), changes


def _kernel(matrix: LayerMatrix) -> tuple[int, ...] | None:
    if matrix.part:
        return None
    return matrix.tensor.shape[2:] if matrix.kind == "convolution" else ()


def _finished(empty: _Made, found: MatrixResult, changes: dict[str, float]) -> _Made:
    return _Made(empty.place, found, changes, " ".join(filter(None, (empty.note, found.note))))


def _made(entry: _Tied | _Made | tuple[_Made, Future[tuple[MatrixResult, dict[str, float]]]]) -> _Made | _Tied:
    if not isinstance(entry, tuple):
        return entry
    empty, future = entry
    try:
        return _finished(empty, *future.result())
    except _OF_ONE_MATRIX as error:
        return replace(empty, note=f"not analysed: {_why(error)}")


def _stored(before: Checkpoint, matrix: LayerMatrix) -> StoredTensor | None:
    """Its tensor before training, if there is one of the same name and shape."""
    stored = before.tensors.get(matrix.tensor.name)
    return stored if stored and stored.shape == matrix.tensor.shape else None


def _matches_nothing(checkpoint: Checkpoint, before: Checkpoint, first: LayerMatrix) -> str:
    names = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in list(before.tensors.values())[:3])
    return (
        f"the initial network, {before.origin}, is that of another one: it has no matrix of {checkpoint.origin}, such "
        f"as {first.tensor.name} {first.tensor.shape}. It has {names}, ..."
    )


def _initial(before: Checkpoint, matrix: LayerMatrix, read: _Held) -> tuple[np.ndarray | None, str]:
    """The matrix before training, or None and what is wrong with it."""
    stored = _stored(before, matrix)
    if stored is None:
        other = before.tensors.get(matrix.tensor.name)
        found = f"has it with shape {other.shape}" if other else "has no such tensor"
        return None, f"The initial network {found}; expected {matrix.tensor.shape}."
    try:
        return matrix.of(read(stored)), ""
    except UserError as error:
        return None, f"{_UNKNOWN}: {error}"


def _corrected(made: Sequence[_Made]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of matrices and of vectors, corrected over the whole network (Benjamini and Hochberg)."""
    rows, parts = [], []
    for result in made:
        numbers = result.found.row if result.found else dict.fromkeys(ANALYSED_COLUMNS, np.nan)
        rows.append(result.place | numbers | result.changes | {"note": result.note})
        if result.found:
            parts.append(result.found.vectors.assign(name=result.place["name"]))
    changes = [column for column in CHANGE_COLUMNS if any(column in result.changes for result in made)]
    table = pd.DataFrame(rows, columns=[*_PLACE, *ANALYSED_COLUMNS, _PRINTED, *changes, "note"])
    for plain, corrected in _CORRECTED.items():
        # Levels that rounding blurs say nothing, and are none of those among which something is found.
        is_of_levels = plain in ("spacing_p", "variance_p")
        tested = table[plain].where(table.is_resolved != 0) if is_of_levels else table[plain]
        table.insert(table.columns.get_loc(plain) + 1, corrected, false_discovery(tested.to_numpy(dtype=float)))
    vectors = (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["name", "side", "rank", "p_judged"])
    )
    vectors["q"] = false_discovery(vectors.p_judged.to_numpy(dtype=float))
    chosen = vectors[vectors.q <= FALSE_DISCOVERY]
    for side in ("output", "input"):
        ranks = {name: np.sort(group["rank"].to_numpy()) for name, group in chosen[chosen.side == side].groupby("name")}
        known = table["rank"].notna()
        table[f"vectors_{side}"] = table.name.map(lambda name, of=ranks: len(of.get(name, ()))).where(known)
        table[f"ranks_{side}"] = table.name.map(lambda name, of=ranks: ranges(of.get(name, ())))
    return table[[*(column for column in table if column != "note"), "note"]], vectors
