"""However many jobs end, one look at the waiting ones is ordered at a time, and it does come."""

from __future__ import annotations

import inspect
import threading

import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from deepspectra.runtime.rescheduling import order_one_look


class Scheduler:
    """As much of Snakemake's class as is used."""

    def __init__(self) -> None:
        self._open_jobs = threading.Semaphore(0)

    def _schedule_reevalutation(self, delay: float) -> None:
        threading.Timer(delay, lambda: self._open_jobs.release()).start()

    def looks(self) -> int:
        """How many looks are due."""
        count = 0
        while self._open_jobs.acquire(blocking=False):
            count += 1
        return count


@pytest.fixture
def waiting(monkeypatch):
    """Timers that have been started: their delays and what they will do."""
    waiting = []

    class Timer:
        def __init__(self, delay, function, args=()):
            self.entry = delay, lambda: function(*args)

        def start(self):
            waiting.append(self.entry)

    monkeypatch.setattr(threading, "Timer", Timer)
    return waiting


@pytest.fixture
def kind():
    kind = type("JobScheduler", (Scheduler,), {})
    order_one_look(kind)
    # Once is enough, however often a Snakefile is read.
    order_one_look(kind)
    return kind


def end_jobs(scheduler, waiting, jobs, seconds):
    """How many looks there are in so many seconds after some jobs have ended, if each orders the next one."""
    scheduler._open_jobs.release(jobs)
    looks = 0
    for _ in range(seconds):
        for _ in range(due := scheduler.looks()):
            scheduler._schedule_reevalutation(1)
        looks += due
        fired, waiting[:] = list(waiting), []
        for _, fire in fired:
            fire()
    return looks


def test_jobs_that_end_order_one_look_together(kind, waiting):
    assert end_jobs(Scheduler(), waiting, 10, 5) == 50
    waiting.clear()
    assert end_jobs(kind(), waiting, 10, 5) == 14


def test_schedulers_and_delays_do_not_stand_for_each_other(kind, waiting):
    one, other = kind(), kind()
    for delay in (1, 10, 1):
        one._schedule_reevalutation(delay)
    other._schedule_reevalutation(1)
    assert [delay for delay, _ in waiting] == [1, 10, 1]
    for _, fire in waiting:
        fire()
    assert (one.looks(), other.looks()) == (2, 1)


def test_a_real_timer_does_look(kind):
    scheduler = kind()
    scheduler._schedule_reevalutation(0.01)
    assert scheduler._open_jobs.acquire(timeout=30)


def test_snakemake_s_class_is_still_as_this_takes_it_to_be():
    """When it counts what it has ordered, this module can go."""
    source = inspect.getsource(JobScheduler._schedule_reevalutation)
    assert "".join(source.split()).endswith("threading.Timer(delay,lambda:self._open_jobs.release(),).start()")
    assert "if self.job_rate_limiter is not None" in inspect.getsource(JobScheduler.schedule)
