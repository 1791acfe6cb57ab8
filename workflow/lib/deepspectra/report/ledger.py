"""The ledger: every claim of the papers, with the bounds within which a reproduced number is accepted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from deepspectra.papers.readings import READINGS
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import read_csv

__all__ = ["CLAIM_SCALES", "LEDGER", "read_ledger"]

LEDGER = ["id", "paper", "item", "claim", "quantity", "published", "accept_low", "accept_high", "scale", "source"]

#: What a claim is about: sizes as published, or any size.
CLAIM_SCALES = ("paper", "any")


def read_ledger(path: str | Path) -> pd.DataFrame:
    """Read the ledger: every cell is text, except the two bounds, which are numbers; an empty bound is NaN.

    :raises UserError: if anything is wrong with it, naming the first mistake.
    """
    advice = "It is no result: take it from the repository again (git checkout), or mend it."
    read_csv(path, LEDGER, advice, words=LEDGER)
    ledger = pd.read_csv(path, dtype=str, keep_default_na=False)[LEDGER]
    for bound in ("accept_low", "accept_high"):
        numbers = pd.to_numeric(ledger[bound], errors="coerce")
        _refuse(path, ledger, numbers.isna() & (ledger[bound] != ""), "a number or nothing", bound)
        ledger[bound] = numbers
    low, high = ledger.accept_low, ledger.accept_high
    _refuse(path, ledger, ~ledger.paper.isin(READINGS), f"one of {', '.join(READINGS)}", "paper")
    _refuse(path, ledger, ~ledger.scale.isin(CLAIM_SCALES), f"one of {', '.join(CLAIM_SCALES)}", "scale")
    _refuse(path, ledger, ledger.id.duplicated(), "every claim once", "id")
    _refuse(path, ledger, low > high, "the lower bound first", "accept_low", "accept_high")
    _refuse(path, ledger, low.isna() & high.isna(), "a lower bound, an upper one or both", "accept_low", "accept_high")
    known = pd.Series([name in READINGS[paper] for name, paper in zip(ledger.id, ledger.paper, strict=True)])
    _refuse(path, ledger, ~known, "a claim that deepspectra has a reading of", "id", "paper")
    return ledger


def _refuse(path: str | Path, ledger: pd.DataFrame, wrong: pd.Series, expected: str, *columns: str) -> None:
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        row = ledger.iloc[place]
        found = ", ".join(f"{name} {row[name]!s}" for name in columns)
        raise UserError(
            f"{path}, line {place + 2}, claim {row.id}: expected {expected}, found {found}. "
            "Mend the line and run again."
        )
