"""What all tests of the library share: signals as in a terminal, whatever pytest was started by and a test does."""

import signal

import pytest


@pytest.fixture(autouse=True)
def _own_signals():
    """In the background of a shell Ctrl-C is ignored, and processes that a test starts would inherit that."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
