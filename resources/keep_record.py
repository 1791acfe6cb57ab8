"""Keep finished tables of a scale in the record, `resources/record/{scale}`, or put them back to go on elsewhere.

    uv run resources/keep_record.py keep record
    uv run resources/keep_record.py restore record

`keep` takes every table that a dry run calls up to date, with the seconds, memory, processor and commit of each job,
and for each finished figure and table its settings and the SHA-256 of what it was made from. Of record scale it also
writes the metadata of an RO-Crate, `codecheck.yml`, and `docs/results/taken.md`, a page of what it took. Rows and files
of jobs that were run elsewhere stay, as long as the scale still has them. `restore` writes the tables that are missing
below `results/{scale}`. Snakemake takes them as they are, and makes only what is left, so that a long run goes on from
the commits of an earlier machine; ask for figures by their paths, since short names also stand for spectra. Both refuse
a record that was made with other settings. Whether the code has changed since then, `jobs.csv` says by its commits.
Run `keep` in the checkout that made the results: tables stand on its published numbers, and count as not up to date in
another one.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import yaml

from deepspectra.cli.costs import dry_run
from deepspectra.config import SCALES, Settings, differences, load_settings
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning import items
from deepspectra.planning.model import PlannedJob, ancestors, job_seconds, parse_plan
from deepspectra.report.crate import CODECHECK, CRATE, codecheck, crate
from deepspectra.report.record import SUFFIX, compress, kept_names, read_record, uncompress, write_record
from deepspectra.report.taken import TAKEN, taken_page
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.store import file_hash, processor, software_versions

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "resources" / "record"
#: A job is known by its benchmark file below the scale's folder.
COLUMNS = ["job", "rule", "seconds", "memory_mb", "processor", "commit"]


def keep(scale: str, run: Path) -> str:
    """Bring the record of a scale up to date with a run in a folder; what was done, in a sentence."""
    results, folder = run / "results" / scale, RECORD / scale
    settings, known = _checked(scale)
    arguments = ["--directory", str(run), "--config", f"scale={scale}", "--"]
    jobs = parse_plan(dry_run(ROOT, ["--forceall", *arguments, "all"]))
    planned = {name.removeprefix(f"results/{scale}/") for job in jobs for name in job.outputs}
    # Not "all": spectra that are gone, or networks that unfinished items ask for, would make finished tables outdated.
    tables = [name for paper in PAPERS for item in items_of(paper) for name in _tables(paper, item, scale)]
    there = [name for name in tables if (run / name).is_file()]
    left = {name for job in parse_plan(dry_run(ROOT, [*arguments, *there])) for name in job.outputs}
    names = [name for name in kept_names(results) if name in planned and f"results/{scale}/{name}" not in left]
    for name in names:
        compress(results / name, folder / f"{name}{SUFFIX}")
    for path in folder.rglob(f"*{SUFFIX}"):
        if path.relative_to(folder).as_posix().removesuffix(SUFFIX) not in planned:
            path.unlink()
    table = _job_table(folder, jobs, run)
    write_table(table, folder / "jobs.csv")
    items_now = known | _items(scale, run, jobs, left)
    for name, item in items_now.items():
        item |= _took(settings, scale, name, jobs, table)
    write_record(folder, settings.model_dump(), items_now)
    if scale == "record":
        _describe(folder, items_now)
    return f"{len(names)} tables of this run, {len(table)} jobs, {len(items_now)} items in the record"


def restore(scale: str, run: Path) -> str:
    """Write the tables of a record that a run does not have; what was done, in a sentence."""
    folder, results = RECORD / scale, run / "results" / scale
    _checked(scale)
    places = {path: results / path.relative_to(folder).as_posix().removesuffix(SUFFIX) for path in folder.rglob("*.gz")}
    missing = {path: place for path, place in places.items() if not place.exists()}
    now = time.time()
    for path, place in missing.items():
        uncompress(path, place)
        # One time for all: what is older than its input would be made again.
        os.utime(place, (now, now))
    return f"{len(missing)} of {len(places)} tables restored"


def _checked(scale: str) -> tuple[Settings, dict[str, dict]]:
    """Today's settings and the record's items. :raises UserError: if the record was made with other settings."""
    settings, (old, known) = load_settings(ROOT / "config")[scale], read_record(RECORD / scale)
    if old and (changed := differences(Settings.model_validate(old), settings, *PAPERS)):
        raise UserError(
            f"the record of {scale} scale was made with other settings; today: {changed}. Undo the change, or delete "
            f"what it concerns from {RECORD / scale}, and items.json."
        )
    return settings, known


def _describe(folder: Path, items_now: dict[str, dict]) -> None:
    """Write what machines, other checkers and readers of the documentation are told about the record."""
    write_text(taken_page(items_now), ROOT / TAKEN)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    manifest = yaml.safe_dump(codecheck(items_now, citation), sort_keys=False, allow_unicode=True, width=120)
    write_text("---\n" + manifest, folder / CODECHECK)
    write_text(crate(folder, items_now, citation, _git("show", "-s", "--format=%cs")), folder / CRATE)


def _git(*arguments: str, folder: Path = ROOT) -> str:
    """What git says of a checkout; nothing outside of one."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True).stdout.strip()


def _commit(run: Path) -> str:
    """Of the checkout of a run, with a plus if files have changed since."""
    return _git("describe", "--always", "--abbrev=12", "--dirty=+", folder=run)


def _job_table(folder: Path, jobs: list[PlannedJob], run: Path) -> pd.DataFrame:
    """What every job took that was run here, or that the record knows."""
    path = folder / "jobs.csv"
    known = pd.read_csv(path, keep_default_na=False).set_index("job") if path.is_file() else pd.DataFrame()
    rows, here = [], (processor(), _commit(run))
    for job in jobs:
        if job.downloads:
            continue
        if found := job_seconds(job, run):
            rows.append((job.benchmark, job.rule, round(found[0], 2), round(found[1]), *here))
        elif job.benchmark in known.index:
            rows.append((job.benchmark, *known.loc[job.benchmark, COLUMNS[1:]]))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("job")


def _took(settings: Settings, scale: str, name: str, jobs: list[PlannedJob], table: pd.DataFrame) -> dict[str, object]:
    """What all jobs of an item took, those that others share included, by the table of jobs."""
    paper, _, item = name.partition("/")
    files = items.targets(settings, paper, item, scale)
    parts = [jobs[place].benchmark for place in sorted(ancestors(jobs, files)) if not jobs[place].downloads]
    measured = table[table.job.isin(parts)]
    return {
        "jobs": len(parts),
        "measured_jobs": len(measured),
        "core_seconds": round(float(measured.seconds.sum()), 1),
        "peak_memory_mb": int(measured.memory_mb.max()) if len(measured) else 0,
        "processors": sorted(set(measured.processor)),
    }


def _tables(paper: str, item: str, scale: str) -> list[str]:
    """The tables of an item, numbers and curves of a figure."""
    if items_of(paper)[item].drawing:
        return [f"results/{scale}/statistics/{paper}/{item}{part}.csv" for part in ("", "_curves")]
    return items.table_files(paper, item, "csv", scale=scale)


def _items(scale: str, run: Path, jobs: list[PlannedJob], left: set[str]) -> dict[str, dict]:
    """What is told of the items that were finished in a run; of others the record knows more."""
    settings = load_settings(ROOT / "config")
    done = {}
    for paper in PAPERS:
        for item in items_of(paper):
            files = _tables(paper, item, scale)
            if any(name in left or not (run / name).is_file() for name in files):
                continue
            if not any(files[0] in job.outputs and job_seconds(job, run) for job in jobs):
                continue
            made_from = items.inputs(settings[scale], paper, item, scale, lambda name: name)
            sources = {source for names in made_from.values() for source in names}
            done[f"{paper}/{item}"] = {
                "settings": items.parameters(settings[scale], paper, item),
                "scale": items.scale_note(settings, settings, paper, item, scale),
                "software": software_versions(),
                "made_from": {
                    source: file_hash(run / source) for source in sorted(sources) if (run / source).is_file()
                },
            }
    return done


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("keep", "restore"))
    parser.add_argument("scale", choices=SCALES)
    parser.add_argument("--directory", type=Path, default=ROOT, help="where the run is (default: the checkout)")
    options = parser.parse_args()
    try:
        print((keep if options.action == "keep" else restore)(options.scale, options.directory.resolve()))
    except UserError as error:
        sys.exit(f"error: {error}")
