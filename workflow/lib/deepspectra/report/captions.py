"""Captions: what a figure shows, its small print, and the numbers behind it.

One file for each figure, a line for each of them: the title, the small print as it stands in the figure, and then the
numbers of one panel and series a line. Both reports read it, so that there is one source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from deepspectra.runtime.errors import UserError

#: Quantities of a summary that are told beside the figure; the whole summary has more.
_TOLD = re.compile(
    r"p-value|mean (?:calibrated )?p of|mean (?:of )?min|KS distance.*(?:limit|surmise|law|semicircle)|accuracy|"
    r"L1 distance at the largest|training loss|R\^2 after|on the first 2 eigenvectors|root mean square|squared norm|"
    r"^(?:parameters|matrices|spacings|pairs|mean spacing|non-zero eigenvalues|eigenvalues kept, mean|zeta)$"
)


class Caption(NamedTuple):
    """What a figure shows in a line, its small print, and its numbers by panel and series."""

    title: str
    note: str
    numbers: list[str]


def caption(title: str, note: str, summary: pd.DataFrame | None = None) -> str:
    """The text of a caption file.

    :param summary: columns panel, series, quantity, value and perhaps error and reference; none for a limit law, whose
        small print tells its numbers.
    """
    return "\n".join([title, plain(note), *([] if summary is None else _numbers(summary))]) + "\n"


def read_caption(path: str | Path) -> Caption:
    """A caption file in its parts.

    :raises UserError: if it is missing or cut short.
    """
    again = "Delete the figure of that name and run the workflow again."
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UserError(f"the caption {path} does not exist. {again}") from error
    if text.count("\n") < 2 or not text.endswith("\n"):
        raise UserError(f"the caption {path} is cut short. {again}")
    title, note, *numbers = text.splitlines()
    return Caption(title, note, numbers)


def plain(note: str) -> str:
    """Small print in one line, without Matplotlib's mathematics: "$S_l^\\top S_l$" is S_l' S_l."""
    words = re.sub(r"(?<!\\)\$([^$]+?)(?<!\\)\$", lambda found: found[1].replace(r"^\top", "'"), note)
    return " ".join(words.replace(r"\$", "$").split())


def _numbers(summary: pd.DataFrame) -> list[str]:
    """Of each panel and series, the quantities that are told; panels of the same numbers share a line."""
    told = summary[summary.quantity.str.contains(_TOLD) & summary.value.notna()]
    panels: dict[tuple[str, str], list[str]] = {}
    for (panel, series), part in told.groupby(["panel", "series"], sort=False):
        # A number that several statistics of a spectrum share is told once.
        words = dict.fromkeys(_quantity(row) for row in part.to_dict("records"))
        panels.setdefault((series, "; ".join(words)), []).append(panel)
    return [f"({', '.join(names)}) {series}: {words}." for (series, words), names in panels.items()]


def _quantity(row: dict) -> str:
    """Name, value, error and reference."""
    spread, reference = row.get("error"), row.get("reference")
    # "error" of some summaries is another reference: only of means is it one of sampling.
    is_mean = row["quantity"].startswith("mean")
    error = f" ± {spread:.2g}" if is_mean and pd.notna(spread) else ""
    beside = f" (reference {_number(reference, is_mean)})" if pd.notna(reference) else ""
    return f"{row['quantity']} {_number(row['value'], is_mean)}{error}{beside}"


def _number(value: float, is_mean: bool) -> str:
    """Whole ones with all digits, means with four, others with three."""
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{value:,.0f}"
    return f"{value:.4g}" if is_mean else f"{value:.3g}"
