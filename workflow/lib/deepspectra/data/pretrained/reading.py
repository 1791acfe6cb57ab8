"""A provider's file of weights to matrices. Nothing in it is executed.

HDF5 is read here too, beside ``store``: that module knows the workflow's own files, this one a foreign format that
happens to be HDF5.
"""

from __future__ import annotations

import io
import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from deepspectra.data.pretrained.table import Layer, Pretrained
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import torch

ZIP_SIGNATURE = b"PK\x03\x04"
STATE = "a state dictionary saved by torch"
# torch's two ways to say what a pickle asked for in vain. The rest of its text tells the user to allow it: never shown.
REFUSED_GLOBAL = re.compile(r"unsupported global(?:: GLOBAL)? (\S+)", re.IGNORECASE)


def read_matrices(path: str | os.PathLike, entry: Pretrained) -> dict[str, np.ndarray]:
    """The weight matrices of a file, checked.

    :param entry: says the file's format, and name and shape of every matrix in it.
    :returns: float32 (outputs, inputs) by layer, C order, in memory of their own.
    :raises UserError: if the file is not of that format or damaged, holds anything but plain data, lacks a matrix, or
        has one of another shape or type or with values that are not finite.
    """
    read = {"torch": _from_torch, "keras": _from_keras}[entry.format]
    return read(Path(path), entry.layers)


def read_state(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """All parameters in a file of torch, by name, on the CPU. They may be mapped from the file: keep it while in use.

    :raises UserError: if it cannot be read, or holds anything but tensors; what would need code to be run is refused.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            # Only torch's newer format, a zip file, can be mapped: then just the matrices asked for are read.
            mappable = file.read(len(ZIP_SIGNATURE)) == ZIP_SIGNATURE
    except OSError as error:
        raise _wrong(path, STATE, _why_not_loaded(error)) from error
    return _load(path, path, mmap=mappable)


def parse_state(content: bytes, origin: str) -> dict[str, torch.Tensor]:
    """As :func:`read_state`, from the bytes of a file.

    :param origin: how a message names them.
    """
    return _load(io.BytesIO(content), origin, mmap=False)


def _load(file: Path | io.BytesIO, origin: str | Path, *, mmap: bool) -> dict[str, torch.Tensor]:
    import torch

    try:
        state = torch.load(file, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # a damaged pickle fails in any way
        raise _wrong(origin, STATE, _why_not_loaded(error)) from error
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        found = f"the keys {_some(state)}" if isinstance(state, Mapping) else f"a {type(state).__name__}"
        raise _wrong(origin, f"{STATE}: parameter names to tensors", f"found {found}")
    return dict(state)


def _from_torch(path: Path, layers: Mapping[str, Layer]) -> dict[str, np.ndarray]:
    state = read_state(path)
    matrices = {}
    for name, layer in layers.items():
        tensor = state.get(layer.parameter)
        if tensor is None:
            raise _wrong(path, f"a parameter {layer.parameter}", f"found {_some(state)}")
        dtype = str(tensor.dtype).removeprefix("torch.")
        _check(path, layer.parameter, layer, tuple(tensor.shape), dtype)
        try:
            # A copy: the file may be gone before the matrix is used.
            matrices[name] = np.array(tensor.detach().numpy(), order="C")
        except (TypeError, RuntimeError) as error:  # a sparse tensor, or one without data
            raise _wrong(path, f"{layer.parameter} as a plain matrix", str(error)) from error
        _check_finite(path, layer.parameter, matrices[name])
    return matrices


def _from_keras(path: Path, layers: Mapping[str, Layer]) -> dict[str, np.ndarray]:
    """Keras 1 and 2: a group for each layer. Its kernel has had several names, but is the one matrix in the group."""
    matrices = {}
    try:
        with h5py.File(path, "r") as file:
            for name, layer in layers.items():
                group = file.get(layer.parameter)
                if not isinstance(group, h5py.Group):
                    raise _wrong(path, f"a group {layer.parameter}", f"found {_some(file)}")
                kernels = _matrices_below(group)
                if len(kernels) != 1:
                    found = ", ".join(kernel.name for kernel in kernels) or "none"
                    raise _wrong(path, f"one matrix in the group {layer.parameter}", f"found {found}")
                [kernel] = kernels
                _check(path, kernel.name, layer, kernel.shape, str(kernel.dtype))
                matrices[name] = np.ascontiguousarray(kernel[()].T)
                _check_finite(path, kernel.name, matrices[name])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py names damage in any of these ways
        raise _wrong(path, "a whole HDF5 file with the weights of a Keras network", str(error)) from error
    return matrices


def _matrices_below(group: h5py.Group) -> list[h5py.Dataset]:
    """The datasets with two axes in a group and below; links that lead out of the file are not followed."""
    found = []

    def visit(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 2:
            found.append(item)

    group.visititems(visit)
    return found


def _check(path: Path, parameter: str, layer: Layer, shape: tuple[int, ...], dtype: str) -> None:
    if shape != tuple(layer.shape) or dtype != "float32":
        raise _wrong(path, f"{parameter} to be float32 {tuple(layer.shape)}", f"found {dtype} {shape}")


def _check_finite(path: Path, parameter: str, matrix: np.ndarray) -> None:
    count = matrix.size - np.count_nonzero(np.isfinite(matrix))
    if count:
        raise _wrong(path, f"finite values in {parameter}", f"{count} are not")


def _wrong(path: str | Path, expected: str, found: str) -> UserError:
    return UserError(f"{path} does not hold the weights: expected {expected}, but {found}")


def _why_not_loaded(error: Exception) -> str:
    """In a few words why torch did not load a file."""
    text = str(error)
    refused = REFUSED_GLOBAL.search(text)
    if refused:
        return f"it asks for {refused[1]}, which is refused: loading weights must not run code"
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged or something else"
    if "legacy .tar" in text:
        return "it has torch's oldest format (tar): save it anew with a newer torch"
    if isinstance(error, EOFError):
        return "it ends too early"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return text.split(". ")[0].split("\n")[0] or type(error).__name__


def _some(names: Mapping[object, object], most: int = 8) -> str:
    """The first few keys, for a message."""
    shown = [str(name)[:60] for name in list(names)[:most]]
    return ", ".join([*shown, "..."] if len(names) > most else shown) or "nothing"
