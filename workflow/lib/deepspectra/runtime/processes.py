"""Worker processes of one thread each."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.threads import ONE_THREAD

__all__ = ["worker_processes"]


@contextmanager
def worker_processes(workers: int) -> Iterator[Executor | None]:
    """A pool of that many processes, or None to stay in this one.

    :raises UserError: if one of them is killed.
    """
    if workers < 2:
        yield None
        return
    # Fresh processes, since a copy of one with threads may hang.
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
            yield executor
    except BrokenProcessPool as error:
        raise UserError(
            f"one of {workers} processes was killed, probably for memory. Run again with fewer of them (--workers)."
        ) from error
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
