"""Write what a finished scale took into costs.csv, from the benchmark files that its jobs left.

    uv run resources/record_costs.py preview

Run it in the top folder after a fresh `snakemake --config scale=... keep_matrices=true` has made everything: kernel
matrices are temporary otherwise, but a run needs the disk for them. Rows of other scales stay.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

RESULTS, COSTS = Path("results"), Path("resources/costs.csv")
STAGES = ("kernels", "spectra", "statistics", "figures")


def measure(scale: str) -> pd.DataFrame:
    """One row per target: number of jobs, seconds of all and of the longest, peak memory and size on disk."""
    rows = []
    for folder in sorted((RESULTS / scale / "benchmarks").iterdir()):
        jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in sorted(folder.glob("*.tsv"))])
        paper, _, item = folder.name.partition("_")
        files = [path for stage in STAGES for path in (RESULTS / scale / stage / paper).rglob("*") if path.is_file()]
        own = [path for path in files if item in {path.stem, path.stem.removesuffix("_curves"), path.parent.name}]
        rows.append(
            {
                "scale": scale,
                "target": folder.name,
                "jobs": len(jobs),
                "seconds": round(jobs["s"].sum()),
                "longest_seconds": round(jobs["s"].max()),
                "memory_mb": round(jobs["max_rss"].max()),
                "disk_mb": round(sum(path.stat().st_size for path in own) / 1e6, 1),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (RESULTS / sys.argv[1] / "benchmarks").is_dir():
        raise SystemExit(__doc__)
    measured = measure(sys.argv[1])
    if COSTS.exists():
        known = pd.read_csv(COSTS)
        measured = pd.concat([known[known.scale != sys.argv[1]], measured])
    measured.sort_values(["scale", "target"]).to_csv(COSTS, index=False, lineterminator="\n")
