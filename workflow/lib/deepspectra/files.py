"""Files that are whole or absent, whatever kills the process or fills the disk."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

#: What the operating system says when a disk, a quota or the largest allowed file is full.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary name in the folder of a file, which takes the file's place if the body succeeds and goes if not.

    :raises UserError: if the disk is full.
    :raises OSError: if the folder cannot be written.
    """
    path = Path(path)
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
    temporary = Path(name)
    try:
        with naming_full_disk(path):
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming_full_disk(path: str | os.PathLike | None = None) -> Iterator[None]:
    """Turn the operating system's word that a disk is full into a message.

    :param path: what was written; None for what the error itself names, if it does.
    """
    try:
        yield
    except Exception as error:
        if not is_full_disk(error):
            raise
        path = path or getattr(error, "filename", None) or Path.cwd()
        raise UserError(full_disk_message(path)) from error


def is_full_disk(error: BaseException) -> bool:
    """Whether an exception, or one behind it, says that a disk is full.

    The HDF5 library has it in its text alone, and Matplotlib fails once more when it closes a PDF file.
    """
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, OSError) and behind.errno in _FULL:
            return True
        if any(f"errno = {number}," in str(behind) for number in _FULL):
            return True
        behind = behind.__cause__ or behind.__context__
    return False


def full_disk_message(path: str | os.PathLike) -> str:
    """What a user reads of a full disk."""
    return (
        f"no space left on the disk (or quota) of {path}. Nothing of it was kept, and what was finished before is "
        "whole: free some space and give the same command again."
    )


def write_table(table: pd.DataFrame, path: str | os.PathLike, **options: Any) -> None:
    """A table as CSV without its index, whole or not at all; ``options`` are those of pandas."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def write_text(text: str, path: str | os.PathLike) -> None:
    """A text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
