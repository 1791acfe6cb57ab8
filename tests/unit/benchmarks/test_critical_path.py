"""The critical path of runs that are small enough to see it."""

from __future__ import annotations

import math
import os
from itertools import pairwise

import pytest

from benchmarks.critical_path import Job, chain, critical_path, draw, lanes, planned_jobs, read_jobs, summary

LISTING = """Building DAG of jobs...
[Sun Nov 29 15:23:15 2026]
rule draw:
    input: results/tiny/numbers.csv, results/tiny/other.csv
    output: results/tiny/figure.pdf, results/tiny/figure.png
    log: results/tiny/draw.log
    jobid: 1
    benchmark: results/tiny/draw.tsv
    reason: Forced execution
    wildcards: scale=tiny, item=figure
    resources: tmpdir=/tmp
[Sun Nov 29 15:23:15 2026]
localrule make:
    output: results/tiny/numbers.csv
    log: results/tiny/make.log
    jobid: 2
    benchmark: results/tiny/make.tsv
    resources: tmpdir=/tmp
[Sun Nov 29 15:23:15 2026]
rule all:
    input: results/tiny/figure.pdf
    jobid: 0
Job stats:
"""


def job(rule, start, end, *waits_for, start_up=1.0):
    return Job(rule, "", start, end, start_up, waits_for)


@pytest.fixture
def run():
    """Two cores. ``c`` has its files at 4, but waits until ``b`` leaves its core at 9; ``d`` waits for ``c``'s file."""
    return [
        job("a", 0, 4),
        job("b", 0, 9, start_up=math.nan),
        job("e", 4, 12, 0, start_up=2.0),
        job("c", 9, 15, 0),
        job("d", 15, 20, 3),
    ]


def test_a_listing_becomes_jobs():
    draw, make = planned_jobs(LISTING)
    assert (draw.rule, draw.wildcards, draw.benchmark) == ("draw", "scale=tiny, item=figure", "results/tiny/draw.tsv")
    assert draw.inputs == ("results/tiny/numbers.csv", "results/tiny/other.csv")
    assert draw.outputs == ("results/tiny/figure.pdf", "results/tiny/figure.png")
    assert (make.rule, make.log) == ("make", "results/tiny/make.log")


def test_spans_end_when_benchmark_files_were_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "tiny"
    folder.mkdir(parents=True)
    for name, seconds, end in (("make", 10.0, 1010), ("draw", 2.5, 1013)):
        (folder / f"{name}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:10\n")
        os.utime(folder / f"{name}.tsv", (end, end))
    (folder / "make.log").write_text("INFO deepspectra.runtime.job: start-up took 1.25 s of processor time\n")
    make, draw = read_jobs(planned_jobs(LISTING))
    assert make == Job("make", "", 0.0, 10.0, 1.25, ())
    assert draw[:4] == ("draw", "scale=tiny, item=figure", 10.5, 13.0)
    assert math.isnan(draw.start_up)
    assert draw.waits_for == (0,)


def test_a_run_that_is_not_finished_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=r"draw\.tsv is missing"):
        read_jobs(planned_jobs(LISTING))


def test_the_critical_path_goes_back_over_files_and_over_cores(run):
    assert [run[place].rule for place in critical_path(run)] == ["b", "c", "d"]


def test_with_cores_enough_the_longest_chain_of_files_counts(run):
    assert [run[place].rule for place in chain(run)] == ["a", "c", "d"]
    # It is longer than any other: brute force over all chains.
    chains = {(place,) for place in range(len(run))}
    while longer := {(first, *found) for found in chains for first in run[found[0]].waits_for} - chains:
        chains |= longer
    seconds = [sum(run[place].end - run[place].start for place in found) for found in chains]
    assert summary(run, 2)["longest chain"] == max(seconds) == 15


def test_a_job_that_waits_for_its_inputs_alone_is_not_blamed_on_a_core():
    jobs = [job("long", 0, 10), job("first", 0, 3), job("second", 3.5, 12, 1)]
    assert critical_path(jobs) == [1, 2]


def test_no_row_has_two_jobs_at_once(run):
    rows = lanes(run)
    assert sorted(set(rows)) == [0, 1]
    for row in set(rows):
        spans = sorted((job.start, job.end) for job, its in zip(run, rows, strict=True) if its == row)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_numbers_of_a_run(run):
    found = summary(run, 2)
    assert (found["jobs"], found["run"], found["sum of jobs"], found["sum / cores"]) == (5, 20, 32, 16)
    assert found["start-up"] == 5
    assert found["start-up, share"] == pytest.approx(5 / 23)
    assert found["idle, share"] == pytest.approx(0.2)
    # Runs whose logs do not tell.
    assert math.isnan(summary([job("a", 0, 4, start_up=math.nan)], 2)["start-up"])


def test_the_picture_outlines_the_critical_path(run):
    figure = draw(run, 2, "tiny")
    timeline, by_rule = figure.axes
    # Five jobs in their rows, and three again below.
    bars = [bar for bars in timeline.containers for bar in bars]
    assert len(bars) == 8
    assert sum(bar.get_edgecolor() == (0, 0, 0, 1) for bar in bars) == 6
    assert [label.get_text() for label in timeline.get_yticklabels()] == ["core 1", "core 2", "critical path"]
    assert [label.get_text() for label in by_rule.get_yticklabels()] == ["b (1)", "e (1)", "c (1)", "d (1)", "a (1)"]
    assert "run 20" in figure.get_supxlabel()
