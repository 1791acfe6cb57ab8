"""The arithmetic of what a run's time went into, on a run whose files are written by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deepspectra.job import STARTED, WORKED

SCRIPT = Path(__file__).resolve().parents[2] / "resources" / "startup_share.py"
LOG = f"INFO deepspectra.job: {STARTED}\nINFO other: it took 17.5 s\nINFO deepspectra.job: {WORKED}\n"


def share(folder, *arguments):
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def run(tmp_path):
    """100 s by the clock; three jobs of 30, 40 and 50 s, of which 2, 3 and 4 are their start, and one each its end."""
    results = tmp_path / "results" / "smoke"
    for index, (seconds, started) in enumerate([(30, 2), (40, 3), (50, 4)]):
        for path, text in (
            (results / f"benchmarks/rule/{index}.tsv", f"s\tmax_rss\n{seconds}.0\t100\n"),
            (results / f"logs/rule/{index}.log", LOG % (started, seconds - started - 1)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    logs = tmp_path / ".snakemake" / "log"
    logs.mkdir(parents=True)
    (logs / "2026-01-01T000000.1.snakemake.log").write_text("Elapsed time: 5:00:00.5\n")
    (logs / "2026-01-02T000000.1.snakemake.log").write_text("one\nElapsed time: 0:01:40.000\n")
    (logs / "2026-01-03T000000.1.snakemake.log").write_text("a run that was killed\n")
    return tmp_path


def test_shares_are_of_cores_times_the_last_whole_run(run):
    lines = share(run, "smoke").stdout.splitlines()
    assert lines[0] == "3 jobs in 100 s on 2 cores; a job starts in 3.00 s"
    told = [line.split("%")[0].strip() for line in lines[1:]]
    assert told == ["54.0", "4.5", "1.5", "40.0"]
    assert share(run, "smoke", "4").stdout.splitlines()[4].startswith(" 70.0%")


def test_an_incomplete_scale_is_refused(run):
    (run / "results/smoke/logs/rule/0.log").unlink()
    done = share(run, "smoke")
    assert done.returncode == 1
    assert "3 benchmark files, 2 logs that tell of their start and 2 that tell of their work" in done.stderr
    assert "Traceback" not in done.stderr
    assert "expected one of each" in share(run, "preview").stderr
    for log in (run / ".snakemake/log").iterdir():
        log.unlink()
    assert share(run).returncode == 1


def test_a_run_that_made_only_a_part_is_refused(run):
    """Its clock has nothing to do with the jobs of earlier runs."""
    (run / ".snakemake/log/2026-01-04T000000.1.snakemake.log").write_text("Elapsed time: 0:00:50.000\n")
    done = share(run, "smoke")
    assert done.returncode == 1
    assert "took 120 s; the last run, of 50 s on 2 cores, made only a part" in done.stderr
    assert share(run, "smoke", "3").returncode == 0
