"""Interruptions that wait for the end of a body, and are not lost meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from deepspectra.runtime import interruptions
from deepspectra.runtime.interruptions import held_back


def run_python(code):
    environment = os.environ | {"PYTHONPATH": str(Path(interruptions.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True
    )


@pytest.fixture
def cancelled_by_exit():
    """SIGTERM as jobs take it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@pytest.fixture
def handled():
    """Signals as they are handled, by handlers that raise nothing."""
    came = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: came.append(number))
    return came


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held_back():
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_what_ends_the_process_at_once_still_does():
    code = """
        import signal
        from deepspectra.runtime.interruptions import held_back
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            print("still here")
    """
    result = run_python(code)
    assert (result.returncode, result.stdout) == (-signal.SIGTERM, "")


def test_handlers_that_are_not_python_s_are_left_alone(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(signal, "signal", None)
    with held_back():
        pass


def test_each_that_came_takes_place(handled):
    with held_back():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
    assert handled == [signal.SIGTERM, signal.SIGINT]


def test_an_interruption_while_handlers_are_put_back_costs_none_of_those_that_follow(monkeypatch, handled):
    """The handler of the other signal is then not put back."""
    put = signal.signal

    def interrupted(number, handler):
        put(number, handler)
        if handler is ours[signal.SIGINT]:
            raise KeyboardInterrupt

    ours = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.raises(KeyboardInterrupt), held_back():
        monkeypatch.setattr(signal, "signal", interrupted)
    assert signal.getsignal(signal.SIGTERM) is not ours[signal.SIGTERM]
    signal.raise_signal(signal.SIGTERM)
    assert handled == [signal.SIGTERM]


def test_a_function_can_wait_as_a_whole_and_again():
    @held_back()
    def double(value, stop):
        if stop:
            signal.raise_signal(signal.SIGINT)
        done.append(2 * value)
        return done[-1]

    done = []
    assert double(1, stop=False) == 2
    with pytest.raises(KeyboardInterrupt):
        double(2, stop=True)
    assert double(3, stop=False) == 6
    assert done == [2, 4, 6]


def test_other_threads_write_as_well():
    found = []

    def body():
        with held_back():
            found.append(True)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [True]
