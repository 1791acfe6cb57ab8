"""Interruptions that wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Ctrl-C, and what cancels a job.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Ctrl-C and cancellation take place after the body, or the decorated function.

    For what calls Python from C, as the HDF5 library does: an exception there is lost, or comes out as another one.
    Only handlers in Python wait: what is ignored, or ends the process at once, does so in the body too.
    """
    if threading.current_thread() is not threading.main_thread():
        # Python calls handlers in the main thread alone.
        yield
        return
    came: list[int] = []
    holding = True
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}

    def note(number: int, frame: FrameType | None) -> None:
        if holding:
            came.append(number)
        else:
            # Another interruption has kept the last lines from putting the handler back.
            handlers[number](number, frame)

    try:
        for number in handlers:
            signal.signal(number, note)
        yield
    finally:
        holding = False
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
