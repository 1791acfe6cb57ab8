"""Which run is alive: for its jobs, which must end with it, and for other runs in the same folder.

A run that is killed alone leaves its jobs behind. They would go on for hours and write their files while a later run,
perhaps with other parameters, makes the same ones: so every job watches its run and ends when that has ended.

Snakemake's own lock says that a run was there, not whether it lives. A run therefore holds a file that the operating
system lets go when it ends, in whatever way.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import platform
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO

#: In the environment of jobs: machine and process of their run.
VARIABLE = "DEEPSPECTRA_RUN"
_POLL_SECONDS = 1.0
#: So long a job may take to remove what it has in hand.
_GRACE_SECONDS = 3.0
_held: list[IO[str]] = []


def announce() -> None:
    """Tell jobs that this process is their run."""
    os.environ[VARIABLE] = f"{os.getpid()} {_machine()}"


def _machine() -> str:
    """Where process numbers mean the same: a machine, or a container that has its own."""
    try:
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return platform.node()


def end_with_run() -> None:
    """End this process, a job, as soon as its run has ended; nothing happens where the run is on another machine."""
    number, _, machine = os.environ.get(VARIABLE, "").partition(" ")
    if not number or machine != _machine():
        return
    try:
        # A job that a batch system started has a session of its own: it belongs to the batch system.
        if os.getsid(int(number)) != os.getsid(0):
            return
    except PermissionError:  # what another session's process means on some systems
        return
    except ProcessLookupError:
        _end()
    threading.Thread(target=_watch, args=(int(number),), daemon=True).start()


def _watch(run: int) -> None:
    """Wait for the end of a process, then end."""
    try:
        handle = os.pidfd_open(run)
    except ProcessLookupError:  # it has just ended
        _end()
    except (AttributeError, OSError):  # not Linux, or one of before 2019
        while _exists(run):
            time.sleep(_POLL_SECONDS)
    else:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.poll()
    _end()


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _end() -> None:
    """As when the job is cancelled, so that what it does then is done."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def enter(folder: str | os.PathLike) -> str:
    """Hold a folder of Snakemake's for as long as this process lives, if no other run holds it.

    Snakemake removes all locks of the folder at the end of a run, those of others too. The lock of a run that was
    there before this one, and is still alive, is put back when this process ends. (Not so that of a run that came
    later: when the first of two ends, the second goes on without a lock.)

    :param folder: ``.snakemake``.
    :returns: what a user has to know of a lock that is there, empty if there is none.
    """
    folder = Path(folder)
    locks = {path: path.read_bytes() for path in (folder / "locks").glob("*.lock")}
    before = _holder(folder)
    alone = _hold(folder)
    if not locks or alone is None:
        return ""
    if alone:
        return (
            f"note: a run that has ended without removing its lock was in this folder{before and f' ({before})'}: it "
            "was killed, or the power failed. Remove the lock with `uv run snakemake --unlock`, then give the same "
            "command again; what was finished is kept."
        )
    atexit.register(_put_back, folder, locks)
    return (
        f"note: another run is alive in this folder{before and f' ({before})'}. One that makes the same files has to "
        "wait for its end; --unlock does not end it."
    )


def is_alone() -> bool:
    """Whether this process holds the folder that it entered."""
    return bool(_held)


def _holder(folder: Path) -> str:
    """The process that holds a folder or held it last, in words."""
    try:
        return (folder / "run").read_text()
    except OSError:
        return ""


def _hold(folder: Path) -> bool | None:
    """Whether this process holds the folder from now on; None where it cannot be known."""
    try:
        folder.mkdir(exist_ok=True)
        file = (folder / "run").open("a+")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
    except BlockingIOError:
        file.close()
        return False
    except OSError:  # a folder that cannot be written, or a file system without locks
        return None
    _held.append(file)
    return True


def _put_back(folder: Path, locks: dict[Path, bytes]) -> None:
    """Make the locks of another run anew where they are gone, if it is alive."""
    gone = [path for path in locks if not path.exists()]
    if not gone or _hold(folder) is not False:
        return
    for path in gone:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(locks[path])
    if _hold(folder):  # it ended meanwhile
        for path in gone:
            path.unlink(missing_ok=True)
        return
    print(f"note: the lock of the run that is alive here ({_holder(folder)}) was put back.", file=sys.stderr)


def remove_parts(folder: str | os.PathLike) -> None:
    """Remove what killed jobs left of files that they were writing; for a run that is alone, before its first job."""
    for path in Path(folder).rglob(".*.part"):
        path.unlink(missing_ok=True)
