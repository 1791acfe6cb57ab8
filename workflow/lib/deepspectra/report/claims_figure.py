"""The claims of the papers at a glance: published and accepted values, measured values and both verdicts."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.registry import PAPERS
from deepspectra.report.verdicts import NEEDS_PAPER, NO, QUESTIONS, UNDECIDED, YES, measured

__all__ = ["LOOKS", "draw_claims", "place"]

#: Colour, marker and sign of every verdict; each of the three suffices to tell it.
LOOKS = {
    YES: (style.GREEN, "o", "\N{CHECK MARK}"),
    NO: (style.VERMILION, "X", "\N{BALLOT X}"),
    UNDECIDED: (style.ORANGE, "D", "?"),
    NEEDS_PAPER: ("0.45", "s", "\N{EN DASH}"),
}
_EXPLAINED = (
    "Signs: first, is the claim reproduced as published? second, does it survive scrutiny? Every row in half widths of "
    "what is accepted (grey, of either question by its own bounds), logarithmic outside; with one bound it is open on "
    "the other side, its unit the bound. Filled: as published; outline: under scrutiny. Bars: the whole interval, none "
    "of a single draw. What needs paper scale is an indication. Quantities, bounds and reasons are in claims.csv and "
    "claims.md."
)
# Inches: an A3 page without its margins, a row, the space above and below the rows, and a line of small print.
_WIDTH, _ROW, _TOP, _BOTTOM, _NOTE_LINE = 11.38, 0.142, 1.22, 0.54, 0.12
# Inches from the left: signs, names, claims, the panel's two sides, and the columns of numbers.
_SIGNS, _ID, _CLAIM, _PANEL = {"published": 0.15, "scrutiny": 0.30}, 0.42, 0.72, (5.66, 6.94)
_COLUMNS = {"published": 7.03, "as published": 8.18, "under scrutiny": 9.80}
_TEXT = style.SMALLEST
# The panel ends at plus and minus this, in half widths of the accepted interval.
_END = 3.6


def place(value: float, low: float, high: float) -> float:
    """Position in a row: accepted is [-1, 1], logarithmic outside; the size of a single bound (1 for 0) is the unit."""
    if math.isnan(low) or math.isnan(high):
        bound, end = (high, 1) if math.isnan(low) else (low, -1)
        position = end + (value - bound) / (abs(bound) or 1)
    elif low == high:
        position = value - low
    else:
        position = (2 * value - low - high) / (high - low)
    return position if abs(position) <= 1 else math.copysign(1 + math.log10(abs(position)), position)


def draw_claims(checked: pd.DataFrame, note: str) -> Figure:
    """A row for each claim, grouped by paper; the note says the scale and what it reduces."""
    papers = list(dict.fromkeys(checked.paper))
    figure, axes = style.new_figure(_WIDTH, 1.0)
    style.add_note(figure, f"{note} {_EXPLAINED}")
    lines = len(checked) + 1.6 * len(papers)
    bottom = _BOTTOM + _NOTE_LINE * (1 + figure.get_supxlabel().count("\n"))
    height = lines * _ROW + _TOP + bottom
    figure.set_figheight(height)
    # Columns have fixed places, whatever their texts.
    figure.set_layout_engine("none")
    axis = axes[0, 0]
    left, right = _PANEL
    axis.set_position([left / _WIDTH, bottom / height, (right - left) / _WIDTH, lines * _ROW / height])
    axis.set(xlim=(-_END, _END), ylim=(lines, 0), yticks=[])
    axis.spines["left"].set_visible(False)
    axis.set_xticks([-1, 1], ["lower", "upper"], fontsize=_TEXT)
    axis.set_xlabel("bounds of what is accepted", fontsize=_TEXT, labelpad=1)
    for bound in (-1, 1):
        axis.axvline(bound, color="0.75", linewidth=0.4, zorder=0)
    y = 0.0
    for paper in papers:
        heading = f"{PAPERS[paper].name}: {PAPERS[paper].subject}"
        _write(axis, 0.05, y + 0.8, heading, weight="bold", fontsize=_TEXT + 1)
        y += 1.6
        for row in checked[checked.paper == paper].itertuples():
            _draw_row(axis, y + 0.5, row)
            y += 1
    for name, x in {"claim": _CLAIM, **_COLUMNS}.items():
        _write(axis, x, -0.45, name, weight="bold")
    _head(figure, axis, checked, height)
    return figure


def _draw_row(axis: Axes, y: float, row: Any) -> None:
    low, high = row.published_low, row.published_high
    ends = -_END if math.isnan(low) else -1, _END if math.isnan(high) else 1
    left, right = (-0.1, 0.1) if low == high else ends
    axis.barh(y, right - left, 0.72, left=left, color="0.91", linewidth=0, zorder=0)
    published = pd.to_numeric(row.published, errors="coerce")
    if not math.isnan(published):
        axis.plot(_inside(place(published, low, high)), y, "|", color="black", markersize=8, markeredgewidth=1.6)
    for question, below in (("scrutiny", 0.2), ("published", 0.0)):
        verdict, value, start, end = (getattr(row, f"{question}_{part}") for part in ("verdict", "value", "from", "to"))
        colour, marker, sign = LOOKS[verdict]
        look = {"color": colour, "markeredgecolor": colour, "markersize": 5, "markeredgewidth": 0.4}
        if question == "scrutiny":
            look |= {"color": "white", "markersize": 3.9, "markeredgewidth": 0.9}
        if not pd.isna(value):
            bounds = getattr(row, f"{question}_low"), getattr(row, f"{question}_high")
            _draw_value(axis, y + below, value, (start, end), bounds, marker, look)
        _write(axis, _SIGNS[question], y, sign, color=colour, weight="bold", ha="center")
        column = "under scrutiny" if question == "scrutiny" else "as published"
        _write(axis, _COLUMNS[column], y, measured(value, start, end), color=colour)
    _write(axis, _ID, y, row.id, color="0.4")
    _write(axis, _CLAIM, y, row.claim)
    printed = "" if pd.isna(row.published) else str(row.published).partition(" (")[0]
    _write(axis, _COLUMNS["published"], y, printed, color="0.15")


def _draw_value(
    axis: Axes,
    y: float,
    value: float,
    interval: tuple[float, float],
    bounds: tuple[float, float],
    marker: str,
    look: dict[str, Any],
) -> None:
    """A marker with the value's interval; values beyond the panel are an arrow head at its end."""
    if interval[1] > interval[0]:
        reach = [_inside(place(end, *bounds)) for end in interval]
        axis.plot(reach, [y, y], color=look["markeredgecolor"], linewidth=1.2)
    x = place(value, *bounds)
    if abs(x) > _END:
        marker = ">" if x > 0 else "<"
    axis.plot(_inside(x), y, marker, zorder=3, **look)


def _inside(x: float) -> float:
    return float(np.clip(x, -_END + 0.08, _END - 0.08))


def _write(axis: Axes, inches: float, y: float, text: str, **look: Any) -> None:
    share = (inches - _PANEL[0]) / (_PANEL[1] - _PANEL[0])
    options: dict[str, Any] = {"fontsize": _TEXT, "va": "center", "ha": "left"} | look
    axis.text(share, y, text.replace("$", r"\$"), transform=axis.get_yaxis_transform(), **options)


def _head(figure: Figure, axis: Axes, checked: pd.DataFrame, height: float) -> None:
    lines = [f"{len(checked)} claims of {checked.paper.nunique()} papers"]
    for question, words in QUESTIONS.items():
        counts = checked[f"{question}_verdict"].value_counts()
        lines.append(f"{words} {', '.join(f'{verdict} {counts.get(verdict, 0)}' for verdict in LOOKS)}")
    for line, text in enumerate(lines):
        look: dict[str, Any] = {"fontsize": 11 if line == 0 else 9, "weight": "bold" if line == 0 else "normal"}
        figure.text(_SIGNS["published"] / _WIDTH, 1 - (0.15 + 0.18 * line) / height, text, va="center", **look)
    marks = [
        axis.plot([], [], marker, color=colour, markersize=6, label=f"{sign} {verdict}")[0]
        for verdict, (colour, marker, sign) in LOOKS.items()
    ]
    outline: dict[str, Any] = {"color": "white", "markeredgecolor": "black", "markersize": 5}
    marks += axis.plot([], [], "o", label="under scrutiny", **outline)
    marks += axis.plot([], [], "|", color="black", markersize=9, markeredgewidth=1.8, label="published")
    corner = (_SIGNS["published"] - 0.05) / _WIDTH, 1 - 0.8 / height
    spaces: dict[str, Any] = {"handletextpad": 0.1, "columnspacing": 1.2, "borderpad": 0, "fontsize": 9}
    figure.legend(handles=marks, loc="center left", bbox_to_anchor=corner, ncols=len(marks), **spaces)
