"""Jobs end with their run, and unfinished files of dead processes are removed.

When Snakemake is killed alone, its jobs live on and could write files that a later run makes too.
"""

import hashlib
import os
import platform
import re
import secrets
import signal
import threading
import time
from pathlib import Path

__all__ = ["VARIABLE", "announce", "end_with_run", "part_name", "remove_parts"]

#: Environment variable that tells jobs the process, session and machine of their run.
VARIABLE = "DEEPSPECTRA_RUN"
#: This machine in names of unfinished files.
_MACHINE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def announce() -> None:
    """Tell the jobs that this process starts that it is their run."""
    os.environ[VARIABLE] = f"{os.getpid()} {os.getsid(0)} {_MACHINE}"


def end_with_run() -> None:
    """End this process, a job, soon after its run; not if a batch system started it, on another machine or session."""
    run, _, place = os.environ.get(VARIABLE, "").partition(" ")
    if place == f"{os.getsid(0)} {_MACHINE}":
        threading.Thread(target=_watch, args=(int(run),), daemon=True).start()


def _watch(run: int) -> None:
    while _is_alive(run):
        time.sleep(1)
    # First as if the job were cancelled, with time to clean up.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3)
    os.kill(os.getpid(), signal.SIGKILL)


def _is_alive(process: int) -> bool:
    import psutil  # comes with Snakemake; imported here because the library alone needs none

    try:
        return psutil.Process(process).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def part_name(name: str) -> str:
    """A name for the unfinished file ``name`` that says which process writes it."""
    return f".{name}.{_MACHINE}-{os.getpid()}.{secrets.token_hex(4)}.part"


def remove_parts(folder: str | os.PathLike[str]) -> None:
    """Remove the unfinished files that dead processes of this machine left below a folder."""
    ours = re.compile(rf"\..*\.{_MACHINE}-(\d+)\.[^.]*\.part")
    for path in Path(folder).rglob(".*.part"):
        if (match := ours.fullmatch(path.name)) and not _is_alive(int(match.group(1))):
            path.unlink(missing_ok=True)
