"""A run beside the record: do the numbers behind the claims differ by more than seeds do?

Both sides have an interval: Student's at 95 % of a mean over many draws, the range of few repetitions. Two numbers
differ beyond the spread of seeds if the gap between their intervals is wider than half of both intervals together. Of
normal numbers with equal means this happens in 1.3 % of cases for the ranges of three and three, in 0.2 % for three and
five, and in less than 0.1 % for Student's intervals (simulated, 400,000 pairs each).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.reading import COMPUTED
from deepspectra.report.verdicts import QUESTIONS, measured

__all__ = ["BEYOND", "COMPARED", "OUTCOMES", "comparison_table", "draw_comparison", "shown_rows"]

SAME, WITHIN, BEYOND, UNKNOWN, ABSENT = "same", "within the spread", "beyond the spread", "spread unknown", "absent"
#: Every outcome and what it means, in the order of tables.
OUTCOMES = {
    SAME: "equal to nine digits, as on the same processor",
    WITHIN: "the gap between both intervals is at most half of their widths together",
    BEYOND: "the gap is wider, or computed numbers differ by a thousandth of them and of the bound",
    UNKNOWN: "the numbers differ, and one side is a single draw, or both are counts or extremes without an interval",
    ABSENT: "one side has no such number",
}
COMPARED = [
    *("id", "paper", "item", "question", "quantity", "record", "record_from", "record_to"),
    *("run", "run_from", "run_to", "draws", "outcome"),
]
_EQUAL, _COMPUTED, _GAP = 1e-9, 1e-3, 0.5


def _outcome(one: Mapping[str, float], other: Mapping[str, float], bound: float) -> str:
    """Of two numbers with ``value``, ``from``, ``to`` and ``draws``; ``bound`` is the size of what a claim accepts."""
    values = one["value"], other["value"]
    if np.isnan(values).any():
        return ABSENT
    size, difference = max(map(abs, values)), abs(values[0] - values[1])
    if difference <= _EQUAL * size:
        return SAME
    if one["draws"] == other["draws"] == COMPUTED:
        # A number that is zero but for rounding is as large as the claim lets it be.
        return WITHIN if difference <= _COMPUTED * max(size, bound) else BEYOND
    widths = one["to"] - one["from"] + other["to"] - other["from"]
    # Of a count or a smallest p-value the interval is a point, though another training gives another one.
    if np.isnan(widths) or widths == 0 or min(one["draws"], other["draws"]) == 1:
        return UNKNOWN
    gap = max(one["from"] - other["to"], other["from"] - one["to"])
    return BEYOND if gap > _GAP * widths else WITHIN


def comparison_table(run: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """Two tables of claims (:data:`deepspectra.report.claims.CHECKED`) side by side: columns :data:`COMPARED`.

    A claim has a row for each question, and one alone if both are answered by the same number.
    """
    rows, known = [], record.set_index("id")
    for claim in run.to_dict("records"):
        seen: list[tuple[Any, ...]] = []
        for question in QUESTIONS:
            mine, kept = (_numbers(row, question) for row in (claim, known.loc[claim["id"]]))
            numbers = *kept.values(), *mine.values()
            if any(np.array_equal(numbers, before, equal_nan=True) for before in seen):
                continue
            seen.append(numbers)
            quantity = claim["quantity"] if question == "published" else claim["scrutiny"]
            row = {name: claim[name] for name in ("id", "paper", "item")} | {"question": question}
            bound = float(np.nanmax(np.abs([claim[f"{question}_low"], claim[f"{question}_high"]])))
            row |= {"quantity": quantity, "draws": mine["draws"], "outcome": _outcome(mine, kept, bound)}
            for side, found in (("record", kept), ("run", mine)):
                row |= {side: found["value"], f"{side}_from": found["from"], f"{side}_to": found["to"]}
            rows.append(row)
    return pd.DataFrame(rows, columns=COMPARED)


def _numbers(row: Any, question: str) -> dict[str, float]:
    return {part: float(row[f"{question}_{part}"]) for part in ("value", "from", "to", "draws")}


def shown_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The same for readers: numbers with their intervals."""
    shown = table[["id", "item", "quantity"]].copy()
    for side in ("record", "run"):
        columns = table[[side, f"{side}_from", f"{side}_to"]].to_numpy(float)
        shown[side] = [measured(*row) or "no number" for row in columns]
    return shown.assign(outcome=table.outcome)


def draw_comparison(table: pd.DataFrame, title: str) -> Figure:
    """Every number that both have, in units of the record's value: its interval and the run's."""
    both = table[~table.outcome.isin([ABSENT])].reset_index(drop=True)
    figure, axes = style.new_figure(7.0, 1.1 + 0.16 * max(len(both), 3))
    axis = axes[0, 0]
    looks = {SAME: "0.55", WITHIN: style.BLUE, UNKNOWN: style.ORANGE, BEYOND: style.VERMILION}
    for y, row in enumerate(both.itertuples()):
        scale = max(abs(row.record), abs(row.run)) or 1.0
        record, run = (
            np.array(ends) / scale for ends in ((row.record_from, row.record_to), (row.run_from, row.run_to))
        )
        axis.plot(record - row.record / scale, [y, y], color="0.8", linewidth=5, solid_capstyle="butt")
        axis.plot(run - row.record / scale, [y, y], color=looks[row.outcome], linewidth=1.2)
        axis.plot((row.run - row.record) / scale, y, "o", color=looks[row.outcome], markersize=4)
    axis.axvline(0, color="0.4", linewidth=0.6)
    names = [f"{row.id} {row.item.replace('_', ' ')}, {QUESTIONS[row.question]}" for row in both.itertuples()]
    axis.set_yticks(range(len(both)), names)
    axis.set(ylim=(len(both) - 0.4, -0.6), xlabel="difference from the record, over the larger of both values")
    axis.set_xscale("symlog", linthresh=0.1)
    axis.set_title(title, loc="left")
    marks = [axis.plot([], [], "o", color=colour, markersize=4, label=name)[0] for name, colour in looks.items()]
    marks += axis.plot([], [], color="0.8", linewidth=5, label="interval of the record")
    figure.legend(handles=marks, loc="outside lower center", ncols=3)
    return figure
