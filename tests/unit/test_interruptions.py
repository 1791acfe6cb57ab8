"""Interruptions that wait for the end of a body, and are lost in no case."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from deepspectra.interruptions import held_back


@pytest.fixture
def cancelled_by_exit():
    """SIGTERM as jobs take it."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("cancelled_by_exit")
@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_the_body_comes_to_its_end_first(number, raised):
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    done = []

    def body():
        with held_back():
            signal.raise_signal(number)
            done.append(True)

    with pytest.raises(raised):
        body()
    assert done == [True]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_an_interruption_is_not_lost_in_an_error_of_the_body():
    def body():
        with held_back():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("of the body")

    with pytest.raises(KeyboardInterrupt) as found:
        body()
    assert isinstance(found.value.__context__, ValueError)


def test_without_an_interruption_nothing_happens():
    with pytest.raises(ValueError, match="of the body"), held_back():
        raise ValueError("of the body")


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_write_as_well():
    found = []

    def body():
        with held_back():
            found.append(True)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [True]
