"""Tables for people: Markdown beside the CSV."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

__all__ = ["markdown", "number"]


def markdown(frame: pd.DataFrame, title: str, notes: Sequence[str]) -> str:
    """A Markdown page: a title, the table with its texts unchanged, and notes below.

    :param frame: every cell a text; missing cells stay empty.
    """
    lines = [f"# {title}", "", "| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    for row in frame.itertuples(index=False):
        cells = ["" if pd.isna(cell) else str(cell).replace("|", r"\|").replace("\n", " ") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *(f"{note}\n" for note in notes)]).rstrip() + "\n"


def number(value: float, digits: int = 3) -> str:
    """A number with fixed decimals; empty if it is missing."""
    return "" if pd.isna(value) else f"{value:.{digits}f}"
