"""The page of what the record took says what its tables say, and of every item whether it is there."""

from __future__ import annotations

import csv
import re

import pytest

from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.report.record import read_record
from deepspectra.report.taken import TAKEN, taken_page
from tests import ROOT

RECORD = ROOT / "resources" / "record" / "record"


def test_the_page_is_made_from_the_record():
    page = taken_page(read_record(RECORD)[1])
    assert page == (ROOT / TAKEN).read_text(encoding="utf-8"), "resources/keep_record.py writes the page"
    told = re.findall(r"`([a-z0-9]+)_((?:figure|table)_\w+)`", page)
    assert sorted(told) == sorted((paper, key) for paper in PAPERS for key in items_of(paper))


def test_what_items_took_is_what_their_jobs_took():
    """Of an item all of whose jobs are its own."""
    with (RECORD / "jobs.csv").open(encoding="utf-8", newline="") as file:
        own = [row for row in csv.DictReader(file) if "/baskerville2022_figure_2/" in row["job"]]
    item = read_record(RECORD)[1]["baskerville2022/figure_2"]
    assert len(own) == item["jobs"] == item["measured_jobs"] == 3
    assert item["core_seconds"] == pytest.approx(sum(float(row["seconds"]) for row in own), abs=0.06)
    assert item["peak_memory_mb"] == max(int(row["memory_mb"]) for row in own)
    assert item["processors"] == sorted({row["processor"] for row in own})


def test_a_row_has_units_and_tells_what_was_not_measured():
    item = {"jobs": 4, "measured_jobs": 3, "core_seconds": 5400.0, "peak_memory_mb": 1460, "processors": ["A", "B"]}
    (row,) = [line for line in taken_page({"fan2020/figure_1": item}).splitlines() if "Figure 1:" in line]
    assert row.endswith("| 3 of 4 | 90 min | 1.5 GB | A, B |")
    assert "| 99 s |" in taken_page({"fan2020/figure_1": item | {"core_seconds": 99.4}})
    assert "| 2.0 h |" in taken_page({"fan2020/figure_1": item | {"core_seconds": 7200}})
