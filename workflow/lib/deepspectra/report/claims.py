"""What the papers claim, published beside reproduced, as the report shows it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd

from deepspectra.report.verdicts import FAILS, HOLDS, NOT_RUN, UNDECIDED, accepted, measured
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import read_csv

#: How each verdict is marked beside its words, and its name in the page.
VERDICTS = {
    HOLDS: ("✓", "holds"),
    FAILS: ("✗", "fails"),
    NOT_RUN: ("·", "not-run"),
    UNDECIDED: ("?", "open"),
}
COLUMNS = (
    *("id", "paper", "item", "claim", "quantity", "published", "accept_low", "accept_high", "reproduced", "error"),
    *("verdict", "reason", "second", "second_reproduced", "second_error", "second_verdict"),
)
NUMBERS = ("reproduced", "second_reproduced")


def read_claims(path: str | Path) -> list[dict[str, str]]:
    """Every claim as text, in the file's order; what is missing is an empty text.

    Numbers have their errors with them (``reproduced``, ``second_reproduced``); ``accepted`` has the bounds in words.

    :raises UserError: if the file or a column is missing, or a verdict is none of :data:`VERDICTS`.
    """
    table = read_csv(path, COLUMNS)
    unknown = set(table.verdict) | set(table.second_verdict.dropna())
    if unknown := sorted(map(str, unknown - set(VERDICTS))):
        raise UserError(
            f"{path} has the verdict {unknown[0]!r}; expected one of {', '.join(VERDICTS)}. Delete it and run the "
            "workflow again."
        )
    return [_as_text(row) for row in table.to_dict("records")]


def count_verdicts(claims: list[dict[str, str]], papers: list[str]) -> dict[str, list[int]]:
    """How many claims of each paper have each verdict, in the order of :data:`VERDICTS`."""
    found = Counter((claim["paper"], claim["verdict"]) for claim in claims)
    return {paper: [found[paper, verdict] for verdict in VERDICTS] for paper in papers}


def _as_text(row: dict[str, object]) -> dict[str, str]:
    numbers = {name: measured(row[name], row[name.replace("reproduced", "error")]) for name in NUMBERS}
    texts = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    return texts | numbers | {"accepted": accepted(row["accept_low"], row["accept_high"])}
