"""A comparison of sums of squares: two jobs agree, one differs, one fails, one never ends, one is not compared."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work


def inputs(count: int) -> Arrays:
    return {"values": np.random.default_rng(1).normal(size=count)}


def squares(arrays: Arrays) -> Work:
    return lambda: (arrays["values"] ** 2).cumsum()


def by_einsum(arrays: Arrays) -> Work:
    def work() -> np.ndarray:
        time.sleep(0.01)
        return np.cumsum(np.einsum("n,n->n", arrays["values"], arrays["values"]))

    return work


def wrong(arrays: Arrays) -> Work:
    return lambda: (arrays["values"] ** 2).cumsum() * (1 + 1e-3)


def failing(arrays: Arrays) -> Work:
    raise RuntimeError("no such thing")


def endless(arrays: Arrays) -> Work:
    def work() -> None:
        while True:
            pass

    return work


COMPARISON = Comparison(
    title="Sums of squares",
    inputs=inputs,
    sizes={"good": {"count": 200000}, "bad": {"count": 10}},
    ours=Job(prepare=squares),
    peers={
        "einsum": Job(prepare=by_einsum, pairs=2, sizes=("good",), goal=1, tolerance=1e-12),
        "wrong": Job(prepare=wrong, pairs=1, sizes=("bad",), tolerance=1e-4),
        "failing": Job(prepare=failing, pairs=1, sizes=("bad",)),
        "endless": Job(prepare=endless, pairs=1, sizes=("bad",), limit=2),
        "alone": Job(prepare=wrong, pairs=1, sizes=("bad",), tolerance=None),
    },
    most={"good": {"seconds": 100, "gigabytes": 1e-3}},
)
