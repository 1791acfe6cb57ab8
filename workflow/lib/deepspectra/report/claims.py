"""The claims beside what was measured: as a table, as a Markdown page, and as the page of results shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from deepspectra.papers.reading import Measured, Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.ledger import LEDGER
from deepspectra.report.verdicts import (
    BOUNDS,
    FAILS,
    HOLDS,
    NOT_RUN,
    RULE,
    UNDECIDED,
    VERDICTS,
    accepted,
    measured,
    verdict,
)
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.markdown import markdown
from deepspectra.runtime.tables import read_csv

__all__ = ["CHECKED", "MARKS", "check_claims", "claims_page", "count_verdicts", "read_checked", "read_claims"]

#: Columns of the table of claims: those of the ledger, what was measured, and the same question answered again.
CHECKED = [
    *LEDGER,
    *("reproduced", "error", "verdict", "reason", "second", "second_reproduced", "second_error", "second_verdict"),
]

#: The sign of each verdict on the page of results, and its name in the page's HTML.
MARKS = {
    HOLDS: ("✓", "holds"),
    FAILS: ("✗", "fails"),
    NOT_RUN: ("·", "not-run"),
    UNDECIDED: ("?", "open"),
}


def check_claims(
    ledger: pd.DataFrame,
    results: Results,
    scale: str,
    papers: Collection[str],
    notes: Mapping[str, str],
    changed: Collection[str] = (),
) -> pd.DataFrame:
    """Every claim with what was measured and its verdict: columns :data:`CHECKED`.

    :param papers: those whose claims are read; claims of the others are not run.
    :param notes: what a scale reduces, by paper/item, for the reason.
    :param changed: each paper/item that depends on the user's own settings: another network, say, or fewer matrices.
    """
    rows = []
    for claim in ledger.to_dict("records"):
        if claim["paper"] not in papers:
            rows.append(claim | {"verdict": NOT_RUN, "reason": "its paper is left out (claims.papers)"})
            continue
        reading = READINGS[claim["paper"]][claim["id"]]
        place = f"{claim['paper']}/{claim['item']}"
        found, second = reading.take(results)
        word, why = _judge(found, claim, scale, place in changed)
        reasons = [why, found.remark]
        row = claim | {"reproduced": found.value, "error": found.error, "verdict": word}
        if second:
            row |= {"second": reading.kind, "second_reproduced": second.value, "second_error": second.error}
            row["second_verdict"], second_why = _judge(second, claim, scale, place in changed)
            reasons.append(f"{reading.kind}: {second_why}" if second_why not in ("", why) else "")
        note = notes.get(place, "")
        # Say nothing of a scale that reduces nothing of the item.
        reasons.append(note if ":" in note else "")
        rows.append(row | {"reason": "; ".join(filter(None, reasons))})
    return pd.DataFrame(rows, columns=CHECKED)


def _judge(found: Measured, claim: Mapping[Any, Any], scale: str, changed: bool) -> tuple[str, str]:
    run = (claim["scale"] == "any" or scale == "paper") and not changed
    word, why = verdict(found, claim["accept_low"], claim["accept_high"], run)
    # Smoke scale tries every rule; its numbers neither support nor refute anything.
    return (NOT_RUN, "too small to conclude from") if scale == "smoke" and word in (HOLDS, FAILS) else (word, why)


def claims_page(checked: pd.DataFrame, title: str, notes: list[str]) -> str:
    """A Markdown page: counts of verdicts, then a table for each paper."""
    counts = pd.crosstab(checked.paper, checked.verdict).reindex(columns=VERDICTS, fill_value=0)
    papers = [paper for paper in READINGS if paper in counts.index]
    counts = counts.reindex(papers)
    counts.loc["all"] = counts.sum()
    head = counts.astype(str).reset_index().rename(columns={"paper": "claims of"})
    parts = [markdown(head, title, [RULE, BOUNDS, *notes])]
    for paper in papers:
        rows = checked[checked.paper == paper].to_dict("records")
        parts.append("#" + markdown(pd.DataFrame([_shown(row) for row in rows]), paper, []))
    return "\n".join(parts)


def _shown(row: Mapping[Any, Any]) -> dict[str, object]:
    """A claim as a row of the Markdown page."""
    second = measured(row["second_reproduced"], row["second_error"])
    second_verdict = f"{second} ({row['second_verdict']})" if second else row["second_verdict"]
    return {
        "": row["id"],
        "item": row["item"].replace("_", " "),
        "claim": row["claim"],
        "quantity": row["quantity"],
        "published": row["published"],
        "accepted": accepted(row["accept_low"], row["accept_high"]),
        "reproduced": measured(row["reproduced"], row["error"]),
        "verdict": f"**{row['verdict']}**" if row["verdict"] in (HOLDS, FAILS) else row["verdict"],
        "looked at twice": "" if pd.isna(row["second"]) else f"{row['second']}: {second_verdict}",
        "reason": row["reason"],
        "where": row["source"],
    }


def read_checked(path: str | Path) -> pd.DataFrame:
    """Read the table that :func:`check_claims` made.

    :raises UserError: if the file or a column is missing, or a verdict is none of :data:`MARKS`.
    """
    table = read_csv(path, CHECKED, words=("published",))
    unknown = sorted((set(table.verdict) | set(table.second_verdict.dropna())) - MARKS.keys(), key=str)
    if unknown:
        raise UserError(
            f"{path} has the verdict {unknown[0]!r}; expected one of {', '.join(MARKS)}. Delete it and run the "
            "workflow again."
        )
    return table


def read_claims(path: str | Path) -> list[dict[str, str]]:
    """The same as text, as the page of results shows it, in the file's order; missing cells are empty.

    ``reproduced`` and ``second_reproduced`` have their errors with them; ``accepted`` has the bounds in words.
    """
    return [_as_text(row) for row in read_checked(path).to_dict("records")]


def _as_text(row: Mapping[Any, Any]) -> dict[str, str]:
    texts = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    return texts | {
        "reproduced": measured(row["reproduced"], row["error"]),
        "second_reproduced": measured(row["second_reproduced"], row["second_error"]),
        "accepted": accepted(row["accept_low"], row["accept_high"]),
    }


def count_verdicts(claims: Sequence[dict[str, str]], papers: Sequence[str]) -> dict[str, list[int]]:
    """How many claims of each paper have each verdict, in the order of :data:`MARKS`."""
    found = Counter((claim["paper"], claim["verdict"]) for claim in claims)
    return {paper: [found[paper, verdict] for verdict in MARKS] for paper in papers}
