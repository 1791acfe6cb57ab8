"""What the papers claim, published beside reproduced, as the report shows it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from deepspectra.csv_files import read_csv
from deepspectra.errors import UserError

#: How each verdict is marked beside its words, and its name in the page.
VERDICTS = {
    "holds": ("✓", "holds"),
    "does not hold": ("✗", "fails"),
    "not run at this scale": ("·", "not-run"),
    "not determinable": ("?", "open"),
}
COLUMNS = (
    *("id", "paper", "item", "claim", "quantity", "published", "accept_low", "accept_high", "reproduced", "error"),
    *("verdict", "reason", "second", "second_reproduced", "second_error", "second_verdict"),
)


def read_claims(path: str | Path) -> list[dict[str, str]]:
    """Every claim with its numbers as text, in the file's order; what is missing is an empty text.

    :raises UserError: if the file or a column is missing, or a verdict is none of :data:`VERDICTS`.
    """
    table = read_csv(path, COLUMNS)
    unknown = set(table.verdict) | set(table.second_verdict.dropna())
    if unknown := sorted(map(str, unknown - set(VERDICTS))):
        raise UserError(
            f"{path} has the verdict {unknown[0]!r}; expected one of {', '.join(VERDICTS)}. Delete it and run the "
            "workflow again."
        )
    return [{name: _text(value, name) for name, value in row.items()} for row in table.to_dict("records")]


def count_verdicts(claims: list[dict[str, str]], papers: list[str]) -> dict[str, list[int]]:
    """How many claims of each paper have each verdict, in the order of :data:`VERDICTS`."""
    found = Counter((claim["paper"], claim["verdict"]) for claim in claims)
    return {paper: [found[paper, verdict] for verdict in VERDICTS] for paper in papers}


def _text(value: object, column: str) -> str:
    """A cell as text: numbers with four digits at most, errors with two, nothing where it is missing."""
    if pd.isna(value):
        return ""
    digits = 2 if column.endswith("error") else 4
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
