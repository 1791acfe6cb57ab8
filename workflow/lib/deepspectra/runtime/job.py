"""What every job needs around its work: a log, a thread count, a device, and errors that a user can read."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deepspectra.runtime.errors import UserError, naming_full_disk, refused_by_the_machine
from deepspectra.runtime.watching import end_with_run

if TYPE_CHECKING:
    import torch

__all__ = ["choose_device", "job"]

logger = logging.getLogger(__name__)

# Python's last garbage collection would search everything that torch made: half a second for nothing.
atexit.register(gc.freeze)


@contextmanager
def job(log: str | Path, threads: int = 1) -> Iterator[None]:
    """Run the body of a script: log to a file, use so many threads, and print a :class:`UserError` as one message.

    A job ends with its run and when it is cancelled (SIGTERM) or interrupted (Ctrl-C): by an exception, so that
    temporary files and folders are removed.

    :param log: file for all log records; it is overwritten.
    :param threads: for torch if it has been imported; BLAS takes the number from the environment that Snakemake sets.
    :raises SystemExit: with status 1 instead of a UserError, and if the machine refuses something (a file, space on
        the disk, memory); with 128 plus the signal's number if the job is interrupted or cancelled.
    """
    # A full disk must not print a page of tracebacks about the log.
    logging.raiseExceptions = False
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    message = ""
    try:
        with naming_full_disk():
            _log_to(log)
            # Imports, since forked jobs and others begin at zero.
            logger.info("start-up took %.2f s of processor time", time.process_time())
            _set_threads(threads)
            end_with_run()
            yield
        logger.info("took %.1f s of processor time and at most %.0f MB", time.process_time(), _peak_mb())
    except KeyboardInterrupt:
        logger.error("interrupted")
        raise SystemExit(128 + signal.SIGINT) from None
    except SystemExit:
        logger.error("cancelled")
        raise
    except UserError as error:
        logger.error("%s", error)
        message = str(error)
    except Exception as error:
        logger.exception("the job failed")
        message = refused_by_the_machine(error)
        if not message:
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if message:
        print(f"\nerror: {message}\n", file=sys.stderr)
        raise SystemExit(1)


def _peak_mb() -> float:
    """The most memory that this process has had, which the samples of a benchmark miss."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _log_to(log: str | Path) -> None:
    with naming_full_disk(log):
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    form = "%(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[handler], force=True)
    # It writes a hundred lines about the tables of every font in a PDF.
    logging.getLogger("fontTools").setLevel(logging.WARNING)


def _set_threads(threads: int) -> None:
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
        # The second pool takes all cores unless it is told otherwise; it can be told once in a process, and early.
        if torch.get_num_interop_threads() != threads:
            with suppress(RuntimeError):
                torch.set_num_interop_threads(threads)


def choose_device(wanted: str, *, deterministic: bool = False) -> torch.device:
    """Choose the device to compute on and log it.

    :param wanted: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
    :param deterministic: whether equal jobs on a GPU give equal bytes, wherever torch can; before its first product.
    :raises UserError: if ``cuda`` is demanded on a machine without one.
    """
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        advice = "Use --config device=auto to compute on the CPU, or run the job on a machine with a GPU."
        raise UserError(f"device: cuda is demanded, but torch sees no CUDA device here. {advice}")
    device = torch.device("cuda" if available and wanted != "cpu" else "cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    logger.info("computing on %s (%s)", device.type, name)
    # On CPUs, where it is unnecessary, this would import torch's compiler for two seconds.
    if deterministic and device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        # Pooling and response normalisation have no deterministic form: torch warns, and last digits may differ.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.allow_tf32 = False
    return device
