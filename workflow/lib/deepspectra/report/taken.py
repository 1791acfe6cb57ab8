"""What the items of the record took, as they were measured: a page of the documentation."""

from collections.abc import Iterable, Mapping
from typing import Any

from deepspectra.papers.registry import PAPERS, items_of, name_of

__all__ = ["TAKEN", "taken_page"]

#: Where the page lies in a checkout.
TAKEN = "docs/results/taken.md"
_HEAD = """# What the record took

Every figure and table of [the record](record.md), as its jobs were measured; `resources/keep_record.py` makes the page.
Times are those of all jobs that an item needs, each on one core of a machine with two, beside other work: a quiet
machine takes less, and jobs that items share count for each. Memory is that of the largest job. "3 of 4" jobs were
measured where one has run elsewhere.

| item | shows | jobs | time of one core | memory | processor |
|---|---|---|---|---|---|
"""


def taken_page(items: Mapping[str, Mapping[str, Any]], jobs: Iterable[Mapping[str, Any]]) -> str:
    """The page, as Markdown.

    :param items: those of :func:`deepspectra.report.record.read_record`.
    :param jobs: rows of ``jobs.csv``: of each job the file of its benchmark, and the processor.
    """
    rows, jobs = [], list(jobs)
    for paper in PAPERS:
        for key, entry in items_of(paper).items():
            if f"{paper}/{key}" not in items:
                continue
            item = items[f"{paper}/{key}"]
            own = {job["processor"] for job in jobs if f"/{paper}_{key}/" in job["job"]}
            count = f"{item['jobs']}"
            if item["measured_jobs"] < item["jobs"]:
                count = f"{item['measured_jobs']} of {count}"
            time, memory = _time(item["core_seconds"]), f"{item['peak_memory_mb'] / 1000:.1f} GB"
            shows = f"{name_of(key)}: {entry.title}"
            rows.append(f"| `{paper}_{key}` | {shows} | {count} | {time} | {memory} | {', '.join(sorted(own))} |\n")
    missing = [f"`{paper}_{key}`" for paper in PAPERS for key in items_of(paper) if f"{paper}/{key}" not in items]
    left = f"\nNot in the record yet: {', '.join(missing)}.\n" if missing else ""
    return _HEAD + "".join(rows) + left


def _time(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.1f} h"
    )
