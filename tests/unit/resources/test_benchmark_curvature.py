"""The benchmark's own arithmetic: what it scales, compares and says. What it measures is not timed here."""

from __future__ import annotations

import importlib.util
from itertools import pairwise

import pytest

from tests import ROOT

PATH = ROOT / "resources" / "benchmark_curvature.py"
SPEC = importlib.util.spec_from_file_location("benchmark_curvature", PATH)
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)


def test_rows_scale_as_the_square_and_eigenvalues_as_the_cube():
    found = benchmark.scale({"rows": 3.0, "solver": 5.0}, 1000, 2000)
    assert found == {"rows": 12.0, "solver": 40.0, "seconds": 52.0, "gigabytes": pytest.approx(0.032)}


def test_sizes_are_those_of_the_networks():
    for size, widths in (
        (benchmark.LOGISTIC, [784, 10]),
        (benchmark.SMALL, [784, 10, 100, 10]),
        (benchmark.DEEP, [784, 10, 100, 100, 10]),
    ):
        assert size == sum((before + 1) * after for before, after in pairwise(widths))


def test_ratios_are_to_the_dense_route_of_the_same_network():
    found = {
        "dense_rows_logistic": {"rows": 40.0, "solver": 20.0, "seconds": 60.0, "gigabytes": 1.0},
        "resolved_logistic": {"seconds": 0.25, "gigabytes": 0.5},
        "resolved_deep": {"seconds": 10.0, "gigabytes": 2.0},
    }
    lines = benchmark.table(found).splitlines()
    assert len(lines) == 5
    assert lines[2].endswith("| 60 | 40.0, 20.0 | 1.00 |  |  |")
    assert lines[3].endswith("| 0.25 |  | 0.50 | 240 | 0.3 s, 200 times: met |")
    # No ratio without the row to compare with, and no target met by what was not measured.
    assert lines[4].endswith("| 10 |  | 2.00 |  | 20 s, 20 times: missed |")
    assert set(benchmark.AGAINST) | set(benchmark.AGAINST.values()) | set(benchmark.TARGETS) <= set(benchmark.ROWS)


@pytest.mark.parametrize(("seconds", "ratio", "verdict"), [(19, 21, "met"), (21, 21, "missed"), (19, 19, "missed")])
def test_both_halves_of_a_target_count(seconds, ratio, verdict):
    assert benchmark._verdict("resolved_deep", seconds, ratio) == f"20 s, 20 times: {verdict}"
    assert benchmark._verdict("resolved_test_set", 59, None) == "60 s: met"
    assert benchmark._verdict("resolved_bike", 1e9, None) == ""
