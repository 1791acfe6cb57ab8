"""Which run is alive: for its jobs, which must end with it, and for other runs in the same folder.

A run that is killed alone leaves its jobs behind. They would go on for hours and write their files while a later run,
perhaps with other parameters, makes the same ones: so every job watches its run and ends when that has ended.

Snakemake's own lock says that a run was there, not whether it lives. A run therefore holds a file that the operating
system lets go when it ends, in whatever way.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import platform
import re
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
    os.environ[VARIABLE] = f"{os.getpid()} {os.getsid(0)} {_machine()}"


def _machine() -> str:
    """Where process numbers mean the same: a machine since it was started, or a container that has its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return platform.node()


def end_with_run() -> None:
    """End this process, a job, as soon as its run has ended.

    Nothing happens where the run is on another machine, or in another session: jobs that a batch system started have
    one of their own, and belong to the batch system.
    """
    number, _, rest = os.environ.get(VARIABLE, "").partition(" ")
    session, _, machine = rest.partition(" ")
    if not number or machine != _machine() or int(session) != os.getsid(0):
        return
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
    except PermissionError:  # somebody else's
        return True
    try:
        # One that has ended and that nobody has collected writes no more.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:  # not Linux, or it has just gone
        return True


def _end() -> None:
    """As when the job is cancelled, so that what it does then is done."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def enter(folder: str | os.PathLike) -> str:
    """Be known as alive in a folder of Snakemake's for as long as this process lives.

    Snakemake removes all locks of the folder at the end of a run, those of others too. The locks that were there before
    this run, and that somebody alive may need, are put back when this process ends. (Not so those of a run that came
    later: when the first of two ends, the second goes on without a lock, and a third is only told of it.)

    :param folder: ``.snakemake``.
    :returns: what a user has to know of another run, empty if there is nothing.
    """
    folder = Path(folder)
    locks = {path: path.read_bytes() for path in _locks(folder)}
    known = _known_runs(folder)
    alone = _be_known(folder)
    if alone is False:
        atexit.register(_put_back, folder, locks)
    return _told(alone, bool(locks), known)


def look(folder: str | os.PathLike) -> str:
    """What :func:`enter` would tell of a lock, for a dry run, which writes nothing and is no neighbour of other runs.

    Snakemake plans beside any lock, but says of each that another run is alive. (For an instant this holds the file: a
    run that starts at that very moment takes it for another's, which costs a wrong note and nothing else.)
    """
    folder = Path(folder)
    if not _locks(folder):
        return ""
    file = folder / "run"
    try:
        # Network file systems let nobody hold a file alone that is open for reading only; nothing is written.
        with file.open("r+" if os.access(file, os.W_OK) else "r") as held:
            alone = _nobody_else_holds(held)
    except FileNotFoundError:  # nobody was here who could be known
        alone = True
    except OSError:
        return ""
    return _told(alone, True, _known_runs(folder))


def _locks(folder: Path) -> list[Path]:
    """Snakemake's, of runs that are alive or were killed."""
    return list((folder / "locks").glob("*.lock"))


def _told(alone: bool | None, locked: bool, known: list[str]) -> str:
    """What a user has to know of the runs that are or were in a folder, empty if there is nothing."""
    if alone is None or (alone and not locked):
        return ""
    runs = f" ({', or '.join(known)})" if known else ""
    if not alone and not locked:
        return (
            f"note: another run is alive in this folder{runs}, and a run that ended took its lock away. Do not "
            "make the same files before its end."
        )
    if not alone:
        return (
            f"note: another run is alive in this folder{runs}. One that makes the same files has to wait for its end; "
            "--unlock does not end it."
        )
    if elsewhere := [run for run in known if not run.endswith(f" on {platform.node()}")]:
        return (
            f"note: a lock is left of {', or '.join(elsewhere)}, which this machine cannot see. If nothing runs there "
            "any more, remove the lock with `uv run snakemake --unlock`, then give the same command again."
        )
    return (
        f"note: a run that has ended without removing its lock was in this folder{runs}: it was killed, or the power "
        "failed. Remove the lock with `uv run snakemake --unlock`, then give the same command again; what was finished "
        "is kept."
    )


def _known_runs(folder: Path) -> list[str]:
    """The runs that were in a folder since one was alone there last, in words."""
    try:
        return (folder / "run").read_text().splitlines()
    except OSError:
        return []


def _be_known(folder: Path) -> bool | None:
    """Share the folder's file with other runs from now on: whether there is none; None where it cannot be known."""
    try:
        folder.mkdir(exist_ok=True)
        file = (folder / "run").open("a+")
    except OSError:  # a folder that cannot be written
        return None
    try:
        alone = _nobody_else_holds(file)
        fcntl.flock(file, fcntl.LOCK_SH)
        if alone:
            file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}\n")
        file.flush()
    except OSError:  # a file system without locks
        file.close()
        return None
    _held.append(file)
    return alone


def _nobody_else_holds(file: IO[str]) -> bool:
    """Whether no other run is alive; the file is then held alone, and else not at all."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _put_back(folder: Path, locks: dict[Path, bytes]) -> None:
    """Make the locks of other runs anew where they are gone, if one of these is alive."""
    gone = [path for path in locks if not path.exists()]
    if not gone or not _held or _nobody_else_holds(_held[0]):
        return
    for path in gone:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(locks[path])
    if _nobody_else_holds(_held[0]):  # it ended meanwhile
        for path in gone:
            path.unlink(missing_ok=True)
        return
    print("note: the lock of a run that is alive in this folder was put back.", file=sys.stderr)


def part_mark() -> str:
    """What names of unfinished files say of who is writing them."""
    return f"{_machine_mark()}-{os.getpid()}"


def remove_parts(folder: str | os.PathLike) -> None:
    """Remove what killed jobs of this machine left of files that they were writing.

    Those of processes that are alive stay, and so do those of other machines, whose processes are not known here.
    """
    ours = re.compile(rf"\..*\.{_machine_mark()}-(\d+)\.[^.]*\.part")
    for path in Path(folder).rglob(".*.part"):
        if (match := ours.fullmatch(path.name)) and not _exists(int(match.group(1))):
            path.unlink(missing_ok=True)


def _machine_mark() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
