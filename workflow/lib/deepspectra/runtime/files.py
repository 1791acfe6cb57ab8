"""Files that are whole or absent, even if the process is killed or the disk is full, and folders to hold them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.runtime.errors import UserError, naming_full_disk
from deepspectra.runtime.watching import part_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_folder", "replacing", "write_table", "write_text"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the body a temporary file in the same folder; it replaces the file if the body succeeds, else it goes.

    :raises UserError: if the disk is full.
    :raises OSError: if the folder cannot be written.
    """
    path = Path(path)
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    # Named before it exists: an interruption during its creation still removes it.
    temporary = path.with_name(part_name(path.name))
    try:
        with naming_full_disk(path):
            temporary.touch(exist_ok=False)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a table as CSV without its index, whole or not at all; ``options`` go to pandas."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def check_folder(path: str | Path, *, written: bool = True) -> None:
    """Check that a folder exists or can be made, and is writable if files are to be written below it.

    :raises UserError: if the path or a part of it is a file or a dangling link, or if the folder cannot be read or
        written.
    """
    path, own = Path(path), "work in a folder of your own."
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
    except PermissionError as error:
        advice = f"Ask the owner of {path.parent} for permission, or {own}"
        raise UserError(f"cannot read {path}: {error.strerror}. {advice}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be a folder: {error.strerror}. Name another one.") from None
    # A folder that does not exist yet will be made in its nearest existing parent.
    place = next(folder for folder in (path, *path.absolute().parents) if folder.is_symlink() or folder.exists())
    if not place.exists():
        problem = f"is a link to {os.readlink(place)}, which does not exist (is a disk not mounted?)"
        raise UserError(f"{place} {problem}. Make that folder or remove the link.")
    if not place.is_dir():
        raise UserError(f"{place} must be a folder, but is a file. Move it out of the way and run again.")
    try:
        if written:
            # Permissions say nothing to a superuser, and a full disk still takes empty files.
            with naming_full_disk(place), tempfile.TemporaryFile(dir=place) as file:
                file.write(b"full?")
    except OSError as error:
        advice = f"Change its permissions (or remount its disk), or {own}"
        raise UserError(f"{place} is read-only ({error.strerror}). {advice}") from None
