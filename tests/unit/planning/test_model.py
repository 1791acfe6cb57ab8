"""The model of the whole: plans as Snakemake prints them, seconds scaled by work, and schedules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deepspectra.planning.model import (
    Machine,
    MeasuredJob,
    PlannedJob,
    ancestors,
    estimate,
    job_seconds,
    parse_plan,
    schedule,
    schedule_overhead,
)
from deepspectra.runtime.errors import UserError

PLAN = """Building DAG of jobs...
Job stats:
job      count
-----  -------
all          1
total        3

[Sun Nov 29 15:09:41 2026]
rule train_network:
    output: results/a/networks/net.h5, results/a/networks/net_history.csv
    log: results/a/logs/net.log
    jobid: 2
    benchmark: results/a/benchmarks/net.tsv
    reason: Forced execution
    wildcards: scale=a, network=net
    priority: 20
    resources: tmpdir=/tmp, gpu=1, runtime=30, mem_mb=2127, mem=2.13 GB, disk_mb=100
[Sun Nov 29 15:09:41 2026]
localrule fetch_dataset:
    output: resources/data/mnist.h5
    jobid: 3
    wildcards: dataset=mnist
    resources: tmpdir=/tmp
[Sun Nov 29 15:09:41 2026]
rule draw:
    input: results/a/networks/net.h5, resources/data/mnist.h5
    output: results/a/figure.pdf
    jobid: 1
    resources: tmpdir=/tmp, gpu=0, mem_mb=1000
[Sun Nov 29 15:09:41 2026]
rule all:
    input: results/a/figure.pdf
    jobid: 0
    resources: tmpdir=/tmp
Reasons:
    forced: all
"""


def chain(*seconds, gpu=False):
    """Jobs of which each needs the one before."""
    return [PlannedJob("r", inputs=(f"{n - 1}",), outputs=(f"{n}",), gpu=gpu) for n, _ in enumerate(seconds)]


def apart(number, first=0, **fields):
    """Jobs that need nothing."""
    return [PlannedJob("r", outputs=(f"apart{n}",), **fields) for n in range(first, first + number)]


def test_a_plan_is_what_snakemake_prints():
    trained, fetched, drawn = parse_plan(PLAN)
    assert (trained.rule, trained.wildcards) == ("train_network", {"scale": "a", "network": "net"})
    assert trained.outputs == ("results/a/networks/net.h5", "results/a/networks/net_history.csv")
    assert (trained.priority, trained.gpu, trained.memory_mb, trained.disk_mb) == (20, True, 2127, 100)
    assert (trained.benchmark, trained.log) == ("results/a/benchmarks/net.tsv", "results/a/logs/net.log")
    assert fetched.downloads
    assert not trained.downloads
    assert not drawn.downloads
    assert (drawn.inputs, drawn.gpu, drawn.priority) == (
        ("results/a/networks/net.h5", "resources/data/mnist.h5"),
        False,
        0,
    )
    assert parse_plan("Nothing to be done (all requested files are present and up to date).") == []


def test_a_target_needs_its_ancestors_alone():
    jobs = parse_plan(PLAN)
    assert ancestors(jobs, ["results/a/figure.pdf"]) == {0, 1, 2}
    assert ancestors(jobs, ["results/a/networks/net_history.csv"]) == {0}
    assert ancestors(jobs, ["elsewhere"]) == set()


@pytest.mark.parametrize("cores", [1, 2, 3, 7, 100])
def test_equal_jobs_that_need_nothing_fill_the_cores(cores):
    found = schedule(apart(20), [3.0] * 20, Machine("m", cores))
    assert found.seconds == 3 * math.ceil(20 / cores)
    assert (found.busy, found.chain) == (60, 3)


def test_a_chain_takes_as_long_as_its_jobs_however_many_cores_there_are():
    seconds = [1.0, 2.5, 4.0]
    for cores in (1, 2, 50):
        found = schedule(chain(*seconds), seconds, Machine("m", cores))
        assert (found.seconds, found.chain, found.last) == (7.5, 7.5, 2)


def test_what_most_waits_for_starts_first_and_a_priority_goes_before():
    # Longest first is best here: 6 beside 3 + 3; in the order of the plan it would take 9.
    assert schedule(apart(3), [3.0, 3.0, 6.0], Machine("m", 2)).seconds == 6
    urgent = [*apart(2, priority=1), *apart(1, first=2)]
    assert schedule(urgent, [3.0, 3.0, 6.0], Machine("m", 2)).seconds == 9


def test_never_better_than_the_bounds_and_never_worse_than_twice():
    """Graham's bound of list scheduling: the longest chain, and an equal share of the other work."""
    rng, count = np.random.default_rng(1), 60
    for cores in (1, 2, 5):
        jobs = [
            PlannedJob("r", inputs=tuple(str(m) for m in range(n) if rng.random() < 0.08), outputs=(str(n),))
            for n in range(count)
        ]
        seconds = list(rng.exponential(size=count))
        found = schedule(jobs, seconds, Machine("m", cores))
        assert found.busy == pytest.approx(sum(seconds))
        assert max(found.chain, found.busy / cores) <= found.seconds + 1e-9
        assert found.seconds <= found.chain * (1 - 1 / cores) + found.busy / cores + 1e-9
    assert schedule(jobs, seconds, Machine("m", 1)).seconds == pytest.approx(sum(seconds))


def test_jobs_for_a_gpu_take_turns_on_it_and_leave_the_cores_to_others():
    jobs = [*apart(4, gpu=True), *apart(4, first=4)]
    seconds = [1.0] * 4 + [2.0] * 4
    assert schedule(jobs, seconds, Machine("m", 2, 1)).seconds == 4
    assert schedule(jobs, seconds, Machine("m", 4, 4)).seconds == 2
    # Without a GPU they take cores.
    assert schedule(jobs, seconds, Machine("m", 2)).seconds == 6


def test_no_jobs_take_no_time_and_no_core_is_refused():
    assert schedule([], [], Machine("m", 2)).seconds == 0
    with pytest.raises(UserError, match="expected at least 1 core, found 0"):
        schedule(apart(1), [1.0], Machine("m", 0))


KNOWN = [
    MeasuredJob("train", "mlp", 10.0, 12.0, 700),
    MeasuredJob("train", "mlp", 1000.0, 1002.0, 900),
    MeasuredJob("train", "conv", 10.0, 102.0),
    MeasuredJob("draw", "", 1.0, 2.0),
]


def test_a_job_of_the_same_size_takes_what_was_measured():
    found = estimate("train", ("mlp", 1000.0), KNOWN)
    assert (found.seconds, found.factor, found.measured, found.memory_mb) == (1002, 1, True, 900)


def test_other_sizes_are_scaled_from_the_nearest_one_beyond_the_start():
    # The start is on the line through a far smaller job, or else the smallest job's of all.
    larger = estimate("train", ("mlp", 3000.0), KNOWN)
    assert larger.seconds == pytest.approx(2 + 3000)
    assert not larger.measured
    assert estimate("train", ("mlp", 20.0), KNOWN).seconds == pytest.approx(2 + 10 * 2)
    assert estimate("train", ("mlp", 11.0), KNOWN).measured


def test_another_kind_stands_for_one_that_was_never_measured_and_is_said_so():
    found = estimate("train", ("new", 1000.0), KNOWN)
    assert (found.seconds, found.alike, found.measured) == (1002, False, False)
    unknown = estimate("solve", ("", 1.0), KNOWN)
    assert unknown.seconds == 0
    assert math.isnan(unknown.factor)
    assert not unknown.measured


def test_a_job_without_work_is_like_one_without_work():
    known = [MeasuredJob("control", "", 0.0, 3.0), MeasuredJob("control", "", 50.0, 9.0)]
    assert estimate("control", ("", 50.0), known).seconds == 9
    assert estimate("control", ("", 0.0), known[:1]).measured


def test_processor_time_of_the_log_goes_before_the_clock_of_the_benchmark(tmp_path):
    job = PlannedJob("r", benchmark="b.tsv", log="r.log")
    assert job_seconds(job, tmp_path) is None
    (tmp_path / "b.tsv").write_text("s\th:m:s\tmax_rss\n50.5\t0:00:50\t210.0\n")
    assert job_seconds(job, tmp_path) == (50.5, 210)
    (tmp_path / "r.log").write_text("INFO x: epoch 1\nINFO x: took 12.3 s of processor time and at most 456 MB\n")
    assert job_seconds(job, tmp_path) == (12.3, 456)
    (tmp_path / "b.tsv").write_text("s\th:m:s\tmax_rss\n0.5\t0:00:00\t-\n")
    assert job_seconds(PlannedJob("r", benchmark="b.tsv"), tmp_path) == (0.5, 0)


def test_overhead_is_what_lies_between_an_end_and_the_next_start():
    # Two cores: each start follows an end on its own core by 2 seconds.
    first = [(start, start + 8.0) for start in range(0, 100, 10)]
    second = [(start, start + 8.0) for start in range(5, 105, 10)]
    assert schedule_overhead([*first, *second]) == pytest.approx(2)
    assert schedule_overhead([(0.0, 1.0)]) == 0
