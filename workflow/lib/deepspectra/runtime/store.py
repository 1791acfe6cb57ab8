"""HDF5 files: written whole or not at all, with their provenance, and checked when read.

Only this module and readers of foreign formats know HDF5. A file holds named arrays at its root; attributes of the root
tell where they come from:

``parameters``     JSON of everything that determines the result
``inputs``         JSON, file name -> SHA-256 of its bytes
``software``       JSON, package -> version
``arrays``         JSON, array name -> SHA-256 of its bytes, to detect altered files
``seed``           integer, if random numbers were drawn
``dtype``          of the computation (the stored arrays may be wider)
``noise_floor``    absolute size below which a stored eigenvalue is rounding noise
"""

import errno
import hashlib
import json
import math
import os
import platform
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from deepspectra.runtime.errors import REMAKE, UserError
from deepspectra.runtime.files import replacing

__all__ = [
    "Contents",
    "StoreError",
    "array_hash",
    "check",
    "file_hash",
    "processor",
    "read",
    "software_versions",
    "write",
]

_FOREIGN = "Something else wrote it: delete it and run the workflow again."


class StoreError(UserError):
    """An HDF5 file is missing, cut short, or does not hold what was expected."""


class _Attributes(dict[str, Any]):
    def __init__(self, path: Path, attributes: Mapping[str, Any]) -> None:
        super().__init__(attributes)
        self._path = path

    def __missing__(self, name: str) -> Any:
        raise StoreError(f"{self._path} has no attribute {name!r}. {_FOREIGN}")


@dataclass(frozen=True)
class Contents:
    """What one HDF5 file holds: ``arrays`` by name, and ``attributes`` (JSON is decoded)."""

    arrays: dict[str, np.ndarray]
    attributes: dict[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def file_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 (hexadecimal) of the bytes of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def array_hash(array: np.ndarray) -> str:
    """SHA-256 (hexadecimal) of an array's bytes in C order; shape and dtype do not enter."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on; absent packages are left out."""
    versions = {"python": platform.python_version()}
    for package in ("numpy", "scipy", "torch", "h5py"):
        with suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def processor() -> str:
    """The kind of processor, without the machine's name."""
    information = Path("/proc/cpuinfo")
    for line in information.read_text(encoding="utf-8").splitlines() if information.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def write(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    *,
    parameters: Mapping[str, object],
    inputs: Iterable[str | os.PathLike[str]] = (),
    seed: int | None = None,
    dtype: str | None = None,
    noise_floor: float | Mapping[str, float] | None = None,
) -> None:
    """Write arrays and their provenance, whole or not at all; equal arguments give equal bytes.

    :param arrays: name -> array; a name with ``/`` makes a group.
    :param parameters: everything that determines the result; must be JSON-serialisable.
    :param inputs: files that the result was computed from; their names and SHA-256 are stored.
    :param noise_floor: absolute; a mapping if arrays have floors of their own.
    :raises StoreError: if the folder cannot be written or the disk is full.
    """
    attributes: dict[str, object] = {
        "parameters": _json(parameters),
        "inputs": _json({Path(name).as_posix(): file_hash(name) for name in inputs}),
        "software": _json(software_versions()),
        "arrays": _json({name: array_hash(np.asarray(array)) for name, array in arrays.items()}),
    }
    if seed is not None:
        attributes["seed"] = int(seed)
    if dtype is not None:
        attributes["dtype"] = dtype
    if noise_floor is not None:
        attributes["noise_floor"] = _json(noise_floor) if isinstance(noise_floor, Mapping) else float(noise_floor)
    try:
        with replacing(path) as temporary:
            _write(temporary, arrays, attributes)
    except UserError as error:
        raise StoreError(str(error)) from error
    except (OSError, RuntimeError) as error:  # HDF5 raises either
        raise StoreError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error


def _write(path: Path, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, object]) -> None:
    """Fill a file in space that is reserved beforehand: HDF5 crashes when the disk fills up while it writes."""
    # HDF5's own entries take 1 to 3 kB an array with its group; too much is cut off when the file is closed.
    size = sum(np.asarray(array).nbytes + 4096 for array in arrays.values())
    size += sum(2 * len(str(value)) + 4096 for value in attributes.values()) + 8192
    _reserve(path, size)
    # Opening a new file cuts it to nothing, opening an old one does not.
    h5py.File(path, "w").close()
    _reserve(path, size)
    with h5py.File(path, "r+") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        for name, value in attributes.items():
            file.attrs[name] = value


def _reserve(path: Path, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    elif shutil.disk_usage(path).free < size:  # macOS
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: object) -> object:
    """Values that JSON can hold: infinities as text, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def read(path: str | os.PathLike[str], shapes: Mapping[str, tuple[int | str, ...]]) -> Contents:
    """Read named arrays from an HDF5 file and check them.

    :param shapes: name -> expected shape. A string stands for an unknown length that must be the same wherever the
        string occurs: ``{"weights": ("out", "in"), "bias": ("out",)}``.
    :raises StoreError: if the file is missing, not whole or foreign, an array is absent, not numeric or not the one
        that was written, a shape differs, or a value is not finite.
    """
    contents = _load(Path(path), shapes)
    lengths: dict[str, int] = {}
    for name, expected in shapes.items():
        _check_array(f"{path}: array {name!r}", contents[name], expected, lengths)
    _check_hashes(path, contents)
    return contents


def check(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Check that all arrays in a file are those that were written, and return its attributes.

    :raises StoreError: if the file is missing, not whole or foreign, or the SHA-256 of an array differs.
    """
    contents = _load(Path(path), _load(Path(path), ()).attributes["arrays"])
    _check_hashes(path, contents)
    return contents.attributes


def _load(path: Path, names: Iterable[str]) -> Contents:
    if not path.exists():
        raise StoreError(f"{path} does not exist. Let the workflow make it: snakemake --cores 1 {path}")
    try:
        with h5py.File(path, "r") as file:
            for name in names:
                if not isinstance(file.get(name), h5py.Dataset):
                    raise StoreError(f"{path} has no array {name!r}; it holds {sorted(file)}. {_FOREIGN}")
            arrays = {name: file[name][()] for name in names}
            return Contents(arrays, _Attributes(path, {name: _decode(value) for name, value in file.attrs.items()}))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py reports damage in any way
        raise StoreError(f"{path} is not a whole HDF5 file ({error}). {REMAKE}") from error


def _decode(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value


def _check_array(what: str, array: np.ndarray, expected: tuple[int | str, ...], lengths: dict[str, int]) -> None:
    if array.dtype.kind not in "biufc":
        raise StoreError(f"{what} is of type {array.dtype}, expected numbers. {_FOREIGN}")
    matches = array.ndim == len(expected) and all(
        length == (lengths.setdefault(symbol, length) if isinstance(symbol, str) else symbol)
        for length, symbol in zip(array.shape, expected, strict=True)
    )
    if not matches:
        wanted = ", ".join(str(lengths.get(str(symbol), symbol)) for symbol in expected)
        wanted = f"({wanted},)" if len(expected) == 1 else f"({wanted})"
        raise StoreError(f"{what} has shape {array.shape}, expected {wanted}. Delete it and run again.")
    if count := int(np.sum(~np.isfinite(array))):
        raise StoreError(f"{what} has {count} values that are not finite. Delete it and run again.")


def _check_hashes(path: str | os.PathLike[str], contents: Contents) -> None:
    # Files of other programs, such as the user's own eigenvalues, have no hashes.
    recorded = contents.attributes.get("arrays")
    for name, array in contents.arrays.items():
        if isinstance(recorded, dict) and recorded.get(name) != array_hash(array):
            problem = "is not the one that was written (its SHA-256 differs): the file was altered or damaged"
            raise StoreError(f"{path}: array {name!r} {problem}. Delete it and run again.")
