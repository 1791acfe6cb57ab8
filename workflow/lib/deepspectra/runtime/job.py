"""What every job needs around its work: a log, a thread count, a device, and errors that a user can read."""

from __future__ import annotations

import atexit
import errno
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from deepspectra.runtime.errors import UserError, naming_full_disk
from deepspectra.runtime.watching import end_with_run

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# At its end Python looks once more through all that torch and its like have made: half a second, for nothing.
atexit.register(gc.freeze)

#: First line of every log, and last line where the job succeeds: by the clock, what Python and the imports took and
#: then the work. The rest of a job's time is its end. resources/startup_share.py adds them up.
STARTED, WORKED = "started in %.2f s", "worked for %.2f s"
#: What the machine, and not the code, is to blame for.
_DENIED = {
    getattr(errno, f"E{name}")
    for name in ["ACCES", "PERM", "ROFS", "NOTDIR", "ISDIR", "EXIST", "LOOP", "NAMETOOLONG", "IO"]
}
#: torch's words on the CPU and on a GPU, at the beginning of an error that has no type of its own.
_NO_MEMORY = ("can't allocate memory", "out of memory", "Storage size calculation overflowed")


@contextmanager
def job(log: str | Path, threads: int = 1) -> Iterator[None]:
    """Run the body of a script: log to a file, use so many threads, and print a :class:`UserError` as one message.

    A job ends with its run, and when it is cancelled: by an exception, so that temporary files and folders go. An error
    that a library makes of that exception is told in the log alone.

    :param log: file that receives every log record (it is written anew).
    :param threads: given to torch if it has been imported; BLAS takes it from the environment, where Snakemake puts it.
    :raises SystemExit: status 1, in place of a UserError, and of what the machine refuses: a file that cannot be
        written or read, a full disk, too little memory; 128 and the signal's number where the job is interrupted or
        cancelled.
    """
    # A log that the disk has no space for is no reason for a page of tracebacks.
    logging.raiseExceptions = False
    try:
        with naming_full_disk():
            _log_to(log)
            _set_threads(threads)
            logger.info(STARTED, _seconds_since_start())
            began = time.monotonic()
            with _ended_by_exception():
                end_with_run()
                yield
            logger.info(WORKED, time.monotonic() - began)
    except (KeyboardInterrupt, SystemExit) as ending:
        _end(ending, ending)
    except Exception as error:
        if ending := _ending_behind(error):
            _end(ending, error)
        if isinstance(error, UserError):
            logger.error("%s", error)
            message = str(error)
        else:
            logger.exception("the job failed")
            message = _refused_by_the_machine(error)
            if not message:
                raise
    else:
        return
    print(f"\nerror: {message}\n", file=sys.stderr)
    raise SystemExit(1) from None


def _ending_behind(error: Exception) -> KeyboardInterrupt | SystemExit | None:
    """The interruption or cancellation that an error was made of, or in whose cleaning up it arose."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, (KeyboardInterrupt, SystemExit)):
        behind = behind.__cause__ or behind.__context__
    return behind


def _end(ending: KeyboardInterrupt | SystemExit, error: BaseException) -> NoReturn:
    """End the process for an interruption or cancellation; the log tells an error that came with it."""
    interrupted = isinstance(ending, KeyboardInterrupt)
    alone = error is ending and error.__context__ is None
    logger.error("interrupted" if interrupted else "cancelled", exc_info=None if alone else error)
    raise SystemExit(128 + signal.SIGINT if interrupted else ending.code) from None


def _log_to(log: str | Path) -> None:
    """All log records go to a file, which is written anew."""
    with naming_full_disk(log):
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", handlers=[handler], force=True
    )
    # A hundred lines on the tables of every font that a PDF embeds.
    logging.getLogger("fontTools").setLevel(logging.WARNING)


def _seconds_since_start() -> float:
    """By the clock, of this process; of a processor where the system does not tell when it began."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):  # not Linux
        return time.process_time()


def _set_threads(threads: int) -> None:
    """Give torch its threads, if it has been imported."""
    if "torch" not in sys.modules:
        return
    torch = sys.modules["torch"]
    torch.set_num_threads(threads)
    # A pool of its own, which takes all cores of the machine if it is not told; only once in a process, and early.
    if torch.get_num_interop_threads() != threads:
        with suppress(RuntimeError):
            torch.set_num_interop_threads(threads)


def _refused_by_the_machine(error: Exception) -> str:
    """One message for an error that the machine is to blame for, empty for any other."""
    if isinstance(error, OSError) and error.errno in _DENIED:
        where = f" {error.filename}" if error.filename else ""
        return (
            f"cannot read or write{where}: {error.strerror}. Make room or mend the permissions there, and run again: "
            "what is finished stays."
        )
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(w in str(error) for w in _NO_MEMORY)):
        return (
            f"not enough memory ({str(error).splitlines()[0][:200] if str(error) else 'MemoryError'}). Use smaller "
            "sizes (see config/README.md) or a machine with more memory; what is finished stays."
        )
    return ""


@contextmanager
def _ended_by_exception() -> Iterator[None]:
    """SIGTERM, with which jobs are cancelled, and Ctrl-C, unless it is ignored, end the body by an exception."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if before[signal.SIGINT] is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def choose_device(wanted: str) -> torch.device:
    """The device to compute on, said in the log.

    :param wanted: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
    :raises UserError: if ``cuda`` is demanded where there is none.
    """
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise UserError(
            "device: cuda is demanded, but torch sees no CUDA device here. "
            "Use --config device=auto to compute on the CPU, or run the job on a machine with a GPU."
        )
    device = torch.device("cuda" if available and wanted != "cpu" else "cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    logger.info("computing on %s (%s)", device.type, name)
    if wanted == "auto" and not available:
        logger.info("no GPU is visible: the CPU is used instead")
    return device
