"""The script that records what jobs took: equal jobs make one row, and rows that no longer exist go."""

from __future__ import annotations

import importlib.util

import pandas as pd
import pytest

from tests import ROOT

PLAN = """
[date]
rule draw_null_vectors:
    output: results/smoke/nulls/vectors_{d}.h5
    log: results/smoke/logs/{d}.log
    benchmark: results/smoke/benchmarks/{d}.tsv
    wildcards: scale=smoke, dimension={d}
    resources: tmpdir=/tmp
"""


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("record_costs", ROOT / "resources" / "record_costs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def measured(script, monkeypatch, tmp_path):
    """Two equal jobs and a larger one that was not made."""
    plan = "".join(PLAN.format(d=dimension) for dimension in (150, 150, 512))
    plan = (
        plan.replace("vectors_150", "vectors_first", 1)
        .replace("150.tsv", "first.tsv", 1)
        .replace("150.log", "first.log", 1)
    )
    monkeypatch.setattr(script, "dry_run", lambda *_: plan)
    folder = tmp_path / "results" / "smoke"
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "nulls").mkdir()
    for name, seconds in (("first", 3.0), ("150", 5.0)):
        (folder / "benchmarks" / f"{name}.tsv").write_text("s\th:m:s\tmax_rss\n60\t0:01:00\t100\n")
        (folder / "logs" / f"{name}.log").write_text(f"INFO: took {seconds} s of processor time and at most 321 MB\n")
    (folder / "nulls" / "vectors_150.h5").write_bytes(bytes(2_000_000))
    return script.measure("smoke", tmp_path, [])


def test_equal_jobs_make_one_row_and_unmade_ones_none(measured):
    (row,) = measured[0].to_dict("records")
    assert (row["scale"], row["rule"], row["case"]) == ("smoke", "draw_null_vectors", "")
    assert (row["seconds"], row["memory_mb"], row["disk_mb"], row["jobs"]) == (4, 321, 1, 2)
    # What the scale has, made or not.
    assert len(measured[1]) == 2


def test_new_rows_replace_old_ones_and_rows_of_jobs_that_are_no_more_go(script, measured):
    found, keys = measured
    old = found.assign(seconds=99.0)
    unmade = keys.iloc[[-1]].assign(seconds=7.0, memory_mb=1, disk_mb=1, jobs=1)
    gone = old.assign(work=123.0)
    elsewhere = old.assign(scale="paper", work=5.0)
    table = script.update(pd.concat([old, unmade, gone, elsewhere]), found, keys)
    assert sorted(table.seconds) == [4, 7, 99]
    assert set(table[table.seconds == 99].scale) == {"paper"}
