"""Draw where the time of a finished run went, and the jobs that it waited for.

    uv run python benchmarks/critical_path.py preview before.png

Run it in the folder that has the results, after a run that made them all; the picture's numbers are printed too. A
job's span is the time that Snakemake's benchmark file has, before that file was written. The critical path goes back
from the last job: to the input that was finished last or, if all had long been there, to the job that left its core.
Without waiting for cores a run takes as long as its longest chain of inputs; with perfectly filled cores, all jobs'
seconds divided by the cores. Start-up is the processor time that a job's log has from before its work: imports.
"""

import csv
import heapq
import math
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from deepspectra.papers.style import BLUE, GREEN, ORANGE, VERMILION, add_note, new_figure

__all__ = ["Job", "Planned", "chain", "critical_path", "draw", "lanes", "planned_jobs", "read_jobs", "summary"]

#: Seconds that Snakemake takes between a job and the next one on its core: longer gaps are idle.
GAP = 3.0


class Planned(NamedTuple):
    """A job as Snakemake's dry run lists it: what it is, and the files that tell about it."""

    rule: str
    wildcards: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    benchmark: str
    log: str


class Job(NamedTuple):
    """A finished job: seconds since the run began, seconds of imports (NaN where no log has them), and which jobs made
    its inputs, as places in the list."""

    rule: str
    wildcards: str
    start: float
    end: float
    start_up: float
    waits_for: tuple[int, ...]


def planned_jobs(listing: str) -> list[Planned]:
    """Jobs with benchmark files in the text that ``snakemake --dry-run --forceall`` prints."""
    planned = []
    for block in re.split(r"^(?:local)?(?:rule|checkpoint) ", listing, flags=re.MULTILINE)[1:]:
        found = dict(re.findall(r"^    (\w+): (.*)$", block, re.MULTILINE))
        if "benchmark" in found:
            files = (tuple(found.get(kind, "").split(", ")) for kind in ("input", "output"))
            rule, wildcards = block.partition(":")[0], found.get("wildcards", "")
            planned.append(Planned(rule, wildcards, *files, found["benchmark"], found.get("log", "")))
    return planned


def read_jobs(planned: Sequence[Planned]) -> list[Job]:
    """The jobs that were run, from their benchmark files and logs, in the order of their starts.

    :raises SystemExit: if a benchmark file is missing: the run is not finished.
    """
    spans, imports = [], []
    for job in planned:
        path = Path(job.benchmark)
        if not path.exists():
            raise SystemExit(f"error: {path} is missing. Finish the run first.")
        with path.open(encoding="utf-8") as file:
            seconds = float(next(csv.DictReader(file, delimiter="\t"))["s"])
        end = path.stat().st_mtime
        spans.append((end - seconds, end))
        log = Path(job.log).read_text(encoding="utf-8") if Path(job.log).is_file() else ""
        told = re.search(r"start-up took ([0-9.]+) s ", log)
        imports.append(float(told.group(1)) if told else math.nan)
    order = sorted(range(len(planned)), key=lambda number: spans[number])
    makers = {file: place for place, number in enumerate(order) for file in planned[number].outputs}
    began = spans[order[0]][0] if order else 0.0
    return [
        Job(
            planned[number].rule,
            planned[number].wildcards,
            *(time - began for time in spans[number]),
            imports[number],
            tuple(sorted({makers[file] for file in planned[number].inputs if file in makers})),
        )
        for number in order
    ]


def chain(jobs: Sequence[Job]) -> list[int]:
    """The longest chain of jobs that wait for each other's files: what the run takes on any number of cores."""
    best: dict[int, tuple[float, int | None]] = {}
    for place in sorted(range(len(jobs)), key=lambda place: jobs[place].start):
        before = max(jobs[place].waits_for, key=lambda other: best[other][0], default=None)
        seconds = jobs[place].end - jobs[place].start
        best[place] = (seconds + (best[before][0] if before is not None else 0.0), before)
    place = max(best, key=lambda place: best[place][0], default=None)
    found = []
    while place is not None:
        found.append(place)
        place = best[place][1]
    return found[::-1]


def critical_path(jobs: Sequence[Job]) -> list[int]:
    """The jobs that the run waited for, from the first to the last, by files or by cores."""
    place = max(range(len(jobs)), key=lambda place: jobs[place].end, default=None)
    found: list[int] = []
    while place is not None:
        found.append(place)
        start, inputs = jobs[place].start, jobs[place].waits_for
        place = max(inputs, key=lambda other: jobs[other].end, default=None)
        if place is None or jobs[place].end < start - GAP:
            # Spans are known to a second or so, no better.
            freed = [other for other, job in enumerate(jobs) if job.end <= start + 0.5 and other not in found]
            place = max(freed, key=lambda other: jobs[other].end, default=place)
    return found[::-1]


def lanes(jobs: Sequence[Job]) -> list[int]:
    """A row for each job, so that no two of a row overlap by more than a second: as many rows as cores were used."""
    free: list[tuple[float, int]] = []
    rows = []
    for job in jobs:
        end, row = heapq.heappop(free) if free and free[0][0] <= job.start + 1 else (0.0, len(free))
        heapq.heappush(free, (max(end, job.end), row))
        rows.append(row)
    return rows


def summary(jobs: Sequence[Job], cores: int) -> dict[str, float]:
    """Numbers of a run in seconds: how long it took, what bounds that, and which share went into start-up."""
    seconds, longest = sum(job.end - job.start for job in jobs), chain(jobs)
    known = [job for job in jobs if not math.isnan(job.start_up)]
    return {
        "jobs": len(jobs),
        "run": max(job.end for job in jobs),
        "sum of jobs": seconds,
        "sum / cores": seconds / cores,
        "longest chain": sum(jobs[place].end - jobs[place].start for place in longest),
        "start-up": sum(job.start_up for job in known) if known else math.nan,
        "start-up, share": sum(job.start_up for job in known) / sum(job.end - job.start for job in known)
        if known
        else math.nan,
        "idle, share": 1 - seconds / cores / max(job.end for job in jobs),
    }


def draw(jobs: Sequence[Job], cores: int, title: str) -> Figure:
    """The run as bars over time, a row for each core with the critical path below, and its seconds by rule."""
    figure, ((timeline,), (by_rule,)) = new_figure(11, 9.5, (2, 1))
    figure.get_layout_engine().set(h_pad=0.1)
    totals: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for job in jobs:
        totals[job.rule] += job.end - job.start
        counts[job.rule] += 1
    rules = sorted(totals, key=totals.__getitem__, reverse=True)
    colours: Mapping[str, str] = dict(zip(rules, _palette(), strict=False))
    rows, path = lanes(jobs), critical_path(jobs)
    bars = [(row, place) for place, row in enumerate(rows)] + [(max(rows) + 1, place) for place in path]
    for row, place in bars:
        job = jobs[place]
        on_path = place in path
        timeline.barh(
            row,
            job.end - job.start,
            left=job.start,
            color=colours.get(job.rule, "0.8"),
            edgecolor="black" if on_path else "white",
            linewidth=0.9 if on_path else 0.2,
            height=0.8,
        )
        if job.end - job.start > 0.014 * max(job.end for job in jobs):
            text = {"color": "black", "fontsize": 5, "rotation": 90, "ha": "center", "va": "center", "clip_on": True}
            timeline.text((job.start + job.end) / 2, row, _name(job)[:26], **text)
    timeline.set_yticks(range(max(rows) + 2), [*(f"core {row + 1}" for row in range(max(rows) + 1)), "critical path"])
    timeline.invert_yaxis()
    timeline.set_xlabel("seconds since the first job")
    timeline.set_title(title, loc="left")
    shown, on_path = rules[:24], defaultdict(float)
    for place in path:
        on_path[jobs[place].rule] += jobs[place].end - jobs[place].start
    places = range(len(shown))
    by_rule.barh(places, [totals[rule] for rule in shown], color=[colours.get(rule, "0.8") for rule in shown])
    by_rule.barh(places, [on_path[rule] for rule in shown], color="none", edgecolor="black", linewidth=0.9, height=0.5)
    by_rule.set_yticks(places, [f"{rule} ({counts[rule]})" for rule in shown])
    by_rule.invert_yaxis()
    by_rule.set_xlabel("seconds of all jobs of a rule (how many); outlined: on the critical path")
    found = summary(jobs, cores)
    words = ", ".join(
        f"{name} {value:.0%}" if "share" in name else f"{name} {value:.0f}"
        for name, value in found.items()
        if not math.isnan(value)
    )
    return add_note(figure, f"In seconds, on {cores} cores: {words}.")


def _palette() -> list[str]:
    return [VERMILION, BLUE, GREEN, ORANGE, "#CC79A7", "#56B4E9", "#F0E442", "#9FB7CD", "#B39B6B", "#8C8C8C"]


def _name(job: Job) -> str:
    """A job in a few letters."""
    values = [entry.partition("=")[2] for entry in job.wildcards.split(", ") if not entry.startswith("scale=")]
    return " ".join([job.rule.replace("_", " "), *values])


def main(scale: str, file: str, cores: int = 2) -> None:
    """Read the run of a scale and draw it."""
    command = f"{sys.executable} -m snakemake --dry-run --nolock --forceall --config scale={scale}"
    listing = subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout
    jobs = read_jobs(planned_jobs(listing))
    for name, value in summary(jobs, cores).items():
        print(f"{name:16} {value:8.2f}")
    for place in critical_path(jobs):
        print(f"{jobs[place].start:7.0f} {jobs[place].end - jobs[place].start:6.0f} s  {_name(jobs[place])}")
    draw(jobs, cores, f"{scale}: {max(job.end for job in jobs):.0f} s").savefig(file, dpi=150)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or not Path("results", sys.argv[1], "benchmarks").is_dir():
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
