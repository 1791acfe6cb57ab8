"""The ledger of claims, ``resources/claims.csv``, with the bounds of what is accepted, and the claims as measured."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from deepspectra.papers.reading import Measured, Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.verdicts import BOUNDS, FAILS, HOLDS, MARKS, NOT_RUN, RULE, accepted, measured, verdict
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import markdown, read_csv

__all__ = ["CHECKED", "CLAIM_SCALES", "LEDGER", "check_claims", "claims_page", "count_verdicts"]
__all__ += ["read_checked", "read_claims", "read_ledger"]

LEDGER = ["id", "paper", "item", "claim", "quantity", "published", "accept_low", "accept_high", "scale", "source"]
#: Columns of the table of claims: those of the ledger, what was measured, and the same question answered again.
CHECKED = [*LEDGER, "reproduced", "error", "verdict", "reason"]
CHECKED += ["second", "second_reproduced", "second_error", "second_verdict"]
#: What a claim is about: sizes as published, or any size.
CLAIM_SCALES = ("paper", "any")


def read_ledger(path: str | Path) -> pd.DataFrame:
    """Read the ledger: every cell is text, except the two bounds, which are numbers; an empty bound is NaN.

    :raises UserError: if anything is wrong with it, naming the first mistake.
    """
    advice = "It is no result: take it from the repository again (git checkout), or mend it."
    read_csv(path, LEDGER, advice, words=LEDGER)
    ledger = pd.read_csv(path, dtype=str, keep_default_na=False)[LEDGER]

    def refuse(wrong: pd.Series, expected: str, *columns: str) -> None:
        if wrong.any():
            place = int(wrong.to_numpy().argmax())
            row = ledger.iloc[place]
            found = ", ".join(f"{name} {row[name]!s}" for name in columns)
            claim = f"{path}, line {place + 2}, claim {row.id}"
            raise UserError(f"{claim}: expected {expected}, found {found}. Mend the line and run again.")

    for bound in ("accept_low", "accept_high"):
        numbers = pd.to_numeric(ledger[bound], errors="coerce")
        refuse(numbers.isna() & (ledger[bound] != ""), "a number or nothing", bound)
        ledger[bound] = numbers
    low, high = ledger.accept_low, ledger.accept_high
    refuse(~ledger.paper.isin(READINGS), f"one of {', '.join(READINGS)}", "paper")
    refuse(~ledger.scale.isin(CLAIM_SCALES), f"one of {', '.join(CLAIM_SCALES)}", "scale")
    refuse(ledger.id.duplicated(), "every claim once", "id")
    refuse(low > high, "the lower bound first", "accept_low", "accept_high")
    refuse(low.isna() & high.isna(), "a lower bound, an upper one or both", "accept_low", "accept_high")
    known = pd.Series([name in READINGS[paper] for name, paper in zip(ledger.id, ledger.paper, strict=True)])
    refuse(~known, "a claim that deepspectra has a reading of", "id", "paper")
    return ledger


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
    papers = [paper for paper in READINGS if paper in set(checked.paper)]
    counts = pd.crosstab(checked.paper, checked.verdict).reindex(index=papers, columns=list(MARKS), fill_value=0)
    counts.loc["all"] = counts.sum()
    head = counts.astype(str).reset_index().rename(columns={"paper": "claims of"})
    parts = [markdown(head, title, [RULE, BOUNDS, *notes])]
    for paper in papers:
        rows = [_as_text(row) for row in checked[checked.paper == paper].to_dict("records")]
        parts.append("#" + markdown(pd.DataFrame([_shown(row) for row in rows]), paper, []))
    return "\n".join(parts)


def _shown(row: Mapping[str, str]) -> dict[str, str]:
    second = f"{row['second_reproduced']} ({row['second_verdict']})" if row["second_reproduced"] else ""
    return {
        "": row["id"],
        "item": row["item"].replace("_", " "),
        **{name: row[name] for name in ("claim", "quantity", "published", "accepted", "reproduced")},
        "verdict": f"**{row['verdict']}**" if row["verdict"] in (HOLDS, FAILS) else row["verdict"],
        "looked at twice": f"{row['second']}: {second or row['second_verdict']}" if row["second"] else "",
        "reason": row["reason"],
        "where": row["source"],
    }


def read_checked(path: str | Path) -> pd.DataFrame:
    """Read the table that :func:`check_claims` made.

    :raises UserError: if the file or a column is missing, or a verdict is none of :data:`MARKS`.
    """
    table, marks = read_csv(path, CHECKED, words=("published",)), ", ".join(MARKS)
    if unknown := sorted((set(table.verdict) | set(table.second_verdict.dropna())) - MARKS.keys(), key=str):
        advice = "Delete it and run the workflow again."
        raise UserError(f"{path} has the verdict {unknown[0]!r}; expected one of {marks}. {advice}")
    return table


def read_claims(path: str | Path) -> list[dict[str, str]]:
    """The same as text for the page of results: numbers with their errors, bounds in words, nothing for NaN."""
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
