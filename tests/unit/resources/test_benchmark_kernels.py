"""The benchmark's own arithmetic, and that it runs; what it measures at sizes of interest is not timed here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from tests import ROOT

PATH = ROOT / "resources" / "benchmark_kernels.py"
SPEC = importlib.util.spec_from_file_location("benchmark_kernels", PATH)
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)


def rows(**medians):
    """Processor seconds as given; the clock, which other processes slow down, says something else."""
    clock = {"least": 100.0, "median": 100.0, "gigabytes": 0.5}
    return {
        name: clock | {"processor_least": 0.5 * median, "processor_median": median} for name, median in medians.items()
    }


@pytest.mark.parametrize(
    ("medians", "ratio", "verdict"),
    [
        ({"theirs": 0.1, "ours": 0.04}, "2.5", "at least 2 hoped for: met"),
        ({"theirs": 0.1, "ours": 0.06}, "1.67", "at least 2 hoped for: missed"),
        ({"products": 20.0, "large": 28.0}, "1.4", "at most 1.5 hoped for: met"),
        ({"products": 20.0, "large": 32.0}, "1.6", "at most 1.5 hoped for: missed"),
    ],
)
def test_targets_are_ratios_of_median_processor_seconds(medians, ratio, verdict):
    found = rows(**medians)
    found.get("theirs", {})["implementation"] = "AUTO"
    _, line = benchmark.verdicts(found).splitlines()
    assert line == f"  {ratio} ({ratio}, 1, 1), {verdict}"


def test_no_target_is_met_by_what_was_not_measured():
    assert benchmark.verdicts(rows(large=3.0, ours=1.0)).strip() == ""
    assert {name for pair in benchmark.TARGETS for name in pair} <= set(benchmark.ROWS)


def test_repetitions_are_summed_up():
    found = [
        {"seconds": seconds, "processor_seconds": seconds / 2, "gigabytes": memory}
        for seconds, memory in ((3.0, 1.0), (1.0, 2.0), (5.0, 1.5))
    ]
    summary = benchmark.summary(found)
    assert (summary["least"], summary["median"], summary["gigabytes"]) == (1.0, 3.0, 2.0)
    assert (summary["processor_least"], summary["processor_median"]) == (0.5, 1.5)


def test_what_is_timed_is_the_tangent_kernel_of_the_weights_given():
    """One hidden layer, against its formula written out."""
    network = benchmark.Network(6, 4, (5,))
    x, (matrix,), readout = benchmark.small_network(network)
    before = matrix @ x
    slopes = readout[:, None] / (1 + before**2)
    expected = (np.arctan(before).T @ np.arctan(before) + (slopes.T @ slopes) * (x.T @ x)) / 5
    np.testing.assert_allclose(benchmark.our_kernel(network)().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_script_runs_at_a_tiny_size():
    page = benchmark.RESULT.read_bytes() if benchmark.RESULT.exists() else None
    done = subprocess.run([sys.executable, PATH, "--tiny"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in set(benchmark.ROWS) - {"theirs", "ours"}:
        assert f"| {benchmark.ROWS[name]} |" in done.stdout
    assert "| K_NTK |" in done.stdout
    assert (benchmark.RESULT.read_bytes() if benchmark.RESULT.exists() else None) == page


def test_unknown_arguments_are_refused():
    done = subprocess.run([sys.executable, PATH, "--size"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "uv run resources/benchmark_kernels.py" in done.stderr
