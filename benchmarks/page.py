"""The page and the picture of all comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from benchmarks.comparison import Comparison
from benchmarks.rows import ERRORS, UNFINISHED, is_met
from deepspectra.runtime.files import replacing

__all__ = ["draw", "page"]

_INTRODUCTION = """# Side by side with peers

Made by `uv run benchmarks/run.py`; the numbers are in [`results.csv`](results.csv).

Each run is a fresh process with one thread. Ours and those of the peers alternate, and all read the same inputs.
*Seconds* are those of the processor: imports, models and conversions are left out, and so is a first call of less than
three seconds. *Times as fast* is the peer's time over ours of the same round: the median, and in brackets the range.
*Memory* is the peak of the process, libraries included. *Difference* is the largest one from our result, relative to
the largest entry unless a note says otherwise; "of" gives the tolerance, and one above it fails the run. *Error* is the
distance from the truth where that is known; the notes say which.

![Times as fast as peers](results.png)
"""


def page(table: pd.DataFrame, comparisons: Mapping[str, Comparison]) -> str:
    """All rows as Markdown, comparison by comparison."""
    parts = [_INTRODUCTION]
    for name, rows in table.groupby("comparison", sort=False):
        comparison = comparisons[str(name)]
        parts.append(f"## {comparison.title}\n")
        parts.append("| size | package | seconds | memory | times as fast | pairs | difference | error | goal | note |")
        parts.append("|---|---|---|---|---|---|---|---|---|---|")
        parts += [f"| {' | '.join(_cells(row))} |" for _, row in rows.iterrows()]
        parts.append(f"\n{comparison.note}\n" if comparison.note else "")
    for machine, rows in table.groupby("machine"):
        versions = rows.drop_duplicates(["job", "versions"])
        told = "; ".join(f"{row.job}: {row.versions}" for row in versions.itertuples() if pd.notna(row.versions))
        parts.append(f"Measured on one thread of: {machine}. {told}.")
    return "\n".join(parts) + "\n"


def _cells(row: pd.Series) -> list[str]:
    """The entries of one row of the page."""
    seconds = "" if pd.isna(row.seconds) else _range(row.seconds, row.seconds_low, row.seconds_high)
    memory = "" if pd.isna(row.gigabytes) else f"{row.gigabytes:.2f} GB"
    ratio = "" if pd.isna(row.ratio) else _range(row.ratio, row.ratio_low, row.ratio_high)
    if row.state == UNFINISHED and ratio:
        ratio = f"> {row.ratio:.3g}"
    difference = "" if pd.isna(row.difference) else f"{row.difference:.1e}"
    if difference and math.isfinite(row.tolerance):
        difference += f" of {row.tolerance:.0e}"
    if row.state in ERRORS:
        difference = f"**{row.state}** {difference}"
    error = "" if pd.isna(row.error) else f"{row.error:.1e}"
    goal = ", ".join(f"{wanted}: {'met' if met else '**missed**'}" for wanted, met in is_met(row).items())
    note = "" if pd.isna(row.note) else str(row.note).replace("|", "\\|").replace("\n", " ")
    return [row["size"], row.job, seconds, memory, ratio, f"{row.pairs:.0f}", difference, error, goal, note]


def _range(middle: float, low: float, high: float) -> str:
    return f"{middle:.3g}" if low == high else f"{middle:.3g} ({low:.3g} to {high:.3g})"


def draw(table: pd.DataFrame, comparisons: Mapping[str, Comparison], file: Path) -> None:
    """Ratios of all peers as dots with their ranges on a logarithmic axis; a tick is the goal."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rows = table[table.ratio.notna()]
    heads = [comparisons[name].title for name in dict.fromkeys(rows.comparison)]
    lines = len(rows) + len(heads)
    figure, axes = pyplot.subplots(figsize=(8, 0.8 + 0.21 * lines), layout="constrained")
    place, ticks = 0, []
    for name, group in rows.groupby("comparison", sort=False):
        ticks.append((place, comparisons[str(name)].title))
        for row in group.itertuples():
            place += 1
            ticks.append((place, f"{row.job}, {row.size}"))
            unmet = pd.notna(row.goal) and row.ratio < row.goal
            colour = "tab:red" if unmet or row.state in ERRORS else "tab:blue"
            if pd.notna(row.ratio_low):
                axes.plot([row.ratio_low, row.ratio_high], [place, place], color=colour, linewidth=2, alpha=0.5)
            axes.plot(row.ratio, place, ">" if row.state == UNFINISHED else "o", color=colour, markersize=5)
            if pd.notna(row.goal):
                axes.plot(row.goal, place, "|", color="black", markersize=9)
        place += 1
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times as fast as the peer\n(range of pairs; tick: goal; red: missed or differs)")
    axes.set_yticks([at for at, _ in ticks], [text for _, text in ticks], fontsize=8)
    for label in axes.get_yticklabels():
        if label.get_text() in heads:
            label.set_fontweight("bold")
    axes.set_ylim(place - 0.3, -0.7)
    axes.grid(axis="x", alpha=0.3)
    axes.tick_params(axis="y", length=0)
    with replacing(file) as temporary:
        figure.savefig(temporary, dpi=150, format="png", metadata={"Software": None})
    pyplot.close(figure)
