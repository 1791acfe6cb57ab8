"""Record what a finished scale took in costs.csv, from the benchmark files of its jobs.

    uv run resources/record_costs.py preview

Run it in the top folder after `snakemake --config scale=... keep_matrices=true` has made everything: otherwise the
temporary matrices are gone, whose disk space a run needs. Each target counts all jobs that it needs, shared ones too,
except downloads; `all` counts each job once. Unfinished targets are reported and left out. Rows of other scales stay,
and so do rows with basis `estimated`, written by hand, of targets that were never finished.
"""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

COSTS = Path("resources/costs.csv")


def snakemake(arguments: str) -> str:
    """The output of Snakemake."""
    command = [sys.executable, "-m", "snakemake", *arguments.split()]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def measure(scale: str, target: str) -> dict[str, object] | None:
    """A row of the table; None if the target is not finished."""
    plan = snakemake(f"--dry-run --nolock --forceall --config scale={scale} keep_matrices=true -- {target}")

    def listed(kind: str) -> list[Path]:
        found = re.findall(rf"^    {kind}: (.+)$", plan, re.MULTILINE)
        # Leave out downloads, whose time says nothing about the target.
        return [path for line in found for path in map(Path, line.split(", ")) if path.parts[0] == "results"]

    benchmarks, outputs = listed("benchmark"), listed("output")
    if missing := [path for path in benchmarks if not path.exists()]:
        print(f"{target}: not recorded, {missing[0]} is missing")
        return None
    if deleted := [path for path in outputs if not path.exists()]:
        print(f"{target}: not counted are {len(deleted)} deleted files, {deleted[0]} for one")
    jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in benchmarks])
    return {
        "scale": scale,
        "target": target,
        "jobs": len(jobs),
        "seconds": round(jobs["s"].sum()),
        "longest_seconds": round(jobs["s"].max()),
        "memory_mb": round(jobs["max_rss"].max()),
        "disk_mb": round(sum(path.stat().st_size for path in outputs if path.exists()) / 1e6, 1),
        "basis": "measured",
    }


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path("results", sys.argv[1], "benchmarks").is_dir():
        raise SystemExit(__doc__)
    targets = [name for name in snakemake("--list-target-rules").split() if re.search(r"_(figure|table)_", name)]
    rows = [row for target in [*targets, "all"] if (row := measure(sys.argv[1], target))]
    measured, known = pd.DataFrame(rows), pd.read_csv(COSTS)
    measured = pd.concat([known[(known.scale != sys.argv[1]) | ~known.target.isin(measured.target)], measured])
    measured.sort_values(["scale", "target"]).to_csv(COSTS, index=False, lineterminator="\n")
