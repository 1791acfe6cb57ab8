"""Where draws of random matrices and vectors are kept: files that say in their names what determines them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import replacing

__all__ = ["FORMAT", "HALF_WINDOW", "LARGEST_DIMENSION", "LARGE_MATRIX", "VECTOR_DRAWS", "NullKey", "default_cache"]
__all__ += ["default_draws", "lend", "level_file", "vector_file"]

#: Raise it when numbers in the files change.
FORMAT = 4
#: Vectors of larger dimension are judged by those of this one.
LARGEST_DIMENSION = 2048
#: Of the unfolding, in levels.
HALF_WINDOW = 7
#: Random vectors of each dimension.
VECTOR_DRAWS = 4999
#: Matrices of more entries are not held twice: they are analysed one at a time, by all threads.
LARGE_MATRIX = 16_000_000
# Draws of one matrix take seconds in proportion to the square of its singular values: 0.4 for 4096 of them.
_MANY, _FEW, _LARGE = 999, 199, 1024


@dataclass(frozen=True)
class NullKey:
    """Everything that determines the draws for one shape. :ivar rows: the longer side."""

    rows: int
    columns: int
    draws: int
    half_window: int
    seed: int


def default_cache() -> Path:
    """Where draws are kept for later runs, unless the caller names a folder.

    :raises UserError: if the user has no home.
    """
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise UserError("you have no home folder to keep draws in: name one (cache), or set XDG_CACHE_HOME.") from error
    return Path(base) / "deepspectra" / "nulls"


def default_draws(columns: int) -> int:
    """Random matrices of a shape with so many singular values: 999, or 199 of more than 1024 values."""
    return _MANY if columns <= _LARGE else _FEW


def level_file(key: NullKey) -> str:
    """Name of the file of one shape's draws."""
    return f"levels_{key.rows}x{key.columns}_{key.draws}_{key.half_window}_{key.seed}_{FORMAT}.h5"


def vector_file(dimension: int, draws: int, seed: int) -> str:
    """Name of the file of random vectors by which those of a dimension are judged."""
    return f"vectors_{min(dimension, LARGEST_DIMENSION)}_{draws}_{seed}_{FORMAT}.h5"


def lend(file: Path, folder: Path | None = None) -> None:
    """Let runs that look into another folder find a file of draws: by a link, or a copy on another disk.

    A file of that name stays, and nothing happens where the folder cannot be written.

    :param folder: :func:`default_cache` unless given; without a home nothing happens.
    """
    with suppress(OSError, UserError):
        folder = folder or default_cache()
        place = folder / file.name
        if place.exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(file)
        except OSError:
            with replacing(place) as temporary:
                shutil.copyfile(file, temporary)
