"""Record what the jobs of a scale took in job_costs.csv, from their benchmark files and logs.

    uv run resources/record_costs.py preview
    uv run resources/record_costs.py paper --directory FOLDER --config KEY=VALUE

Run it in the top folder after `snakemake --config scale=...`, which need not have made everything: jobs that were made
are recorded, and replace their own rows. Rows of other scales stay; rows of jobs that the scale no longer has go. Equal
jobs (one rule, one case and one amount of work) make one row, with the median of their processor seconds and the most
memory. Where a log has no processor time the clock's is taken, which is right only if the machine was quiet. Of a
training that was resumed it is that of the last part. Files that are on disk count: wait until no job runs, or
temporary matrices count too.
Where ResNet-34 could not be had, name what took its place: --config 'baskerville2022={features: {backbone: ...}}'.
"""

import argparse
from pathlib import Path

import pandas as pd

from deepspectra.cli.costs import OVERHEAD, dry_run, read_job_costs
from deepspectra.config import SCALES, load_settings, read_overrides
from deepspectra.data.sources.tables import WeightsEntry, load_table
from deepspectra.planning.model import job_seconds, parse_plan, schedule_overhead
from deepspectra.planning.work import work_of

ROOT = Path(__file__).resolve().parents[1]
KEY = ["scale", "rule", "case", "work"]
#: With fewer jobs in a run nothing is said of the time between them.
FEWEST_JOBS = 30


def measure(scale: str, folder: Path, own: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A row for each kind of job that was made, and the keys of all that the scale has."""
    settings = load_settings(ROOT / "config", read_overrides((), own))
    weights = load_table(ROOT / "resources" / "weights.yaml", WeightsEntry)
    rows, keys, spans = [], [], []
    for job in parse_plan(dry_run(ROOT, ["--forceall", "--config", f"scale={scale}", *own, "--", "all"])):
        if job.downloads:
            continue
        case, work = work_of(job.rule, job.wildcards, settings, weights)
        keys.append({"scale": scale, "rule": job.rule, "case": case, "work": float(f"{work:.4g}")})
        if found := job_seconds(job, folder):
            outputs = [folder / name for name in job.outputs]
            disk = sum(path.stat().st_size for path in outputs if path.is_file()) / 1e6
            rows.append(keys[-1] | {"seconds": found[0], "memory_mb": found[1], "disk_mb": disk})
            benchmark = folder / job.benchmark
            end = benchmark.stat().st_mtime
            spans.append((end - float(pd.read_csv(benchmark, sep="\t").s.iloc[0]), end))
    over = {"seconds": "median", "memory_mb": "max", "disk_mb": "median", "jobs": "sum"}
    found = pd.DataFrame(rows).assign(jobs=1).groupby(KEY, as_index=False).agg(over)
    if len(spans) >= FEWEST_JOBS:
        overhead = {"scale": scale, "rule": OVERHEAD, "case": "", "work": 1.0, "seconds": schedule_overhead(spans)}
        found = pd.concat([found, pd.DataFrame([overhead | {"memory_mb": 0, "disk_mb": 0, "jobs": len(spans)}])])
        keys.append({name: overhead[name] for name in KEY})
    return found, pd.DataFrame(keys).drop_duplicates()


def update(known: pd.DataFrame, found: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """The table with the new rows in place of the old ones, and without rows that the scale no longer has."""
    scales, places = set(found.scale), set(keys[KEY].itertuples(index=False, name=None))
    new = set(found[KEY].itertuples(index=False, name=None))
    kept = [
        place not in new and (place[0] not in scales or place in places)
        for place in known[KEY].itertuples(index=False, name=None)
    ]
    return pd.concat([known[kept], found]).sort_values(KEY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale", choices=SCALES)
    parser.add_argument("--directory", type=Path, default=ROOT, help="where the run was (default: the checkout)")
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="settings of the run")
    options = parser.parse_args()
    if not (options.directory / "results" / options.scale / "benchmarks").is_dir():
        raise SystemExit(f"error: {options.directory} has no benchmarks of {options.scale} scale; run it there first")
    measured, planned = measure(options.scale, options.directory, options.config)
    table = update(read_job_costs(ROOT), measured, planned).round({"seconds": 1, "memory_mb": 0, "disk_mb": 2})
    table.to_csv(ROOT / "resources" / "job_costs.csv", index=False, lineterminator="\n")
    jobs = measured[measured.rule != OVERHEAD].jobs
    print(f"{jobs.sum()} jobs recorded in {len(jobs)} of the {len(planned)} rows that the scale can have")
