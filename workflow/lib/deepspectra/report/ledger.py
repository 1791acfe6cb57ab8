"""The ledger of claims, and its rows with what was measured, as a table and as a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from deepspectra.papers.reading import Measured, Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.verdicts import BOUNDS, FAILS, HOLDS, NOT_RUN, RULE, VERDICTS, accepted, measured, verdict
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.markdown import markdown
from deepspectra.runtime.tables import read_csv

LEDGER = ["id", "paper", "item", "claim", "quantity", "published", "accept_low", "accept_high", "scale", "source"]
CHECKED = ["reproduced", "error", "verdict", "reason"]
SECOND = ["second", "second_reproduced", "second_error", "second_verdict"]

#: What a claim is about: sizes as published, or whatever size.
SCALES = ("paper", "any")


def read_ledger(path: str | Path) -> pd.DataFrame:
    """The ledger: every cell a text, but for numbers in the two bounds; an empty bound is NaN.

    :raises UserError: if it is not as it must be, naming the first thing that is wrong.
    """
    read_csv(path, LEDGER, "It is no result: take it from the repository again (git checkout), or mend it.")
    ledger = pd.read_csv(path, dtype=str, keep_default_na=False)[LEDGER]
    for bound in ("accept_low", "accept_high"):
        numbers = pd.to_numeric(ledger[bound], errors="coerce")
        _refuse(path, ledger, numbers.isna() & (ledger[bound] != ""), "a number or nothing", bound)
        ledger[bound] = numbers
    low, high = ledger.accept_low, ledger.accept_high
    _refuse(path, ledger, ~ledger.paper.isin(READINGS), f"one of {', '.join(READINGS)}", "paper")
    _refuse(path, ledger, ~ledger.scale.isin(SCALES), f"one of {', '.join(SCALES)}", "scale")
    _refuse(path, ledger, ledger.id.duplicated(), "every claim once", "id")
    _refuse(path, ledger, low > high, "the lower bound first", "accept_low", "accept_high")
    _refuse(path, ledger, low.isna() & high.isna(), "a lower bound, an upper one or both", "accept_low", "accept_high")
    known = [row.id in READINGS[row.paper] for row in ledger.itertuples()]
    _refuse(path, ledger, ~pd.Series(known), "a claim that deepspectra has a reading of", "id", "paper")
    return ledger


def check(
    ledger: pd.DataFrame,
    results: Results,
    scale: str,
    papers: Collection[str],
    notes: Mapping[str, str],
    changed: Collection[str] = (),
) -> pd.DataFrame:
    """Every claim with what was measured and its verdict: columns LEDGER, CHECKED and SECOND.

    :param papers: whose claims are read; those of the others are not run.
    :param notes: what a scale reduces, by paper/item, for the reason.
    :param changed: every paper/item that the user's own settings shape: another network, say, or fewer matrices.
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
        # A scale that reduces nothing of the item goes without saying.
        reasons.append(note if ":" in note else "")
        rows.append(row | {"reason": "; ".join(filter(None, reasons))})
    return pd.DataFrame(rows, columns=[*LEDGER, *CHECKED, *SECOND])


def _judge(found: Measured, claim: Mapping[str, object], scale: str, changed: bool) -> tuple[str, str]:
    run = (claim["scale"] == "any" or scale == "paper") and not changed
    word, why = verdict(found, claim["accept_low"], claim["accept_high"], run)
    # Smoke scale tries every rule; what it makes bears nothing out, and refutes nothing.
    return (NOT_RUN, "too small to conclude from") if scale == "smoke" and word in (HOLDS, FAILS) else (word, why)


def page(checked: pd.DataFrame, title: str, notes: list[str]) -> str:
    """A Markdown page: counts of verdicts, then a table for each paper."""
    counts = pd.crosstab(checked.paper, checked.verdict).reindex(columns=VERDICTS, fill_value=0)
    counts = counts.reindex([paper for paper in READINGS if paper in counts.index])
    counts.loc["all"] = counts.sum()
    head = counts.astype(str).reset_index().rename(columns={"paper": "claims of"})
    parts = [markdown(head, title, [RULE, BOUNDS, *notes])]
    for paper in counts.index[:-1]:
        part = checked[checked.paper == paper]
        shown = pd.DataFrame(
            {
                "": part.id,
                "item": part.item.str.replace("_", " "),
                "claim": part.claim,
                "quantity": part.quantity,
                "published": part.published,
                "accepted": [accepted(row.accept_low, row.accept_high) for row in part.itertuples()],
                "reproduced": [measured(row.reproduced, row.error) for row in part.itertuples()],
                "verdict": [f"**{word}**" if word in (HOLDS, FAILS) else word for word in part.verdict],
                "looked at twice": [
                    "" if pd.isna(row.second) else f"{row.second}: {_twice(row)}" for row in part.itertuples()
                ],
                "reason": part.reason,
                "where": part.source,
            }
        )
        parts.append("#" + markdown(shown, paper, []))
    return "\n".join(parts)


def _twice(row: object) -> str:
    number = measured(row.second_reproduced, row.second_error)
    return f"{number} ({row.second_verdict})" if number else row.second_verdict


def _refuse(path: str | Path, ledger: pd.DataFrame, wrong: pd.Series, expected: str, *columns: str) -> None:
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        row = ledger.iloc[place]
        found = ", ".join(f"{name} {row[name]!s}" for name in columns)
        raise UserError(
            f"{path}, line {place + 2}, claim {row.id}: expected {expected}, found {found}. "
            "Mend the line and run again."
        )
