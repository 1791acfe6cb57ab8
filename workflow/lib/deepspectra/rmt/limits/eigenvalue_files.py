"""Eigenvalues or matrices from a user's file: NumPy's .npy, a data set of an HDF5 file, or CSV with one column."""

import math
import re
from pathlib import Path

import numpy as np

from deepspectra.runtime.errors import UserError

__all__ = ["check_matrix_name", "check_name", "read_eigenvalues", "read_matrix"]

_HDF5 = (".h5", ".hdf5")
_SUFFIXES = (".csv", ".npy", *_HDF5)
# Fortran writes D for the exponent of a double. Not what else Python takes: 1_000, inf, digits of other scripts.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_HEADING = re.compile(r"[^\W\d][\w .()\[\]/^-]*")
# Words for a number that is missing, not finite or a truth value.
_NO_HEADING = re.compile(r"(na|n/a|nan|null|none|nil|missing|inf|infinity|true|false)\b", re.IGNORECASE)


def check_name(path: str, dataset: str | None) -> None:
    """Check what can be checked without reading the file.

    :raises UserError: if the suffix is unknown, or a data set is not named for an HDF5 file or named for another.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(f"numbers are read from files that end in {', '.join(_SUFFIXES)}; found {path!r}.")
    if suffix in _HDF5 and not dataset:
        raise UserError(f"an HDF5 file holds several arrays: name one of {path!r} as dataset.")
    if suffix not in _HDF5 and dataset:
        raise UserError(f"only HDF5 files have data sets; {path!r} is none, leave out dataset: {dataset}.")


def read_eigenvalues(path: str, dataset: str | None = None) -> np.ndarray:
    """The numbers of a file, float64, shape (n,).

    :raises UserError: if the file is missing, broken, or holds anything but one column of finite real numbers.
    """
    check_name(path, dataset)
    file = _existing(path, "eigenvalues")
    if file.suffix.lower() == ".csv":
        return _csv(file)
    values = _numbers(file, path, dataset)
    if values.ndim == 0 or values.size != max(values.shape, default=0):
        raise UserError(f"{path}: expected one column of eigenvalues, found an array of shape {values.shape}.")
    return values.astype(np.float64).ravel()


def check_matrix_name(path: str, dataset: str | None) -> None:
    """The same for a matrix, which is not read from text.

    :raises UserError: as :func:`check_name`, or if the file is CSV.
    """
    check_name(path, dataset)
    if Path(path).suffix.lower() == ".csv":
        raise UserError(f"matrices are read from .npy and HDF5 files, not from text; found {path!r}.")


def read_matrix(path: str, dataset: str | None = None) -> np.ndarray:
    """A matrix of a file, float64, shape (rows, columns).

    :raises UserError: if the file is missing, broken, or holds anything but a matrix of finite real numbers.
    """
    check_matrix_name(path, dataset)
    file = _existing(path, "a matrix")
    values = _numbers(file, path, dataset)
    if values.ndim != 2 or not values.size:
        raise UserError(f"{path}: expected a matrix, found an array of shape {values.shape}.")
    return values.astype(np.float64)


def _existing(path: str, content: str) -> Path:
    file = Path(path).expanduser()
    if not file.is_file():
        raise UserError(f"there is no file of {content} at {path!r}; a path starts in the folder of the run.")
    return file


def _numbers(file: Path, path: str, dataset: str | None) -> np.ndarray:
    """The finite real numbers of a .npy or HDF5 file, of any shape."""
    try:
        values = _hdf5(file, dataset) if dataset else np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError, RuntimeError, KeyError) as error:
        kind = "HDF5 file" if dataset else ".npy file of numbers, as numpy.save writes it"
        raise UserError(f"{file} is not a whole {kind} ({error}).") from None
    if not isinstance(values, np.ndarray | np.generic):
        raise UserError(f"{path}: expected one array of numbers, found {type(values).__name__}.")
    if values.dtype.kind not in "iuf":
        raise UserError(f"{path}: expected real numbers, found an array of {values.dtype}.")
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values.ravel()))[0])
        raise UserError(f"{path}: expected finite numbers, found {values.ravel()[place]} at position {place + 1}.")
    return np.asarray(values)


def _csv(file: Path) -> np.ndarray:
    """One number a line: the first line may be a heading, and lines that begin with "# " or "% " are comments.

    What could be read in two ways is refused.
    """
    try:
        # With or without the mark that spreadsheets put first.
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        found = "a binary file or text that is not UTF-8: save it as UTF-8"
        raise UserError(f"{file}: expected text with one number a line, found {found}.") from None
    lines = [(place, line.strip()) for place, line in enumerate(text.split("\n"), start=1)]
    lines = [(place, line) for place, line in lines if line and line.split()[0] not in ("#", "%")]
    headed = bool(lines) and _is_heading(lines[0][1])
    if headed:
        lines = lines[1:]
    numbers = []
    for place, line in lines:
        if not _NUMBER.fullmatch(line):
            told = f"{file}: expected one number a line, found {line[:60]!r} in line {place}"
            raise UserError(f"{told}. Write numbers with a decimal point and no other separator.")
        numbers.append(float(re.sub("[dD]", "e", line)))
        if not math.isfinite(numbers[-1]):
            raise UserError(f"{file}: {line!r} in line {place} is too large.")
    if lines and not headed and _may_be_heading([line for _, line in lines]):
        place, first = lines[0]
        told = f"{file}: line {place}, {first!r}, may be an eigenvalue or the heading of a column"
        raise UserError(f"{told}. Write {first}.0 for an eigenvalue, or remove a heading.")
    return np.array(numbers)


def _is_heading(line: str) -> bool:
    """Whether a line names a column, in quotes or not."""
    name = line[1:-1] if len(line) > 1 and line[0] == line[-1] == '"' else line
    return bool(_HEADING.fullmatch(name)) and not _NO_HEADING.match(name)


def _may_be_heading(lines: list[str]) -> bool:
    """Whether the first line is a whole number where all others have points or exponents, or a bare 0.

    The latter is what pandas writes above a column without a name.
    """
    first, *others = (bool(_INTEGER.fullmatch(line)) for line in lines)
    return lines[0] == "0" or (first and bool(others) and not any(others))


def _hdf5(file: Path, dataset: str) -> np.ndarray:
    # Imported here: checking a configuration without such a file does not need it.
    import h5py

    with h5py.File(file, "r") as content:
        if not isinstance(content.get(dataset), h5py.Dataset):
            known = ", ".join(sorted(name for name, node in content.items() if isinstance(node, h5py.Dataset)))
            raise UserError(f"{file} has no data set {dataset!r}; at its top it has {known or 'none'}.")
        return content[dataset][()]
