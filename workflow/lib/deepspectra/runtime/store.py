"""HDF5 files: written whole or not at all, with their provenance, and checked when read.

This is the only module that knows HDF5. A file holds named arrays at its root and, as attributes of the root,
where they come from:

``parameters``     JSON of everything that shaped the result
``inputs``         JSON, file name -> SHA-256 of its bytes
``software``       JSON, package -> version
``arrays``         JSON, array name -> SHA-256 of its bytes, by which an altered file is known
``seed``           integer, where random numbers were drawn
``dtype``          of the computation (the stored arrays may be wider)
``noise_floor``    absolute size below which a stored eigenvalue is rounding noise
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import replacing
from deepspectra.runtime.interruptions import held_back

_FOREIGN = "It was written by something else: delete it and run the workflow again."
RECORDED_PACKAGES = ("numpy", "scipy", "torch", "h5py")


class StoreError(UserError):
    """An HDF5 file is missing, cut short, or does not hold what was expected."""


class _Attributes(dict[str, object]):
    """Attributes of a file; of one that is not there it is said that it should be."""

    def __init__(self, path: Path, attributes: Mapping[str, object]) -> None:
        super().__init__(attributes)
        self._path = path

    def __missing__(self, name: str) -> object:
        raise StoreError(f"{self._path} does not say its {name}. {_FOREIGN}")


@dataclass(frozen=True)
class Contents:
    """What one HDF5 file holds: ``arrays`` by name, and ``attributes`` (JSON ones decoded)."""

    arrays: dict[str, np.ndarray]
    attributes: dict[str, object]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def file_hash(path: str | os.PathLike) -> str:
    """SHA-256 (hexadecimal) of the bytes of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def array_hash(array: np.ndarray) -> str:
    """SHA-256 (hexadecimal) of an array's bytes in C order; shape and dtype do not enter."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


@held_back()
def software_versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on; packages that are absent are left out."""
    versions = {"python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def write(
    path: str | os.PathLike,
    arrays: Mapping[str, np.ndarray],
    *,
    parameters: Mapping[str, object],
    inputs: Iterable[str | os.PathLike] = (),
    seed: int | None = None,
    dtype: str | None = None,
    noise_floor: float | Mapping[str, float] | None = None,
) -> None:
    """Write arrays and their provenance to an HDF5 file, atomically.

    The file is written under a temporary name in the same folder, flushed to the disk and renamed, so that
    ``path`` either does not exist (or is what it was) or is whole. Equal arguments give equal bytes.

    :param arrays: name -> array; a name with ``/`` makes a group.
    :param parameters: everything that shaped the result; must be JSON-serialisable.
    :param inputs: files whose content entered the result; their names and SHA-256 are stored.
    :param noise_floor: absolute; a mapping where several arrays have floors of their own.
    :raises StoreError: if the folder cannot be written or the disk is full.
    :raises MemoryError: if there is too little for the file's parts.
    """
    path = Path(path)
    attributes: dict[str, object] = {
        "parameters": json.dumps(_plain(parameters), sort_keys=True, allow_nan=False),
        "inputs": json.dumps({Path(name).as_posix(): file_hash(name) for name in inputs}, sort_keys=True),
        "software": json.dumps(software_versions(), sort_keys=True),
        "arrays": json.dumps({name: array_hash(np.asarray(array)) for name, array in arrays.items()}, sort_keys=True),
    }
    if seed is not None:
        attributes["seed"] = int(seed)
    if dtype is not None:
        attributes["dtype"] = str(dtype)
    if isinstance(noise_floor, Mapping):
        attributes["noise_floor"] = json.dumps(dict(noise_floor), sort_keys=True)
    elif noise_floor is not None:
        attributes["noise_floor"] = float(noise_floor)

    try:
        with replacing(path) as temporary, temporary.open("r+b") as place:
            disk = _Disk(place)
            _fill(disk, arrays, attributes)
            disk.finish()
    except UserError as error:
        raise StoreError(str(error)) from error
    except (OSError, RuntimeError) as error:  # the HDF5 library reports its troubles as either
        raise StoreError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error


@held_back()
def _fill(disk: _Disk, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, object]) -> None:
    # A function of its own, so that the library's objects have gone when it ends.
    with h5py.File(disk, "w", track_order=False) as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        for name, value in attributes.items():
            file.attrs[name] = value


class _Disk:
    """A file for the HDF5 library that keeps troubles for :meth:`finish`: where a write fails in its own hands, on a
    full disk, the library ends the process by a segmentation fault. Until then it looks as if all went well.

    It bears no exception from here at all, so that interruptions have to be held back.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.trouble: OSError | MemoryError | None = None
        self.position = self.size = 0

    def _try(self, action: Callable[..., Any], *arguments: object) -> Any:
        if self.trouble is None:
            try:
                return action(*arguments)
            except (OSError, MemoryError) as error:
                self.trouble = error
        return None

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.size}[whence]
        return self.position

    def write(self, data: memoryview) -> int:
        self._try(self.file.seek, self.position)
        self._try(self.file.write, data)
        self.position += len(data)
        self.size = max(self.size, self.position)
        return len(data)

    def read(self, size: int) -> bytes:
        self._try(self.file.seek, self.position)
        self.position += size
        return self._try(self.file.read, size) or b""

    def truncate(self, size: int) -> None:
        self._try(self.file.truncate, size)
        self.size = size

    def flush(self) -> None:
        self._try(self.file.flush)

    def finish(self) -> None:
        """All that was written is with the operating system.

        :raises OSError: if not; the first trouble there was.
        :raises MemoryError: likewise.
        """
        self.flush()
        if self.trouble:
            # What could not be written is still in its buffer, and would be tried again when it is closed.
            with suppress(OSError):
                self.file.close()
            raise self.trouble


def _plain(value: object) -> object:
    """Parameters as JSON can hold them: infinities as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@held_back()
def read(path: str | os.PathLike, shapes: Mapping[str, tuple[int | str, ...]]) -> Contents:
    """Read named arrays from an HDF5 file and check them.

    :param shapes: name -> expected shape. A string stands for a length that is not known beforehand but must be
        the same wherever the string occurs: ``{"weights": ("out", "in"), "bias": ("out",)}``.
    :raises StoreError: if the file is missing, not whole or of somebody else, an array is absent, is not of numbers or
        not the one that was written, a shape differs, or a value is not finite.
    """
    path = Path(path)
    if not path.exists():
        raise StoreError(f"{path} does not exist. Let the workflow make it: snakemake --cores 1 {path}")
    try:
        with h5py.File(path, "r") as file:
            missing = [name for name in shapes if not isinstance(file.get(name), h5py.Dataset)]
            if missing:
                raise StoreError(f"{path} has no array {missing[0]!r}; it holds {sorted(file)}. {_FOREIGN}")
            arrays = {name: file[name][()] for name in shapes}
            attributes = {name: _decode(value) for name, value in file.attrs.items()}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py names damage in any of these ways
        raise StoreError(
            f"{path} is not a whole HDF5 file ({error}). Delete it and run the workflow again; "
            "only this file, what it needs that was temporary, and what depends on it will be made anew."
        ) from error

    lengths: dict[str, int] = {}
    for name, expected in shapes.items():
        _check_array(path, name, arrays[name], expected, lengths)
    # Last, since it tells least. Files of older versions have none.
    recorded = attributes.get("arrays")
    for name, array in arrays.items():
        if isinstance(recorded, dict) and recorded.get(name) != array_hash(array):
            raise StoreError(
                f"{path}: array {name!r} is not the one that was written (its SHA-256 differs): the file was altered "
                "or damaged. Delete it and run again."
            )
    return Contents(arrays, _Attributes(path, attributes))


def _check_array(
    path: Path, name: str, array: np.ndarray, expected: tuple[int | str, ...], lengths: dict[str, int]
) -> None:
    """Compare one array with its expected shape, binding the symbolic lengths; numbers alone, and finite ones."""
    if array.dtype.kind not in "biufc":
        raise StoreError(f"{path}: array {name!r} is of type {array.dtype}, expected numbers. {_FOREIGN}")
    matches = array.ndim == len(expected) and all(
        length == (lengths.setdefault(symbol, length) if isinstance(symbol, str) else symbol)
        for length, symbol in zip(array.shape, expected, strict=True)
    )
    if not matches:
        wanted = ", ".join(str(lengths.get(symbol, symbol)) for symbol in expected)
        wanted = f"({wanted},)" if len(expected) == 1 else f"({wanted})"
        raise StoreError(f"{path}: array {name!r} has shape {array.shape}, expected {wanted}. Delete it and run again.")
    if np.issubdtype(array.dtype, np.inexact) and not np.isfinite(array).all():
        count = int(np.size(array) - np.isfinite(array).sum())
        raise StoreError(f"{path}: array {name!r} has {count} values that are not finite. Delete it and run again.")


def _decode(value: object) -> object:
    """JSON attributes back to Python objects, NumPy scalars to Python's."""
    if isinstance(value, str) and value[:1] in "{[":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value
