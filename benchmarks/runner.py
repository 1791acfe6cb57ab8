"""The runner: jobs in fresh processes, ours and the peers' alternating, and what becomes of their numbers."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.comparison import PROJECT, Arrays, Comparison, Job, at
from benchmarks.page import draw, page
from benchmarks.peers import interpreter, pins_of
from benchmarks.rows import COLUMNS, ERRORS, UNFINISHED, Run, result_rows
from deepspectra.runtime.digests import code_digest
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.store import processor
from deepspectra.runtime.threads import ONE_THREAD

__all__ = ["known", "main", "measure_size", "one_thread"]

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"
TABLE, PICTURE, PAGE = (FOLDER / f"results.{kind}" for kind in ("csv", "png", "md"))
_DESCRIPTION = (
    "Measure this library side by side with its peers; write the table, the picture and the page. Finished rows are "
    "kept while their code, pins and machine stay the same, so a run that was stopped goes on."
)
#: A process that waits for others gets this times its limit by the clock.
_WAITING = 10


def known() -> dict[str, str]:
    """Names of all comparisons and their modules."""
    files = sorted((FOLDER / "comparisons").glob("[a-z]*.py"))
    return {file.stem: f"benchmarks.comparisons.{file.stem}" for file in files}


def measure_size(
    name: str, module: str, comparison: Comparison, size: str, bar: ProgressBar, pairs: int | None = None
) -> pd.DataFrame:
    """Run all jobs at one size, round by round: ours, then each peer's.

    :param module: where the comparison is. :param pairs: at most, instead of as many as each job has.
    :returns: the rows of :func:`benchmarks.rows.result_rows`.
    """
    jobs = comparison.jobs_at(size)
    runs: dict[str, list[Run]] = {job: [] for job in jobs}
    bar.set_description_str(f"{name}, {size}", refresh=False)
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder, "inputs.npz")
        made = _run(module, PROJECT, "inputs", size, inputs, 600)
        if "state" in made:
            raise UserError(f"{name}: the inputs of size {size} cannot be made: {made['message']}")
        for turn in range(_pairs("deepspectra", size, jobs, pairs)):
            own: Arrays | None = None
            for job, declared in jobs.items():
                if turn >= _pairs(job, size, jobs, pairs):
                    continue
                if any("state" in run for run in runs[job]):
                    bar.update()
                    continue
                result = Path(folder, "result.npz")
                run = _run(module, declared.environment, job, str(inputs), result, declared.limit)
                if "state" not in run:
                    found = _load(result)
                    own = found if job == "deepspectra" else own
                    compared = own is not None and own is not found and at(size, declared.tolerance) is not None
                    run |= {"difference": _difference(comparison, own, found) if compared else None}
                    if comparison.error is not None:
                        run["error"] = comparison.error(_load(inputs), found)
                runs[job].append(run)
                bar.advance(f"{job}: {run.get('message') or '{:.3g} s'.format(run['seconds'])}")
    common = {"machine": processor(), "digest": _digest(module, comparison)}
    return result_rows(name, comparison, size, runs, common)


def _pairs(job: str, size: str, jobs: dict[str, Job], most: int | None) -> int:
    """How often a job runs: ours as often as the most frequent peer."""
    peers = [at(size, declared.pairs) for name, declared in jobs.items() if name != "deepspectra"]
    wanted = max(peers) if peers and job == "deepspectra" else at(size, jobs[job].pairs)
    return min(wanted, most or wanted)


def _difference(comparison: Comparison, own: Arrays, found: Arrays) -> float:
    """Infinite if the results do not fit together."""
    try:
        return comparison.difference(own, found)
    except (KeyError, ValueError) as error:
        print(f"results do not fit together: {error}", file=sys.stderr)
        return float("inf")


def _run(module: str, environment: str, job: str, source: str, target: Path, limit: float) -> dict:
    """Run one job in a fresh process with one thread; ``state`` and ``message`` tell what went wrong."""
    command = [str(interpreter(environment)), "-m", "benchmarks.measure", module, job, source, str(target)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=one_thread(), capture_output=True, text=True, timeout=_WAITING * limit
        )
        stopped = done.returncode == -signal.SIGXCPU
    except subprocess.TimeoutExpired:
        stopped = True
    if stopped:
        return {"state": UNFINISHED, "message": f"did not finish in {limit:.0f} s"}
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"state": "failed", "message": f"failed: {last}"}
    return {} if job == "inputs" else json.loads(done.stdout.splitlines()[-1])


def _load(file: Path) -> Arrays:
    with np.load(file) as arrays:
        return dict(arrays)


def _digest(module: str, comparison: Comparison) -> str:
    """Of all that determines a comparison's numbers: its file, what it imports, and the pins of its peers."""
    file = Path(str(importlib.import_module(module).__file__))
    helpers = {
        "measure",
        *re.findall(r"^from benchmarks\.(\w+) import", file.read_text(encoding="utf-8"), re.MULTILINE),
    }
    parts = [code_digest(path) for path in (file, *(FOLDER / f"{name}.py" for name in sorted(helpers)))]
    parts += [pins_of(job.environment) for job in comparison.peers.values()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def one_thread() -> dict[str, str]:
    """The environment of a process whose libraries use one thread."""
    return os.environ | ONE_THREAD


def _kept(table: pd.DataFrame, name: str, size: str, comparison: Comparison, digest: str) -> bool:
    """Whether all rows of one size are there, made by today's code on this machine, and are no errors."""
    rows = table[(table.comparison == name) & (table["size"] == size)]
    same = (rows.digest == digest) & (rows.machine == processor()) & ~rows.state.isin(ERRORS)
    return list(rows.job) == list(comparison.jobs_at(size)) and bool(same.all())


def _chosen(wanted: Sequence[str]) -> dict[str, tuple[Comparison, list[str]]]:
    """Comparisons and their sizes. :raises UserError: if there is no such name."""
    chosen: dict[str, tuple[Comparison, list[str]]] = {}
    for text in wanted or known():
        name, _, size = text.partition(":")
        if name not in known():
            raise UserError(f"there is no comparison {name!r}; known are {', '.join(known())}.")
        comparison = importlib.import_module(known()[name]).COMPARISON
        if size and size not in comparison.sizes:
            raise UserError(f"{name} has no size {size!r}; it has {', '.join(comparison.sizes)}.")
        chosen.setdefault(name, (comparison, []))[1].extend([size] if size else comparison.sizes)
    return chosen


def _write(table: pd.DataFrame, comparisons: dict[str, Comparison]) -> pd.DataFrame:
    """Write all rows of known comparisons in their order, with picture and page."""
    order = [(name, size) for name, comparison in comparisons.items() for size in comparison.sizes]
    parts = [table[(table.comparison == name) & (table["size"] == size)] for name, size in order]
    table = pd.concat(parts, ignore_index=True)
    write_table(table, TABLE, float_format="%.5g")
    draw(table, comparisons, PICTURE)
    write_text(page(table, comparisons), PAGE)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 if a result differs from ours or a job failed."""
    parser = argparse.ArgumentParser(description=_DESCRIPTION)
    parser.add_argument("names", nargs="*", metavar="NAME[:SIZE]", help=f"of {', '.join(known())}")
    parser.add_argument("--again", action="store_true", help="measure finished rows, too")
    parser.add_argument("--pairs", type=int, help="at most so many pairs, for a quick look; nothing is written")
    options = parser.parse_args(arguments)
    everything = {name: importlib.import_module(module).COMPARISON for name, module in known().items()}
    table = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=list(COLUMNS))
    due = []
    for name, (comparison, sizes) in _chosen(options.names).items():
        digest = _digest(known()[name], comparison)
        again = options.again or options.pairs
        due += [(name, comparison, size) for size in sizes if again or not _kept(table, name, size, comparison, digest)]
    for environment in {job.environment for _, one, size in due for job in one.jobs_at(size).values()}:
        interpreter(environment)
    processes = 0
    for _, comparison, size in due:
        jobs = comparison.jobs_at(size)
        processes += sum(_pairs(job, size, jobs, options.pairs) for job in jobs)
    found = []
    with ProgressBar(total=processes, desc="benchmarks", unit="run") as bar:
        for name, comparison, size in due:
            rows = measure_size(name, known()[name], comparison, size, bar, options.pairs)
            found.append(rows)
            if not options.pairs:
                others = table[(table.comparison != name) | (table["size"] != size)]
                table = _write(pd.concat([others, rows]) if len(others) else rows, everything)
    shown = pd.concat(found) if found else table
    print(page(shown, everything).partition("\n## ")[2])
    return int(shown.state.isin(ERRORS).any())
