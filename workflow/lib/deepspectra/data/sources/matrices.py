"""Parameters of pretrained networks from their providers' files. Nothing in a file is executed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from deepspectra.data.checkpoints.torch_files import load_plain
from deepspectra.data.sources.tables import CorruptError, LayerEntry, WeightsEntry
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import torch

__all__ = ["load_state", "read_matrices", "read_state"]

_STATE = "a state dictionary saved by torch"


def read_state(members: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """All parameters and buffers of the member ``state``, float32, without the counters of batch normalisation, named
    as in HDF5: ``layer1/0/conv1/weight``.

    :raises CorruptError: if it is no state dictionary, would need code to run, holds anything but float32 and whole
        numbers, or has values that are not finite.
    """
    try:
        state = load_state(members["state"], "the file")
    except UserError as error:
        raise CorruptError(str(error)) from error
    arrays = {}
    for name, tensor in state.items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype == "int64" and tensor.ndim == 0:
            continue
        if dtype != "float32" or not tensor.isfinite().all():
            raise CorruptError(f"its parameter {name} is {dtype}, expected float32 with finite values")
        arrays[name.replace(".", "/")] = tensor.detach().contiguous().numpy()
    return arrays


def read_matrices(path: Path, entry: WeightsEntry) -> dict[str, np.ndarray]:
    """The weight matrices of a file, checked.

    :returns: float32 (outputs, inputs) by layer, C order, in memory of their own.
    :raises UserError: if the file is not of that format or damaged, holds anything but plain data, lacks a matrix, or
        has one of another shape or type or with values that are not finite.
    """
    found = (_torch_parameters if entry.format == "torch" else _keras_kernels)(path, entry.layers)
    matrices = {}
    for (name, layer), (parameter, matrix) in zip(entry.layers.items(), found, strict=True):
        shape = tuple(layer.shape)
        if matrix.shape != shape or matrix.dtype != np.float32:
            raise _not_the_weights(path, f"{parameter} to be float32 {shape}", f"found {matrix.dtype} {matrix.shape}")
        if count := matrix.size - np.count_nonzero(np.isfinite(matrix)):
            raise _not_the_weights(path, f"finite values in {parameter}", f"{count} are not")
        # A copy: the file may be gone before the matrix is used.
        matrices[name] = np.array(matrix if entry.format == "torch" else matrix.T, order="C")
    return matrices


def load_state(file: Path | bytes, origin: str) -> dict[str, torch.Tensor]:
    """All parameters in a file of torch, by name, on the CPU. They may be mapped from the file: keep it while in use.

    :param file: a path, or the file's bytes. :param origin: its name in messages.
    :raises UserError: if it cannot be read, or holds anything but tensors; whatever would need code to run is refused.
    """
    import torch

    state = load_plain(file, origin, _STATE)
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        found = f"the keys {_listed(state)}" if isinstance(state, Mapping) else f"a {type(state).__name__}"
        raise _not_the_weights(origin, f"{_STATE}: parameter names to tensors", f"found {found}")
    return dict(state)


def _torch_parameters(path: Path, layers: Mapping[str, LayerEntry]) -> Iterator[tuple[str, np.ndarray]]:
    state = load_state(path, str(path))
    for layer in layers.values():
        if layer.parameter not in state:
            raise _not_the_weights(path, f"a parameter {layer.parameter}", f"found {_listed(state)}")
        try:
            yield layer.parameter, state[layer.parameter].detach().numpy()
        except (TypeError, RuntimeError) as error:  # a sparse tensor, or one without data
            raise _not_the_weights(path, f"{layer.parameter} as a plain matrix", str(error)) from error


def _keras_kernels(path: Path, layers: Mapping[str, LayerEntry]) -> Iterator[tuple[str, np.ndarray]]:
    # Keras 1 and 2: a group for each layer. Names of its kernel vary, but it is the only matrix in the group.
    try:
        with h5py.File(path, "r") as file:
            for layer in layers.values():
                group = file.get(layer.parameter)
                if not isinstance(group, h5py.Group):
                    raise _not_the_weights(path, f"a group {layer.parameter}", f"found {_listed(file)}")
                kernels = list(_matrices_below(group))
                if len(kernels) != 1:
                    found = ", ".join(kernel.name for kernel in kernels) or "none"
                    raise _not_the_weights(path, f"one matrix in the group {layer.parameter}", f"found {found}")
                yield kernels[0].name, kernels[0][()]
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py's errors for damaged files
        raise _not_the_weights(path, "a whole HDF5 file with the weights of a Keras network", str(error)) from error


def _matrices_below(group: h5py.Group) -> Iterator[h5py.Dataset]:
    """The datasets with two axes in a group and below; links that lead out of the file are not followed."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            if isinstance(item, h5py.Group):
                yield from _matrices_below(item)
            elif isinstance(item, h5py.Dataset) and item.ndim == 2:
                yield item


def _not_the_weights(origin: str | Path, expected: str, found: str) -> UserError:
    return UserError(f"{origin} does not hold the weights: expected {expected}, but {found}")


def _listed(names: Iterable[object], most: int = 8) -> str:
    shown = [str(name)[:60] for name in names]
    return ", ".join([*shown[:most], "..."] if len(shown) > most else shown) or "nothing"
