"""Print the shares of a run that Snakemake and its jobs' starts and ends took, from its own log and benchmark files.

    uv run resources/startup_share.py preview [CORES]

Run it in the top folder after one run has made everything (`snakemake --cores 2` in a fresh clone); a scale of which
other runs have made a part is refused. The time of a run is its cores, two unless another number is given, times its
length by the clock. Of that, Snakemake has what no job used: reading the rules, choosing jobs, cores that found none,
and downloads, which are no job of a scale. Starting a job is Python and its imports, which every job's log tells as it
tells the time of its work; ending one is what is left of the job's time by its benchmark file, Python's own end for the
most part. What a job imports on its way counts as its work, one percent of a preview or a little more: the writer of
PDF, 0.1 s a figure; what torch asks for when it differentiates twice, 0.3 s where it is by hand and 1.5 s, its compiler
among it, where `torch.func` does it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow" / "lib"))

from deepspectra.runtime.job import STARTED, WORKED  # noqa: E402

ELAPSED = re.compile(r"^Elapsed time: (?:(\d+) days?, )?(\d+):(\d+):([\d.]+)$", re.MULTILINE)


def runs(folder: Path) -> Iterator[tuple[float, float]]:
    """Of all runs of Snakemake in a folder that came to their end, the last one first: seconds it took, and when."""
    for log in sorted(folder.glob(".snakemake/log/*.snakemake.log"), reverse=True):
        if found := ELAPSED.search(log.read_text(encoding="utf-8")):
            days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
            elapsed = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            # The name of the log tells when it began, but in the local time of then.
            yield elapsed.total_seconds(), log.stat().st_mtime


def told(line: str, logs: Path) -> list[float]:
    """The seconds in a line that the log of every job of a scale has."""
    pattern = re.compile(re.escape(f" deepspectra.runtime.job: {line}").replace("%\\.2f", r"([\d.]+)"))
    found = (pattern.search(path.read_text(encoding="utf-8")) for path in sorted(logs.rglob("*.log")))
    return [float(match.group(1)) for match in found if match]


def shares(wall: float, cores: int, jobs: float, started: float, worked: float) -> dict[str, float]:
    """Of the time of a run: the jobs' work, their start and end, and Snakemake with idle cores; they sum to one."""
    whole = wall * cores
    return {
        "the jobs' own work": worked / whole,
        "starting them": started / whole,
        "ending them": (jobs - started - worked) / whole,
        "Snakemake, and cores without a job": 1 - jobs / whole,
    }


def main(scale: str, cores: int) -> None:
    folder = Path("results") / scale
    jobs = [float(pd.read_csv(path, sep="\t").s.sum()) for path in sorted(folder.glob("benchmarks/**/*.tsv"))]
    started, worked = (told(line, folder / "logs") for line in (STARTED, WORKED))
    if not jobs or not len(jobs) == len(started) == len(worked):
        raise SystemExit(
            f"{folder} has {len(jobs)} benchmark files, {len(started)} logs that tell of their start and "
            f"{len(worked)} that tell of their work; expected one of each for every job. Make everything in one run "
            "first, in a fresh clone."
        )
    written = [path.stat().st_mtime for path in folder.glob("logs/**/*.log")]
    whole = [wall for wall, end in runs(Path()) if all(end - wall - 1 <= when <= end + 1 for when in written)]
    if not whole:
        raise SystemExit(f"no one run has made all of {folder}. Make everything in one run, in a fresh clone.")
    wall = whole[0]
    if sum(jobs) > wall * cores:
        raise SystemExit(
            f"the jobs of {folder} took {sum(jobs):.0f} s, more than {cores} cores have in the {wall:.0f} s of the run."
            " Give the number of cores that it had."
        )
    print(f"{len(jobs)} jobs in {wall:.0f} s on {cores} cores; a job starts in {sum(started) / len(started):.2f} s")
    for name, share in shares(wall, cores, sum(jobs), sum(started), sum(worked)).items():
        print(f"{share:6.1%}  {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale", help="paper, preview or smoke: the folder below results/")
    parser.add_argument("cores", nargs="?", type=int, default=2, help="that the run had (2)")
    options = parser.parse_args()
    main(options.scale, options.cores)
