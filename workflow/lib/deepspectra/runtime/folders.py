"""Whether results can be written and will be kept, before anything is computed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deepspectra.runtime.errors import UserError

#: Clocks of file servers differ by some seconds.
_SKEW_SECONDS = 10.0


def check_folder(path: str | Path, *, written: bool = True) -> None:
    """Check that a folder is one, or can be made.

    :param written: whether files are to be written below it; a plan alone needs none.
    :raises UserError: if it is a file, a link to nowhere, or read-only, or cannot be made for that reason.
    """
    path = Path(path)
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise UserError(
            f"{path} cannot be looked at: {error.strerror}. Ask whoever owns {path.parent} for the permission, or copy "
            "the project to a place of your own."
        ) from None
    if path.is_symlink() and not path.exists():
        raise UserError(
            f"{path} is a link to {os.readlink(path)}, which does not exist (is a disk not mounted?). "
            "Make that folder, or take the link away."
        )
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} must be a folder, but is a file. Move it out of the way and run again.")
    # Of a folder that is yet to be made, the one that it will be in.
    place = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
    if written and not os.access(place, os.W_OK | os.X_OK):
        raise UserError(
            f"{place} is read-only. Mend its permissions (or those of its disk), or copy the project to a place of "
            "your own."
        )


def check_times(folders: Iterable[str | Path]) -> None:
    """Check that no file below some folders is from the future.

    What a job makes of such a file is older than its input: Snakemake then throws it away, however long it took.

    :raises UserError: if one is; it names the latest of them.
    """
    files = (Path(place, name) for folder in folders for place, _, names in os.walk(folder) for name in names)
    times = {}
    for file in files:
        # Links to nowhere have no time of their own, and a file of another run may just have gone.
        with suppress(OSError):
            times[file] = file.stat().st_mtime
    late = [file for file, when in times.items() if when > time.time() + _SKEW_SECONDS]
    if late:
        latest = max(late, key=times.__getitem__)
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(times[latest]))
        are = "files are" if len(late) > 1 else "file is"
        raise UserError(
            f"{len(late)} {are} from the future, such as {latest} ({when}): the clock of this machine, or of the one "
            "that wrote them, is wrong. Snakemake would throw away what is made of them. Mend the clock, or give them "
            "the present time (what was made of them is then older than they, and is made anew): "
            f"find -H {' '.join(map(str, folders))} -newermt now -exec touch {{}} +"
        )
