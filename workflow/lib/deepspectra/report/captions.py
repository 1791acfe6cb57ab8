"""Captions, one file a figure: a line with the title, one with the small print, and one of numbers for each series."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from deepspectra.runtime.errors import UserError

__all__ = ["Caption", "caption", "plain", "read_caption"]


class Caption(NamedTuple):
    """What a caption file holds."""

    title: str
    note: str
    numbers: list[str]


def caption(title: str, note: str, summary: pd.DataFrame | None = None, lines: Sequence[str] = ()) -> str:
    """Text of a caption file; ``summary``, if there is one, has rows of :mod:`deepspectra.papers.rows`."""
    return "\n".join([title, plain(note), *([] if summary is None else _numbers(summary)), *lines]) + "\n"


def read_caption(path: str | Path) -> Caption:
    """Read a caption file.

    :raises UserError: if it is missing or cut short.
    """
    advice = "Delete the figure of that name and run the workflow again."
    if not Path(path).exists():
        raise UserError(f"the caption {path} does not exist. {advice}")
    text = Path(path).read_text(encoding="utf-8")
    if text.count("\n") < 2 or not text.endswith("\n"):
        raise UserError(f"the caption {path} is cut short. {advice}")
    title, note, *numbers = text.splitlines()
    return Caption(title, note, numbers)


def plain(note: str) -> str:
    """Small print in one line, without Matplotlib's mathematics: "$S_l^\\top S_l$" becomes S_l' S_l."""
    words = re.sub(r"(?<!\\)\$([^$]+?)(?<!\\)\$", lambda found: found[1].replace(r"^\top", "'"), note)
    return " ".join(words.replace(r"\$", "$").split())


def _numbers(summary: pd.DataFrame) -> list[str]:
    """The rows marked ``told``, a line for each series; panels with equal numbers share a line."""
    told = summary[summary.told.astype(bool) & summary.value.notna()]
    panels: dict[tuple[str, str], list[str]] = {}
    for (panel, series), part in told.groupby(["panel", "series"], sort=False):
        # Several statistics of one spectrum may share a number: tell it once.
        words = dict.fromkeys(_quantity(row) for row in part.to_dict("records"))
        panels.setdefault((series, "; ".join(words)), []).append(panel)
    return [f"({', '.join(names)}) {series}: {words}." for (series, words), names in panels.items()]


def _quantity(row: dict[Any, Any]) -> str:
    error, reference = row.get("error"), row.get("reference")
    # Only means and exponents have a standard error; that column of other rows has a reference of another kind.
    is_mean = row["label"].startswith(("mean", "exponent"))
    spread = f" ± {error:.2g}" if is_mean and pd.notna(error) else ""
    beside = f" (reference {_number(reference, is_mean)})" if reference is not None and pd.notna(reference) else ""
    return f"{row['label']} {_number(row['value'], is_mean)}{spread}{beside}"


def _number(value: float, is_mean: bool) -> str:
    """Whole numbers with all digits, means with four, others with three."""
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value:.4g}" if is_mean else f"{value:.3g}"
