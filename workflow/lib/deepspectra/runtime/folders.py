"""Check folders before anything is computed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from deepspectra.runtime.errors import UserError

__all__ = ["check_folder"]


def check_folder(path: str | Path, *, written: bool = True) -> None:
    """Check that a folder exists or can be made.

    :param written: whether files will be written below it; a dry run writes none.
    :raises UserError: if the path is a file or a dangling link, or if the folder cannot be read or written.
    """
    path, own = Path(path), "copy the project to a folder of your own."
    try:
        with suppress(FileNotFoundError):
            path.stat()
    except PermissionError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror}. Ask the owner of {path.parent} for permission, or {own}"
        ) from None
    if path.is_symlink() and not path.exists():
        raise UserError(
            f"{path} is a link to {os.readlink(path)}, which does not exist (is a disk not mounted?). "
            "Make that folder or remove the link."
        )
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} must be a folder, but is a file. Move it out of the way and run again.")
    # A folder that does not exist yet will be made in its nearest existing parent.
    place = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
    if written and not os.access(place, os.W_OK | os.X_OK):
        raise UserError(f"{place} is read-only. Change its permissions (or remount its disk), or {own}")
