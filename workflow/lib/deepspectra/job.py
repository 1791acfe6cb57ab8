"""What every job needs around its work: a log, a thread count, a device, and errors that a user can read."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deepspectra.errors import UserError

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)


@contextmanager
def job(log: str | Path, threads: int = 1) -> Iterator[None]:
    """Run the body of a script: log to a file, use so many threads, and print a :class:`UserError` as one message.

    :param log: file that receives every log record (it is written anew).
    :param threads: given to torch if it has been imported; BLAS takes it from the environment, where Snakemake puts it.
    :raises SystemExit: status 1, in place of a UserError.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        handlers=[logging.FileHandler(log, mode="w", encoding="utf-8")],
        force=True,
    )
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_num_threads(threads)
        # A pool of its own, which takes all cores of the machine if it is not told; only once in a process, and early.
        if torch.get_num_interop_threads() != threads:
            with suppress(RuntimeError):
                torch.set_num_interop_threads(threads)
    try:
        yield
    except UserError as error:
        logger.error("%s", error)
        print(f"\nerror: {error}\n", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception:
        logger.exception("the job failed")
        raise


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
