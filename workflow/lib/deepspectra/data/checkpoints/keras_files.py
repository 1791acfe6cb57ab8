"""Weights of Keras: HDF5 as Keras 1 and 2 wrote it, the newer ``.weights.h5``, and ``.keras`` archives.

Kernels are turned so that outputs come first: (inputs, outputs) of dense layers, (height, width, inputs, outputs) of
convolutions, and the three axes of attention's projections.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from deepspectra.data.checkpoints.stored import Checkpoint, StoredTensor, floats, telling_damage
from deepspectra.runtime.errors import UserError, naming_full_disk

__all__ = ["open_keras"]

_WEIGHTS = "model.weights.h5"
# Attention keeps heads as an axis of their own: (inputs, heads, size), and (heads, size, outputs).
_PROJECTION = re.compile(r"(query|key|value)(_dense)?/")
_OUTPUT = re.compile(r"attention_output/|attention[^/]*/output_dense/")
_SKIPPED = ("optimizer_weights", "optimizer")


def open_keras(path: Path) -> Checkpoint:
    """The tensors of a file of Keras.

    :raises UserError: if it is damaged or holds no weights.
    """
    if path.suffix != ".keras":
        return _open_hdf5(path, str(path))
    folder = tempfile.TemporaryDirectory(prefix="deepspectra_")
    inner = Path(folder.name, _WEIGHTS)
    try:
        with (
            naming_full_disk(inner),
            telling_damage(f"{path} is no whole archive of Keras, which is a zip file with {_WEIGHTS}"),
            zipfile.ZipFile(path) as archive,
            archive.open(_WEIGHTS) as source,
            inner.open("wb") as target,
        ):
            shutil.copyfileobj(source, target)
        return _open_hdf5(inner, str(path), folder)
    except BaseException:
        folder.cleanup()
        raise


def _open_hdf5(path: Path, origin: str, folder: object = None) -> Checkpoint:
    """:param folder: a temporary one that lives as long as anything that reads from it."""
    with telling_damage(f"{origin} is no whole HDF5 file of Keras"), h5py.File(path, "r") as file:
        # Layers of Keras may have these names, too.
        if {"initial", "final"} <= set(file) and {"arrays", "software"} <= set(file.attrs):
            raise UserError(
                f"{origin} holds a network of this workflow before and after training, not weights that Keras "
                "saved. Its matrices are in table 2 of thamm2024."
            )
        tensors = {
            name: StoredTensor(name, _turned_shape(name, data.shape), data.dtype.name, _reader(path, name, folder))
            for name, data in _datasets(file)
        }
    if not tensors:
        raise UserError(f"{origin} holds no arrays; expected weights that Keras saved.")
    return Checkpoint(origin, tensors)


def _datasets(group: h5py.Group, prefix: str = "") -> Iterator[tuple[str, h5py.Dataset]]:
    """All datasets below a group; links that lead out of the file are not followed."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and name not in _SKIPPED:
            item = group[name]
            if isinstance(item, h5py.Group):
                yield from _datasets(item, f"{prefix}{name}/")
            elif isinstance(item, h5py.Dataset) and item.shape is not None:
                yield f"{prefix}{name}", item


def _reader(path: Path, name: str, folder: object):
    def read(_folder: object = folder) -> np.ndarray:
        with telling_damage(f"{name} cannot be read from {path}"), h5py.File(path, "r") as file:
            return np.ascontiguousarray(_turned(name, floats(file[name][()], name)))

    return read


def _turned_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    # A view of one number has the shape and no memory.
    return _turned(name, np.broadcast_to(np.float64(0), shape)).shape


def _turned(name: str, array: np.ndarray) -> np.ndarray:
    """The array with outputs first, then inputs, then the kernel's axes."""
    lower = name.lower()
    if array.ndim == 2:
        return array if "embedding" in lower else array.T
    if array.ndim == 3 and _PROJECTION.search(lower):
        return array.reshape(len(array), -1).T
    if array.ndim == 3 and _OUTPUT.search(lower):
        return array.reshape(-1, array.shape[2]).T
    if array.ndim >= 3 and "depthwise" in lower:
        # (height, width, inputs, multiplier): each input has its own outputs.
        kernel = array.shape[:-2]
        return np.moveaxis(array.reshape(*kernel, 1, -1), (-1, -2), (0, 1))
    return np.moveaxis(array, (-1, -2), (0, 1)) if array.ndim >= 3 else array
