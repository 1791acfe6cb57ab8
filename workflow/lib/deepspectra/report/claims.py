"""The ledger of claims, ``resources/claims.csv``, with the bounds of what is accepted, and the claims as measured."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from deepspectra.papers.reading import Measured, Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.verdicts import (
    BOUNDS,
    LARGEST_NULL,
    MARKS,
    NO,
    PUBLISHED_SIZES,
    QUESTIONS,
    RULE,
    UNDECIDED,
    YES,
    accepted,
    measured,
    replication,
    robustness,
    verdict,
)
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import markdown, read_csv

__all__ = ["BOUNDS_SET", "CHECKED", "CLAIM_SCALES", "LEDGER", "check_claims", "claims_page", "count_verdicts"]
__all__ += ["read_checked", "read_claims", "read_ledger"]

#: Of each question the smallest and largest accepted value, the scale, and the share of perfect random matrices whose
#: value is outside the bounds, where such a share exists.
_BOUNDS = [f"{question}_{part}" for question in QUESTIONS for part in ("low", "high", "scale", "null")]
LEDGER = ["id", "paper", "item", "claim", "quantity", "published", "scrutiny", *_BOUNDS, "bounds_set", "source"]
_MEASURED = ("verdict", "reason", "value", "from", "to", "draws", "remark")
#: Whether other analyses agree, what each of them found, and what the number under scrutiny repeats.
_TRIED = ["robust", "analyses", "replicated"]
#: Columns of the table of claims: those of the ledger, of each question the verdict and what was measured, and what
#: else was tried.
CHECKED = [*LEDGER, *(f"{question}_{part}" for question in QUESTIONS for part in _MEASURED), *_TRIED]
#: What a claim is about: sizes as published, or any size.
CLAIM_SCALES = ("paper", "any")
#: When the bounds were set, and the same in words.
BOUNDS_SET = {
    "before": "bounds set before the number was known",
    "after": "bounds set after the number was known",
    "simulated": "bounds from simulated random matrices alone",
}


def read_ledger(path: str | Path) -> pd.DataFrame:
    """Read the ledger: every cell is text, except bounds and shares, which are numbers; an empty one is NaN.

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

    for column in (name for name in _BOUNDS if not name.endswith("scale")):
        numbers = pd.to_numeric(ledger[column], errors="coerce")
        refuse(numbers.isna() & (ledger[column] != ""), "a number or nothing", column)
        ledger[column] = numbers
    refuse(~ledger.paper.isin(READINGS), f"one of {', '.join(READINGS)}", "paper")
    refuse(ledger.id.duplicated(), "every claim once", "id")
    refuse(~ledger.bounds_set.isin(BOUNDS_SET), f"one of {', '.join(BOUNDS_SET)}", "bounds_set")
    sentence = ledger.claim.str.endswith(".") & (ledger.claim.str[:1] == ledger.claim.str[:1].str.upper())
    refuse(~sentence, "a sentence", "claim")
    for question in QUESTIONS:
        low, high, scale, null = (f"{question}_{part}" for part in ("low", "high", "scale", "null"))
        refuse(~ledger[scale].isin(CLAIM_SCALES), f"one of {', '.join(CLAIM_SCALES)}", scale)
        refuse(ledger[low] > ledger[high], "the lower bound first", low, high)
        refuse(ledger[low].isna() & ledger[high].isna(), "a lower bound, an upper one or both", low, high)
        rule = f"a bound that random matrices miss in at most {LARGEST_NULL:.0%} of cases"
        refuse(~(ledger[null].fillna(0).between(0, LARGEST_NULL)), rule, null)
    known = pd.Series([name in READINGS[paper] for name, paper in zip(ledger.id, ledger.paper, strict=True)])
    refuse(~known, "a claim that deepspectra has a reading of", "id", "paper")
    return ledger


def check_claims(
    ledger: pd.DataFrame, results: Results, scale: str, papers: Collection[str], changed: Collection[str] = ()
) -> pd.DataFrame:
    """Every claim with what was measured and its verdicts: columns :data:`CHECKED`.

    :param papers: those whose claims are read; claims of the others stay undecided.
    :param changed: each paper/item that depends on the user's own settings: another network, say, or fewer matrices.
    """
    rows = []
    for claim in ledger.to_dict("records"):
        own = f"{claim['paper']}/{claim['item']}" in changed
        reading = READINGS[claim["paper"]][claim["id"]]
        taken = reading.take(results) if claim["paper"] in papers else {}
        for question in QUESTIONS:
            judged: tuple[Any, ...] = (UNDECIDED, "its paper is left out (claims.papers)")
            if taken:
                found = taken[question]
                numbers = found.value, found.low, found.high, found.draws, found.remark
                judged = (*_judge(found, claim, question, scale, own), *numbers)
            claim |= {f"{question}_{part}": value for part, value in zip(_MEASURED, judged, strict=False)}
        if taken:
            claim |= _tried(taken["scrutiny"], reading.vary(results), claim, scale, own)
        rows.append(claim)
    return pd.DataFrame(rows, columns=CHECKED)


def _tried(
    found: Measured, others: Mapping[str, Measured], claim: Mapping[Any, Any], scale: str, own: bool
) -> dict[str, str]:
    """Columns of what else was tried."""
    verdicts = {"its own": claim["scrutiny_verdict"]}
    others = {name: other for name, other in others.items() if not math.isnan(other.value)}
    verdicts |= {name: _judge(other, claim, "scrutiny", scale, own)[0] for name, other in others.items()}
    numbers = {name: measured(other.value, other.low, other.high) for name, other in others.items()}
    robust = robustness(verdicts)
    told = "; ".join(f"{name}: {numbers[name]}, {verdicts[name]}" for name in others) if robust else ""
    replicated = replication(found) if claim["scrutiny_verdict"] in (YES, NO) else ""
    return {"robust": robust, "analyses": told, "replicated": replicated}


def _judge(found: Measured, claim: Mapping[Any, Any], question: str, scale: str, own: bool) -> tuple[str, str]:
    low, high, sizes = (claim[f"{question}_{part}"] for part in ("low", "high", "scale"))
    word, why = verdict(found, low, high, sizes == "any" or scale in PUBLISHED_SIZES)
    if word in (YES, NO):
        # Smoke scale tries every rule; its numbers neither support nor refute anything.
        if scale == "smoke":
            return UNDECIDED, "smoke scale is too small to conclude from"
        if own:
            return UNDECIDED, "it depends on your own settings"
    return word, why


def claims_page(checked: pd.DataFrame, title: str, reduced: Mapping[str, str]) -> str:
    """A Markdown page: counts of verdicts, then a table for each paper.

    :param reduced: what the scale makes smaller, by paper.
    """
    papers = [paper for paper in READINGS if paper in set(checked.paper)]
    head = pd.DataFrame({"claims of": [*papers, "all"]})
    for question, words in QUESTIONS.items():
        counts = pd.crosstab(checked.paper, checked[f"{question}_verdict"])
        counts = counts.reindex(index=papers, columns=list(MARKS), fill_value=0)
        counts.loc["all"] = counts.sum()
        for mark in MARKS:
            head[f"{words} {mark}"] = counts[mark].astype(str).to_numpy()
    parts = [markdown(head, title, [RULE, BOUNDS])]
    for paper in papers:
        rows = [_shown(_as_text(row)) for row in checked[checked.paper == paper].to_dict("records")]
        parts.append("#" + markdown(pd.DataFrame(rows), paper, [reduced[paper]] if paper in reduced else []))
    return "\n".join(parts)


def _shown(row: Mapping[str, str]) -> dict[str, str]:
    shown = {"": row["id"], "item": row["item"].replace("_", " "), "claim": row["claim"]}
    for question, words in QUESTIONS.items():
        word, why = row[f"{question}_verdict"], row[f"{question}_reason"]
        shown[words] = (f"**{word}**" if word in (YES, NO) else word) + (f": {why}" if why else "")
    shown["published"] = row["published"]
    for question, words in (("published", "as published"), ("scrutiny", "under scrutiny")):
        what = row["quantity"] if question == "published" else row["scrutiny"]
        value = row[f"{question}_measured"] or "no number"
        shown[words] = f"{what}: {value}, accepted {row[f'{question}_accepted']} ({row['bounds_set']})"
    shown["robust"] = f"{row['robust']} ({row['analyses']})" if row["robust"] else ""
    shown["replicated"] = row["replicated"]
    shown["remark"] = row["remark"]
    shown["where"] = row["source"]
    return shown


def read_checked(path: str | Path) -> pd.DataFrame:
    """Read the table that :func:`check_claims` made.

    :raises UserError: if the file or a column is missing, or a verdict is none of :data:`MARKS`.
    """
    table, marks = read_csv(path, CHECKED, words=("published",)), ", ".join(MARKS)
    found = {word for question in QUESTIONS for word in table[f"{question}_verdict"]}
    if unknown := sorted(found - MARKS.keys(), key=str):
        advice = "Delete it and run the workflow again."
        raise UserError(f"{path} has the verdict {unknown[0]!r}; expected one of {marks}. {advice}")
    return table


def read_claims(path: str | Path) -> list[dict[str, str]]:
    """The same as text for the page of results: numbers with their intervals, bounds in words, nothing for NaN."""
    return [_as_text(row) for row in read_checked(path).to_dict("records")]


def _as_text(row: Mapping[Any, Any]) -> dict[str, str]:
    texts = {name: "" if pd.isna(value) else str(value) for name, value in row.items()}
    for question in QUESTIONS:
        numbers = (row[f"{question}_{part}"] for part in ("value", "from", "to"))
        texts[f"{question}_measured"] = measured(*numbers)
        texts[f"{question}_accepted"] = accepted(row[f"{question}_low"], row[f"{question}_high"])
    # Without a second number both questions have one remark.
    remarks = dict.fromkeys(texts[f"{question}_remark"] for question in QUESTIONS)
    texts["remark"] = "; ".join(filter(None, remarks))
    texts["bounds"] = BOUNDS_SET[texts["bounds_set"]]
    return texts


def count_verdicts(claims: Sequence[dict[str, str]], papers: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """How many claims of each paper have each verdict, by question, in the order of :data:`MARKS`."""
    counts = {}
    for question in QUESTIONS:
        found = Counter((claim["paper"], claim[f"{question}_verdict"]) for claim in claims)
        counts[question] = {paper: [found[paper, verdict] for verdict in MARKS] for paper in papers}
    return counts
