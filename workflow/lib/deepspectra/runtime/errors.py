"""Errors that a user is meant to read, and a full disk, which is one of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What the operating system says when a disk, a quota or the largest allowed file is full.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UserError(Exception):
    """Something outside the code is not as it must be: a file, a download, a setting.

    The message stands by itself: it names the thing, what was expected, what was found, and what to do.
    Scripts print it without a traceback.
    """


@contextmanager
def naming_full_disk(path: str | os.PathLike | None = None) -> Iterator[None]:
    """Turn the operating system's word that a disk is full into a message.

    :param path: what was written; None for what the error itself names, if it does.
    :raises UserError: in place of an error that says so; any other goes on as it is.
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
