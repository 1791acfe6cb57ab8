"""Tables for people: Markdown beside the CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

__all__ = ["markdown", "number", "read_markdown"]


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


def read_markdown(text: str) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Title, columns, rows and notes of a page that :func:`markdown` wrote."""
    title, _, *lines = text.splitlines()
    cells = [_cells(line) for line in lines if line.startswith("|")]
    notes = [line for line in lines if line and not line.startswith("|")]
    return title.removeprefix("# "), cells[0], cells[2:], notes


def _cells(line: str) -> list[str]:
    r"""The cells of a row, in which ``\|`` is a bar."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
