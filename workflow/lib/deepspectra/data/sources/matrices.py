"""Weight matrices from a provider's file. Nothing in it is executed.

HDF5 is read here too, beside ``store``: that module knows the workflow's own files, this one a foreign format that
happens to be HDF5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import h5py
import numpy as np

from deepspectra.data.sources.states import listed, load_state, not_the_weights
from deepspectra.data.sources.tables import LayerEntry, WeightsEntry

__all__ = ["read_matrices"]


def read_matrices(path: Path, entry: WeightsEntry) -> dict[str, np.ndarray]:
    """The weight matrices of a file, checked.

    :param entry: the file's format, and name and shape of every matrix in it.
    :returns: float32 (outputs, inputs) by layer, C order, in memory of their own.
    :raises UserError: if the file is not of that format or damaged, holds anything but plain data, lacks a matrix, or
        has one of another shape or type or with values that are not finite.
    """
    return {"torch": _from_torch, "keras": _from_keras}[entry.format](path, entry.layers)


def _from_torch(path: Path, layers: Mapping[str, LayerEntry]) -> dict[str, np.ndarray]:
    state = load_state(path, str(path))
    matrices = {}
    for name, layer in layers.items():
        tensor = state.get(layer.parameter)
        if tensor is None:
            raise not_the_weights(path, f"a parameter {layer.parameter}", f"found {listed(state)}")
        _check(path, layer.parameter, layer, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        try:
            # A copy: the file may be gone before the matrix is used.
            matrices[name] = np.array(tensor.detach().numpy(), order="C")
        except (TypeError, RuntimeError) as error:  # a sparse tensor, or one without data
            raise not_the_weights(path, f"{layer.parameter} as a plain matrix", str(error)) from error
        _check_finite(path, layer.parameter, matrices[name])
    return matrices


def _from_keras(path: Path, layers: Mapping[str, LayerEntry]) -> dict[str, np.ndarray]:
    """Keras 1 and 2: a group for each layer. Names of its kernel vary, but it is the only matrix in the group."""
    matrices = {}
    try:
        with h5py.File(path, "r") as file:
            for name, layer in layers.items():
                group = file.get(layer.parameter)
                if not isinstance(group, h5py.Group):
                    raise not_the_weights(path, f"a group {layer.parameter}", f"found {listed(file)}")
                kernels = list(_matrices_below(group))
                if len(kernels) != 1:
                    found = ", ".join(kernel.name for kernel in kernels) or "none"
                    raise not_the_weights(path, f"one matrix in the group {layer.parameter}", f"found {found}")
                [kernel] = kernels
                _check(path, kernel.name, layer, kernel.shape, str(kernel.dtype))
                matrices[name] = np.ascontiguousarray(kernel[()].T)
                _check_finite(path, kernel.name, matrices[name])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py's errors for damaged files
        raise not_the_weights(path, "a whole HDF5 file with the weights of a Keras network", str(error)) from error
    return matrices


def _matrices_below(group: h5py.Group) -> Iterator[h5py.Dataset]:
    """The datasets with two axes in a group and below; links that lead out of the file are not followed."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            if isinstance(item, h5py.Group):
                yield from _matrices_below(item)
            elif isinstance(item, h5py.Dataset) and item.ndim == 2:
                yield item


def _check(path: Path, parameter: str, layer: LayerEntry, shape: tuple[int, ...], dtype: str) -> None:
    if shape != tuple(layer.shape) or dtype != "float32":
        raise not_the_weights(path, f"{parameter} to be float32 {tuple(layer.shape)}", f"found {dtype} {shape}")


def _check_finite(path: Path, parameter: str, matrix: np.ndarray) -> None:
    count = matrix.size - np.count_nonzero(np.isfinite(matrix))
    if count:
        raise not_the_weights(path, f"finite values in {parameter}", f"{count} are not")
