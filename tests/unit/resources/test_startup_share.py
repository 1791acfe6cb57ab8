"""The arithmetic of what a run's time went into, on a run whose files are written by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepspectra.runtime.job import STARTED, WORKED
from tests import ROOT

SCRIPT = ROOT / "resources" / "startup_share.py"
#: When the run began.
BEGAN = 1.8e9
LOG = f"INFO deepspectra.runtime.job: {STARTED}\nINFO other: it took 17.5 s\nINFO deepspectra.runtime.job: {WORKED}\n"


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
            os.utime(path, (BEGAN + 40 * index, BEGAN + 40 * index))
    logs = tmp_path / ".snakemake" / "log"
    logs.mkdir(parents=True)
    for name, end, text in (
        ("2026-01-01T000000.1", BEGAN - 10, "Elapsed time: 5:00:00.5\n"),
        ("2026-01-02T000000.1", BEGAN + 100, "one\nElapsed time: 0:01:40.000\n"),
        ("2026-01-03T000000.1", BEGAN + 80000, "a run that was killed\n"),
        ("2026-01-04T000000.1", BEGAN + 90000, "of something else\nElapsed time: 0:03:00.0\n"),
    ):
        log = logs / f"{name}.snakemake.log"
        log.write_text(text)
        os.utime(log, (end, end))
    return tmp_path


def test_shares_are_of_cores_times_the_whole_run_that_made_the_scale(run):
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


def test_a_folder_without_a_whole_run_is_refused(run):
    for log in (run / ".snakemake/log").iterdir():
        log.unlink()
    assert "no one run has made all of" in share(run, "smoke").stderr


@pytest.mark.parametrize(("index", "when"), [(0, -30), (2, 130)])
def test_a_scale_that_several_runs_have_made_is_refused(run, index, when):
    """The clock of one has nothing to do with the jobs of others."""
    os.utime(run / f"results/smoke/logs/rule/{index}.log", (BEGAN + when, BEGAN + when))
    done = share(run, "smoke")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"no one run has made all of {Path('results/smoke')}. Make everything in one run" in done.stderr


@pytest.mark.parametrize("cores", ["0", "1"])
def test_fewer_cores_than_the_jobs_had_are_refused(run, cores):
    done = share(run, "smoke", cores)
    assert done.returncode == 1
    assert f"took 120 s, more than {cores} cores have in the 100 s of the run" in done.stderr


def test_help_tells_what_the_shares_are(run):
    done = share(run, "--help")
    assert done.returncode == 0
    assert "Starting a job is Python and its imports" in done.stdout
    assert share(run).returncode == 2
