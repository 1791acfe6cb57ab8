"""A model of the whole: how long the jobs of a plan take, one by one and together, from jobs that were measured.

A plan is what ``snakemake --dry-run`` prints. A job's seconds are those of the measured job of its rule and case
(:mod:`.work`) that is nearest in size, scaled in proportion to the work beyond the start. Together they are scheduled
as Snakemake does: whenever a core is free, by priority, and here the job first that the longest chain waits for.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepspectra.planning.work import Work
from deepspectra.runtime.errors import UserError

__all__ = ["Estimate", "Machine", "MeasuredJob", "PlannedJob", "Schedule", "ancestors", "estimate", "job_seconds"]
__all__ += ["parse_plan", "schedule", "schedule_overhead"]

#: Work that differs by less is that of the same size.
_SAME_SIZE = 1.25
#: A measured job with so small a share of another one's work tells what does not grow.
_MOSTLY_START = 0.1
_HEAD = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$", re.MULTILINE)
_DETAIL = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)
#: The last line of a job's log, see :func:`deepspectra.runtime.job.job`.
_TOOK = re.compile(r"took ([0-9.]+) s of processor time and at most ([0-9]+) MB")


@dataclass(frozen=True)
class PlannedJob:
    """A job of a plan: what it reads and makes, and what its rule asks for."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    benchmark: str = ""
    log: str = ""
    priority: int = 0
    gpu: bool = False
    memory_mb: float = 0.0
    disk_mb: float = 0.0

    @property
    def downloads(self) -> bool:
        """Whether it fetches something, whose time says nothing about a machine."""
        return self.rule.startswith("fetch_")


@dataclass(frozen=True)
class MeasuredJob:
    """What jobs of a rule took: ``seconds`` of one core, the median of ``jobs`` equal ones, and most MB of memory."""

    rule: str
    case: str
    work: float
    seconds: float
    memory_mb: float = 0.0
    jobs: int = 1


@dataclass(frozen=True)
class Estimate:
    """Seconds of a job, and how sure they are.

    :ivar factor: the job's work over that of the measured job that it was scaled from, or NaN if its rule was never
        measured. :ivar alike: whether that job was of the same case.
    """

    seconds: float
    factor: float
    alike: bool = True
    memory_mb: float = 0.0

    @property
    def measured(self) -> bool:
        """Whether a job like this one and of its size was measured."""
        return self.alike and 1 / _SAME_SIZE <= self.factor <= _SAME_SIZE


@dataclass(frozen=True)
class Machine:
    """What jobs run on: cores, and GPUs with as many seconds of a core in one of theirs, by rule and case."""

    name: str
    cores: int
    gpus: int = 0
    speed: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Schedule:
    """When the last of some jobs ends.

    :ivar busy: seconds of all jobs together. :ivar chain: seconds of the longest chain, below which no number of cores
        leads. :ivar last: the job that ends last.
    """

    seconds: float
    busy: float
    chain: float
    last: int


def parse_plan(text: str) -> list[PlannedJob]:
    """The jobs that a dry run of Snakemake lists, in its order; targets without files of their own are left out."""
    heads = [*_HEAD.finditer(text)]
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    jobs = [_parse_job(head.group(1), text[head.end() : end]) for head, end in zip(heads, ends, strict=True)]
    return [job for job in jobs if job.outputs]


def _parse_job(rule: str, text: str) -> PlannedJob:
    details = dict(_DETAIL.findall(text.partition("\n[")[0]))
    asked = dict(_pairs(details.get("resources", "")))
    return PlannedJob(
        rule,
        {name: value for name, value in _pairs(details.get("wildcards", "")) if name},
        tuple(name for name in details.get("input", "").split(", ") if name not in ("", "<TBD>")),
        tuple(filter(None, details.get("output", "").split(", "))),
        details.get("benchmark", ""),
        details.get("log", ""),
        int(details.get("priority", 0)),
        asked.get("gpu", "0") != "0",
        _amount(asked, "mem_mb"),
        _amount(asked, "disk_mb"),
    )


def _amount(asked: Mapping[str, str], resource: str) -> float:
    """Nothing where it follows from a file that is not there yet."""
    return 0.0 if asked.get(resource) == "<TBD>" else float(asked.get(resource, 0))


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, _, value in (part.partition("=") for part in text.split(", ")))


def ancestors(jobs: Sequence[PlannedJob], files: Collection[str]) -> set[int]:
    """Places of the jobs that some files need, directly or not."""
    makers, found = _makers(jobs), set[int]()
    waiting = [makers[file] for file in files if file in makers]
    while waiting:
        if (place := waiting.pop()) not in found:
            found.add(place)
            waiting += [makers[file] for file in jobs[place].inputs if file in makers]
    return found


def _makers(jobs: Sequence[PlannedJob]) -> dict[str, int]:
    return {file: place for place, job in enumerate(jobs) for file in job.outputs}


def job_seconds(job: PlannedJob, folder: str | Path = ".") -> tuple[float, float] | None:
    """Seconds and MB that a finished job took: processor time from its log, else the clock's from its benchmark.

    :returns: None if it has no benchmark file, which Snakemake writes at the end.
    """
    benchmark = Path(folder, job.benchmark)
    if not job.benchmark or not benchmark.is_file():
        return None
    names, values, *_ = benchmark.read_text(encoding="utf-8").splitlines()
    row = dict(zip(names.split("\t"), values.split("\t"), strict=True))
    memory = 0.0 if row["max_rss"] in ("-", "NA") else float(row["max_rss"])
    log = Path(folder, job.log)
    if job.log and log.is_file() and (took := _TOOK.findall(log.read_text(encoding="utf-8"))):
        return float(took[-1][0]), max(memory, float(took[-1][1]))
    return float(row["s"]), memory


def estimate(rule: str, work: Work, measured: Sequence[MeasuredJob]) -> Estimate:
    """Seconds of a job from measured ones.

    :param measured: all that there are. A job of no measured rule takes no time, and its factor is NaN.
    """
    of_rule = [known for known in measured if known.rule == rule]
    if not of_rule:
        return Estimate(0.0, math.nan)
    case, amount = work
    alike = [known for known in of_rule if known.case == case]

    def gap(known: MeasuredJob) -> float:
        return abs(math.log(amount / known.work)) if amount > 0 < known.work else math.inf

    near = min(alike or of_rule, key=gap)
    factor = amount / near.work if near.work else math.nan if amount else 1.0
    start = _start(near, alike or of_rule, min(known.seconds for known in measured))
    return Estimate(start + (near.seconds - start) * factor, factor, bool(alike), near.memory_mb)


def _start(near: MeasuredJob, known: Sequence[MeasuredJob], least: float) -> float:
    """Seconds that do not grow: by the line through a far smaller job, or else those of the smallest job of all."""
    smallest = min(known, key=lambda job: job.work)
    if smallest.work <= _MOSTLY_START * near.work and near.work:
        least = near.seconds - near.work * (near.seconds - smallest.seconds) / (near.work - smallest.work)
    return min(max(least, 0.0), near.seconds)


def schedule(jobs: Sequence[PlannedJob], seconds: Sequence[float], machine: Machine) -> Schedule:
    """Run jobs on a machine, in thought. Jobs that ask for a GPU take one in place of a core, where there are any.

    :param seconds: of each job on one core, or on a GPU if it takes one.
    :raises UserError: if the machine has no core.
    """
    if machine.cores < 1:
        raise UserError(f"expected at least 1 core, found {machine.cores}")
    makers = _makers(jobs)
    needs = [{makers[file] for file in job.inputs if file in makers} for job in jobs]
    followers: list[list[int]] = [[] for _ in jobs]
    for place, before in enumerate(needs):
        for earlier in before:
            followers[earlier].append(place)
    chains = _chains(needs, followers, seconds)
    missing = [len(before) for before in needs]
    # Jobs that could start, for a core (False) or a GPU (True), and places of these that are free.
    ready: dict[bool, list[tuple[float, float, int]]] = {False: [], True: []}
    free = {False: machine.cores, True: machine.gpus}

    def offer(place: int) -> None:
        kind = jobs[place].gpu and machine.gpus > 0
        heapq.heappush(ready[kind], (-jobs[place].priority, -chains[place], place))

    for place, count in enumerate(missing):
        if not count:
            offer(place)
    running: list[tuple[float, int, bool]] = []
    now, last = 0.0, 0
    while running or any(ready.values()):
        for kind, waiting in ready.items():
            while waiting and free[kind]:
                place = heapq.heappop(waiting)[2]
                free[kind] -= 1
                heapq.heappush(running, (now + seconds[place], place, kind))
        now, last, kind = heapq.heappop(running)
        free[kind] += 1
        for place in followers[last]:
            missing[place] -= 1
            if not missing[place]:
                offer(place)
    return Schedule(now, sum(seconds), max(chains, default=0.0), last)


def _chains(needs: Sequence[set[int]], followers: Sequence[list[int]], seconds: Sequence[float]) -> list[float]:
    """Seconds from the start of each job to the end of the longest chain that waits for it."""
    chains, waiting = [0.0] * len(seconds), [len(after) for after in followers]
    done = [place for place, count in enumerate(waiting) if not count]
    while done:
        place = done.pop()
        chains[place] = seconds[place] + max((chains[after] for after in followers[place]), default=0.0)
        for before in needs[place]:
            waiting[before] -= 1
            if not waiting[before]:
                done.append(before)
    return chains


def schedule_overhead(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds that Snakemake takes from the end of one job to the start of the next: the median over a run.

    :param spans: start and end of every job. The job that made room for another is the last that ended before it.
    """
    ordered = sorted(spans)
    ends = sorted(end for _, end in ordered)
    gaps = []
    for start, _ in ordered:
        before = [end for end in ends if end <= start]
        if before:
            gaps.append(start - before[-1])
    return sorted(gaps)[len(gaps) // 2] if gaps else 0.0
