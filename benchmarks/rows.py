"""Rows of the table from runs in pairs: ratios with their ranges, agreement, and whether goals are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.comparison import Comparison, at

__all__ = ["COLUMNS", "ERRORS", "NOT_COMPARED", "UNFINISHED", "Run", "is_met", "result_rows", "summary"]

#: What one process measured: ``seconds``, ``wall_seconds``, ``gigabytes``, ``versions``, perhaps ``error``; of a peer
#: its ``difference``; or what went wrong: ``state`` and ``message``.
Run = Mapping[str, Any]

UNFINISHED, NOT_COMPARED = "did not finish", "not compared"
#: States that are errors.
ERRORS = ("failed", "differs")
COLUMNS = (
    *("comparison", "size", "job", "pairs", "seconds", "seconds_low", "seconds_high", "wall_seconds", "gigabytes"),
    *("ratio", "ratio_low", "ratio_high", "goal", "most_seconds", "most_gigabytes", "most_error"),
    *("difference", "tolerance", "error"),
    *("state", "note", "versions", "machine", "digest"),
)


def summary(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, smallest and largest."""
    return median(values), min(values), max(values)


def result_rows(
    name: str, comparison: Comparison, size: str, runs: Mapping[str, Sequence[Run]], common: Mapping[str, str]
) -> pd.DataFrame:
    """One row for each job at one size, ours first, with the columns :data:`COLUMNS`.

    A ratio is a peer's seconds of the processor over ours of the same round. If the peer did not finish it is a lower
    bound.

    :param runs: of each job, round by round. :param common: ``machine`` and ``digest``.
    """
    jobs = comparison.jobs_at(size)
    own = [run.get("seconds") for run in runs["deepspectra"]]
    most = comparison.most.get(size, {})
    rows: list[dict[str, Any]] = []
    for job, declared in jobs.items():
        row: dict[str, Any] = {"comparison": name, "size": size, "job": job, "note": declared.note, **common}
        done = [run for run in runs[job] if "seconds" in run]
        stopped = next((run for run in runs[job] if "state" in run), None)
        row |= {"pairs": len(done), "goal": at(size, declared.goal), "tolerance": at(size, declared.tolerance)}
        if done:
            row |= dict(
                zip(("seconds", "seconds_low", "seconds_high"), summary([r["seconds"] for r in done]), strict=True)
            )
            row |= {key: median(run[key] for run in done) for key in ("wall_seconds", "gigabytes")}
            row["versions"] = done[-1]["versions"]
            row["error"] = done[-1].get("error")
        if job == "deepspectra":
            row |= {"state": "ours", "tolerance": None, **{f"most_{key}": value for key, value in most.items()}}
        else:
            pairs = [
                (run["seconds"], mine) for run, mine in zip(runs[job], own, strict=False) if mine and "seconds" in run
            ]
            if pairs:
                ratios = summary([theirs / mine for theirs, mine in pairs])
                row |= dict(zip(("ratio", "ratio_low", "ratio_high"), ratios, strict=True))
            differences = [run["difference"] for run in done if run.get("difference") is not None]
            row["state"] = NOT_COMPARED
            if differences and row["tolerance"] is not None:
                # One that is no number counts as the largest, and is not within the tolerance.
                row["difference"] = float(np.max(differences))
                row["state"] = "agrees" if row["difference"] <= row["tolerance"] else "differs"
        if stopped:
            row |= {"state": stopped["state"], "note": stopped["message"]}
            if stopped["state"] == UNFINISHED and any(own):
                row["ratio"] = declared.limit / median(mine for mine in own if mine)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def is_met(row: pd.Series) -> dict[str, bool]:
    """Which goals a row has, in words, and whether they are met."""
    found = {}
    if pd.notna(row.goal) and row.state not in ERRORS:
        found[f"{row.goal:.3g} times"] = bool(row.ratio >= row.goal)
    if pd.notna(row.most_seconds):
        found[f"{row.most_seconds:.3g} s"] = bool(row.seconds <= row.most_seconds)
    if pd.notna(row.most_gigabytes):
        found[f"{row.most_gigabytes:.3g} GB"] = bool(row.gigabytes <= row.most_gigabytes)
    if pd.notna(row.most_error):
        found[f"error {row.most_error:.3g}"] = bool(row.error <= row.most_error)
    return found
