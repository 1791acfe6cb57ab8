"""The page of what the record took says what its tables say, and of every item whether it is there."""

from __future__ import annotations

import csv
import re

from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.report.record import read_record
from deepspectra.report.taken import TAKEN, taken_page
from tests import ROOT

RECORD = ROOT / "resources" / "record" / "record"


def test_the_page_is_made_from_the_record():
    with (RECORD / "jobs.csv").open(encoding="utf-8", newline="") as file:
        page = taken_page(read_record(RECORD)[1], csv.DictReader(file))
    assert page == (ROOT / TAKEN).read_text(encoding="utf-8"), "resources/keep_record.py writes the page"
    told = re.findall(r"`([a-z0-9]+)_((?:figure|table)_\w+)`", page)
    assert sorted(told) == sorted((paper, key) for paper in PAPERS for key in items_of(paper))


def test_a_row_has_units_and_tells_what_was_not_measured():
    item = {"jobs": 4, "measured_jobs": 3, "core_seconds": 5400.0, "peak_memory_mb": 1460}
    jobs = [
        {"job": "results/record/benchmarks/fan2020_figure_1/make_numbers.tsv", "processor": "Slow"},
        {"job": "results/record/benchmarks/fan2020_figure_1/draw_kernels.tsv", "processor": "Fast"},
        {"job": "results/record/benchmarks/fan2020_figure_10/make_numbers.tsv", "processor": "Another"},
    ]
    (row,) = [line for line in taken_page({"fan2020/figure_1": item}, jobs).splitlines() if "Figure 1:" in line]
    assert row.endswith("| 3 of 4 | 90 min | 1.5 GB | Fast, Slow |")
    assert "| 99 s |" in taken_page({"fan2020/figure_1": item | {"core_seconds": 99.4}}, jobs)
    assert "| 2.0 h |" in taken_page({"fan2020/figure_1": item | {"core_seconds": 7200}}, jobs)
