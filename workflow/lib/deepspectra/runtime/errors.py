"""Errors that a user is meant to read; a full disk is one of them."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["REMAKE", "UserError", "naming_full_disk", "refused_by_the_machine"]

#: What to do about a damaged file that a rule makes.
REMAKE = (
    "Delete it and run the workflow again; only this file, the temporary files that it needs, and what depends on it "
    "will be remade."
)

#: What the operating system reports when a disk or a quota is full, or a file reaches the largest allowed size.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: Errors that the machine is to blame for, not the code.
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP}
_DENIED |= {errno.ENAMETOOLONG, errno.EIO}
#: How errors of torch without a type of their own begin, on CPUs and GPUs.
_NO_MEMORY = ("can't allocate memory", "out of memory", "Storage size calculation overflowed")


class UserError(Exception):
    """Something outside the code is wrong; the message, printed alone, says what was found and what to do."""


@contextmanager
def naming_full_disk(path: str | os.PathLike[str] | None = None) -> Iterator[None]:
    """Turn any error that means a full disk into a message for the user.

    :param path: the file being written; by default the one that the error names, else the working directory.
    :raises UserError: in place of an error that means a full disk; all other errors pass through.
    """
    try:
        yield
    except Exception as error:
        if not _is_full_disk(error):
            raise
        place = path or getattr(error, "filename", None) or Path.cwd()
        # The system does not say which file it was.
        temporary = os.environ.get("TMPDIR", "")
        temporary = f", or of temporary files ({temporary})" if temporary not in ("", str(place)) else ""
        raise UserError(
            f"no space left on the disk (or quota) of {place}{temporary}. Nothing of this file was kept, and all "
            "finished files are whole: free some space and give the same command again."
        ) from error


def _is_full_disk(error: BaseException) -> bool:
    """Whether an exception, or one that it came from, means a full disk."""
    # HDF5 gives the error number in its text only, and Matplotlib fails a second time when it closes a PDF file.
    if getattr(error, "errno", None) in _FULL or any(f"errno = {number}," in str(error) for number in _FULL):
        return True
    cause = error.__cause__ or error.__context__
    return cause is not None and _is_full_disk(cause)


def refused_by_the_machine(error: Exception) -> str:
    """What to tell about a file or memory that cannot be had; empty if the error is the code's own."""
    text, first = str(error), str(error).partition("\n")[0][:200]
    if isinstance(error, OSError) and error.errno in _DENIED:
        where = f" {error.filename}" if error.filename else ""
        advice = "Make room or change the permissions there, and run again: finished files are kept."
        return f"cannot read or write{where}: {error.strerror}. {advice}"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(w in text for w in _NO_MEMORY)):
        advice = "Use smaller sizes (see config/README.md) or a machine with more memory; finished files are kept."
        return f"not enough memory ({first or 'MemoryError'}). {advice}"
    return ""
