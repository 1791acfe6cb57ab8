"""What the items of the record took, as they were measured: a page of the documentation."""

from collections.abc import Mapping
from typing import Any

from deepspectra.papers.registry import PAPERS, items_of, name_of

__all__ = ["TAKEN", "taken_page"]

#: Where the page lies in a checkout.
TAKEN = "docs/results/taken.md"
_HEAD = """# What the record took

Every figure and table of [the record](record.md), as its jobs were measured; `resources/keep_record.py` makes the page
from `items.json`. Times are those of all jobs that an item needs, its drawing too, each on one core of a machine with
two, beside other work: a quiet machine takes less, and jobs that items share count for each. Memory is that of the
largest job. Where only some jobs have a measurement, "3 of 4" says so.

| item | shows | jobs | time of one core | memory | processor |
|---|---|---|---|---|---|
"""


def taken_page(items: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, as Markdown; items are those of :func:`deepspectra.report.record.read_record`."""
    rows = []
    for paper in PAPERS:
        for key, entry in items_of(paper).items():
            if f"{paper}/{key}" not in items:
                continue
            item = items[f"{paper}/{key}"]
            count = f"{item['jobs']}"
            if item["measured_jobs"] < item["jobs"]:
                count = f"{item['measured_jobs']} of {count}"
            time, memory = _time(item["core_seconds"]), f"{item['peak_memory_mb'] / 1000:.1f} GB"
            shows = f"{name_of(key)}: {entry.title}"
            rows.append(
                f"| `{paper}_{key}` | {shows} | {count} | {time} | {memory} | {', '.join(item['processors'])} |\n"
            )
    missing = [f"`{paper}_{key}`" for paper in PAPERS for key in items_of(paper) if f"{paper}/{key}" not in items]
    left = f"\nNot in the record yet: {', '.join(missing)}.\n" if missing else ""
    return _HEAD + "".join(rows) + left


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
