"""What a comparison declares: jobs that do the same in different packages, and what is expected of them.

The environments of all packages import this, so it knows the standard library and NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["PROJECT", "Arrays", "Comparison", "Job", "Work", "at", "largest_difference", "padded_difference"]

#: The environment of the project itself.
PROJECT = "project"

Arrays = dict[str, np.ndarray]
#: What is timed: it takes nothing and returns its result, and may be called several times.
Work = Callable[[], "np.ndarray | Mapping[str, np.ndarray]"]


def largest_difference(ours: Arrays, theirs: Arrays) -> float:
    """The largest difference of two results, relative to the largest entry of the array in which it is.

    :raises ValueError: if the results differ in names or shapes of arrays, or ours is zero throughout, which any method
        gives for a saturated network.
    """
    _check_content(ours)
    if {name: array.shape for name, array in ours.items()} != {name: array.shape for name, array in theirs.items()}:
        raise ValueError(f"results have other arrays: {_shapes(ours)} and {_shapes(theirs)}")
    return float(np.max([_relative(ours[name], theirs[name]) for name in ours]))


def padded_difference(ours: Arrays, theirs: Arrays) -> float:
    """:func:`largest_difference` of eigenvalues called ``result``, where one side may leave zeros out."""
    _check_content(ours)
    values = [np.sort(one["result"].astype(np.float64)) for one in (ours, theirs)]
    length = max(len(one) for one in values)
    both = [np.sort(np.concatenate([np.zeros(length - len(one)), one])) for one in values]
    return _relative(*both)


def _relative(one: np.ndarray, other: np.ndarray) -> float:
    scale = max(float(np.abs(other).max(initial=0.0)), float(np.abs(one).max(initial=0.0)))
    difference = float(np.abs(np.subtract(one, other, dtype=np.float64)).max(initial=0.0))
    return difference / scale if difference else 0.0


def _check_content(ours: Arrays) -> None:
    if not any(array.any() for array in ours.values()):
        raise ValueError("our result is zero throughout: nothing can be compared")


def _shapes(arrays: Arrays) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in sorted(arrays.items()))


@dataclass(frozen=True, kw_only=True)
class Job:
    """One package's way to the result.

    :ivar prepare: inputs to the work that is timed. Imports, models and conversions are left out of the time.
    :ivar environment: name of a file in ``environments``; :data:`PROJECT` for the project's own.
    :ivar sizes: those at which it runs; None for all.
    :ivar pairs: how often it runs beside ours. Fewer than five only if a run takes minutes; the table says so.
    :ivar limit: seconds of the processor after which a run is stopped; that it did not finish is then the result.
    :ivar tolerance: how far its result may be from ours; None if there is nothing to compare.
    :ivar goal: by what factor ours is to be faster.
    :ivar note: what the table says about it.

    Pairs, tolerance and goal are for all sizes, or a mapping from sizes; see :func:`at`.
    """

    prepare: Callable[[Arrays], Work]
    environment: str = PROJECT
    sizes: tuple[str, ...] | None = None
    pairs: int | Mapping[str, int] = 5
    limit: float = 300.0
    tolerance: float | Mapping[str, float] | None = 1e-8
    goal: float | Mapping[str, float] | None = None
    note: str = ""


def at(size: str, value: Any) -> Any:
    """A job's number at one size: None if it is a mapping that lacks the size."""
    return value.get(size) if isinstance(value, Mapping) else value


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The same work by several packages.

    :ivar inputs: the parameters of a size to the arrays that all jobs read; runs in the project's environment.
    :ivar sizes: label of each size, and its parameters.
    :ivar ours: our job. :ivar peers: those of others, by name and version.
    :ivar difference: of our result (first) and theirs, arrays by name; a bare array is called ``result``.
    :ivar error: of the inputs and a result, how far it is from the truth; None where nothing but ours tells.
    :ivar most: limits to our own ``seconds``, ``gigabytes`` and ``error``, by size.
    :ivar note: what the page says below the table.
    """

    title: str
    inputs: Callable[..., Arrays]
    sizes: Mapping[str, Mapping[str, Any]]
    ours: Job
    peers: Mapping[str, Job]
    difference: Callable[[Arrays, Arrays], float] = largest_difference
    error: Callable[[Arrays, Arrays], float] | None = None
    most: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    note: str = ""

    def jobs_at(self, size: str) -> dict[str, Job]:
        """Our job, called ``deepspectra``, and then those of the peers that run at a size."""
        jobs = {"deepspectra": self.ours, **self.peers}
        return {name: job for name, job in jobs.items() if job.sizes is None or size in job.sizes}
