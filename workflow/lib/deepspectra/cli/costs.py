"""What the workflow takes with the user's own settings, and what is left of a run: plain text for a terminal."""

from __future__ import annotations

import argparse
import math
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deepspectra.cli.commands import checkout
from deepspectra.config import SCALES, Settings, load_settings, read_overrides, scale_name, sizes_of
from deepspectra.data.sources.tables import WeightsEntry, load_table
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning import items
from deepspectra.planning.model import (
    Estimate,
    Machine,
    MeasuredJob,
    PlannedJob,
    ancestors,
    estimate,
    job_seconds,
    parse_plan,
    schedule,
)
from deepspectra.planning.work import law_of, work_of
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OVERHEAD", "CostedJob", "CostedPlan", "cost_plan", "dry_run", "print_costs", "read_job_costs"]

#: What the table of measured jobs calls Snakemake's own time for one job.
OVERHEAD = "snakemake"
#: Downloads, which happen once, by data set or rule, and their sizes.
_DOWNLOADS = {
    "cifar10": "cifar10 (140 to 170 MB to download, 184 MB on disk)",
    "mnist": "mnist (12 MB, 55 MB on disk)",
    "bike": "bike (1 MB)",
    "fetch_backbone": "the network that makes features (18 to 87 MB)",
}
#: What processor the table of measured jobs is of.
_MEASURED_ON = "an AMD EPYC at 2.6 GHz"
#: So many of the longest jobs are named.
_NAMED = 6


@dataclass(frozen=True)
class CostedJob:
    """A job and what it takes on one core; ``disk_mb`` is what its outputs leave on disk."""

    job: PlannedJob
    case: str
    estimate: Estimate
    disk_mb: float


@dataclass(frozen=True)
class CostedPlan:
    """Jobs of a plan, downloads aside.

    :ivar overhead: seconds of Snakemake's own for each job.
    :ivar speeds: seconds of one core in one of a GPU's, by rule and case, or by rule alone (the case is empty).
    """

    costed: Sequence[CostedJob]
    overhead: float
    speeds: Mapping[tuple[str, str], float]

    @property
    def jobs(self) -> list[PlannedJob]:
        """The jobs alone."""
        return [entry.job for entry in self.costed]

    def of(self, places: Collection[int]) -> CostedPlan:
        """The same of some of the jobs."""
        return replace(self, costed=[self.costed[place] for place in sorted(places)])

    def seconds_on(self, machine: Machine) -> list[float]:
        """Of each job, with Snakemake's own time, on a machine: a GPU changes those that ask for one."""
        return [
            self.overhead + entry.estimate.seconds / (self._speed(entry) if machine.gpus and entry.job.gpu else 1)
            for entry in self.costed
        ]

    def _speed(self, entry: CostedJob) -> float:
        rule = entry.job.rule
        return self.speeds.get((rule, entry.case), self.speeds.get((rule, ""), 1.0))

    def hours_on(self, machine: Machine) -> float:
        """From the start of the first job to the end of the last."""
        return schedule(self.jobs, self.seconds_on(machine), machine).seconds / 3600


def dry_run(folder: Path, arguments: Sequence[str]) -> str:
    """What Snakemake would do in a checkout, as it says it.

    :raises UserError: if it refuses.
    """
    options = ["--dry-run", "--nolock", "--cores", "1", "--snakefile", str(folder / "Snakefile")]
    command = [sys.executable, "-m", "snakemake", *options, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if result.returncode:
        said = result.stdout + result.stderr
        refused = re.search(r"^error: (.+?)\s*(\n  File |\n\n|\Z)", said, re.MULTILINE | re.DOTALL)
        raise UserError(refused[1] if refused else f"Snakemake makes no plan:\n{said.strip()[-2000:]}")
    return result.stdout


def read_job_costs(folder: Path) -> pd.DataFrame:
    """The table of measured jobs: scale, rule, case, work, seconds, memory_mb, disk_mb, jobs."""
    import pandas as pd

    return pd.read_csv(folder / "resources" / "job_costs.csv", keep_default_na=False)


def cost_plan(plan: str, settings: Mapping[str, Settings], folder: Path) -> CostedPlan:
    """The jobs of a dry run with what each takes, by the tables of a checkout."""
    import pandas as pd

    table = read_job_costs(folder)
    columns = ["rule", "case", "work", "seconds", "memory_mb", "jobs"]
    known = [MeasuredJob(*row) for row in table[table.rule != OVERHEAD][columns].itertuples(index=False)]
    overhead = float(table[table.rule == OVERHEAD].seconds.mean() if (table.rule == OVERHEAD).any() else 0)
    speeds = pd.read_csv(folder / "resources" / "gpu_speeds.csv", keep_default_na=False)
    weights = load_table(folder / "resources" / "weights.yaml", WeightsEntry)
    jobs = [job for job in parse_plan(plan) if not job.downloads]
    works = [work_of(job.rule, job.wildcards, settings, weights) for job in jobs]
    sizes = table.groupby(["rule", "case"]).disk_mb.median()
    recorded = set(table[["scale", "rule", "case"]].itertuples(index=False, name=None))
    costed = []
    for job, work in zip(jobs, works, strict=True):
        found = estimate(job.rule, work, known)
        # Jobs without a law have no size; those of another scale may take another time.
        scale = sizes_of(settings, job.wildcards["scale"]) if "scale" in job.wildcards else ""
        is_known = bool(law_of(job.rule, job.wildcards)) or (scale, job.rule, work[0]) in recorded
        found = replace(found, alike=found.alike and is_known)
        costed.append(CostedJob(job, work[0], found, float(sizes.get((job.rule, work[0]), 0))))
    return CostedPlan(costed, overhead, {(row.rule, row.case): float(row.speed) for row in speeds.itertuples()})


def print_costs(options: argparse.Namespace) -> None:
    """Print what targets take with the user's settings, all of them together on several machines, and what is left.

    :raises UserError: if the number of cores is not positive, the settings have a mistake, or Snakemake has no plan.
    """
    if options.cores < 1:
        raise UserError(f"expected at least 1 core, found {options.cores}")
    folder = checkout()
    own = [f"scale={options.scale}"] if options.scale else []
    settings = load_settings(folder / "config", read_overrides(options.configfile, [*options.config, *own]))
    scale, sizes = settings.scale, sizes_of(settings, settings.scale)
    for name in options.targets:
        if (found := re.match("results/([^/]+)/", name)) and found[1] != scale:
            option = f"--scale {found[1]}" if found[1] in SCALES else f"--config run={found[1]}"
            raise UserError(f"{name} does not belong to {scale_name(scale, sizes)}. Add {option}.")
    # Snakemake runs in the checkout, wherever the user is.
    files = [str(Path(file).resolve()) for file in options.configfile]
    arguments = ["--configfile", *files] * bool(files)
    arguments += ["--config", f"scale={sizes}", *(text for text in options.config if not text.startswith("scale="))]
    run = Path(options.directory or folder).resolve()
    arguments += ["--directory", str(run)] * bool(options.directory)
    arguments += ["--", *(options.targets or ["all"])]
    told = dry_run(folder, ["--forceall", *arguments])
    plan = cost_plan(told, settings, folder)
    here = Machine(f"{options.cores} cores", options.cores)
    place = f"{'At' if scale == sizes else 'In'} {scale_name(scale, sizes)}"
    print(f"{place} with {options.cores} cores of {_MEASURED_ON} and without a GPU:\n")
    print(f"{_items(plan, settings[scale], scale, here)}{_together(plan, here)}\n")
    if (run / "results" / scale / "benchmarks").is_dir():
        left = {job.outputs for job in parse_plan(dry_run(folder, arguments))}
        print(f"{_left(plan, left, run, here)}\n")
    fetched = {word for job in parse_plan(told) if job.downloads for word in (job.rule, *job.wildcards.values())}
    if downloads := [size for name, size in _DOWNLOADS.items() if name in fetched]:
        print(f"Downloads, once: {', '.join(downloads)}.")


def _items(plan: CostedPlan, settings: Settings, scale: str, machine: Machine) -> str:
    """A row for each figure and table that the plan makes, or nothing if it makes none."""
    import pandas as pd

    rows, jobs = {}, plan.jobs
    made = {file for job in jobs for file in job.outputs}
    for paper in PAPERS:
        for item in items_of(paper):
            files = items.targets(settings, paper, item, scale)
            if files[0] not in made:  # others may share its spectra
                continue
            part = plan.of(ancestors(jobs, files))
            rows[f"{paper}_{item}"] = {
                "jobs": len(part.costed),
                "minutes": f"{60 * part.hours_on(machine):.1f}",
                "memory MB": round(max(map(_memory, part.costed), default=0)),
                "disk MB": round(_disk(part, machine)),
                "measured": f"{_share(part.costed, lambda found: found.measured):.0%}",
            }
    return f"{pd.DataFrame.from_dict(rows, orient='index').to_string()}\n\n" if rows else ""


def _share(costed: Sequence[CostedJob], chosen: Callable[[Estimate], bool]) -> float:
    """Share of the seconds that are of estimates of a kind."""
    found = [entry.estimate for entry in costed]
    return sum(each.seconds for each in found if chosen(each)) / (sum(each.seconds for each in found) or 1.0)


def _memory(entry: CostedJob) -> float:
    """As measured, or what its rule asks for at another size."""
    return entry.estimate.memory_mb if entry.estimate.measured else entry.job.memory_mb


def _disk(plan: CostedPlan, machine: Machine) -> float:
    """What stays, and temporary files of the largest job on every core."""
    return sum(entry.disk_mb for entry in plan.costed) + machine.cores * max(
        (job.disk_mb for job in plan.jobs), default=0
    )


def _together(plan: CostedPlan, here: Machine) -> str:
    """All jobs: on machines, how sure it is, and the longest."""
    if not plan.costed:
        return "Nothing to compute."
    machines = [here, *(Machine(f"{cores} cores", cores) for cores in (2, 16) if cores != here.cores)]
    machines += [Machine("16 cores and a GPU", 16, 1), Machine("Slurm: 4 GPUs, 64 cores", 64, 4)]
    sure = _share(plan.costed, lambda found: found.measured)
    alike = _share(plan.costed, lambda found: found.alike and not found.measured)
    lines = [
        f"All together {len(plan.costed)} jobs, {_time(sum(plan.seconds_on(here)) / 3600).strip()} of one core and "
        f"{_disk(plan, here):.0f} MB of disk; targets share jobs.",
        "",
        *(f"    {machine.name:<26}{_time(plan.hours_on(machine))}" for machine in machines),
        "",
        f"Of this time {sure:.0%} is of jobs that were measured at their size, {alike:.0%} scaled from other sizes",
        "of the same kind of job, and the rest from another kind. GPU speeds: resources/gpu_speeds.csv.",
    ]
    if unknown := sorted({entry.job.rule for entry in plan.costed if math.isnan(entry.estimate.factor)}):
        lines += [f"Never measured, and not counted: {', '.join(unknown)}."]
    longest = sorted(plan.costed, key=lambda entry: -entry.estimate.seconds)[:_NAMED]
    lines += ["", "The longest jobs:"]
    for entry in longest:
        found = entry.estimate
        basis = "measured" if found.measured else f"scaled {found.factor:.3g} times"
        basis += ", from another kind" * (not found.alike)
        lines.append(f"    {_time(found.seconds / 3600)}  {entry.job.outputs[0]} ({basis})")
    lines += [f"Start the longest first: snakemake --prioritize {longest[0].job.outputs[0]}"]
    return "\n".join(lines)


def _time(hours: float) -> str:
    return f"{60 * hours:8.1f} minutes" if hours < 1 else f"{hours:8.2f} hours"


def _left(plan: CostedPlan, left: Collection[tuple[str, ...]], folder: Path, machine: Machine) -> str:
    """What a run has done so far, how fast this machine was, and what is left at this speed.

    :param left: outputs of each job that is still to be made.
    """
    waiting = {place for place, job in enumerate(plan.jobs) if job.outputs in left}
    taken = expected = 0.0
    for place, entry in enumerate(plan.costed):
        if place not in waiting and (found := job_seconds(entry.job, folder)):
            taken, expected = taken + found[0], expected + entry.estimate.seconds
    hours = plan.of(waiting).hours_on(machine)
    done = (
        f"{len(plan.costed) - len(waiting)} of {len(plan.costed)} jobs are done: {taken / 3600:.2f} hours of one core"
    )
    left_over = f"Left: {hours:.2f} hours with {machine.cores} cores"
    if expected:
        speed = taken / expected
        done += f", {speed:.2f} times what the model has for them"
        left_over += f", {speed * hours:.2f} at the speed so far"
    return f"{done}.\n{left_over}."
