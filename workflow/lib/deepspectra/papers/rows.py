"""Rows of a figure's summary: one type for all papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NO_WEIGHTS", "Row", "summary_table"]

#: Quantity of a row that stands in place of numbers where a provider's weights could not be had; its label says why.
NO_WEIGHTS = "weights_not_available"


@dataclass(frozen=True)
class Row:
    """One number of a summary.

    :ivar panel: the letter of the panel. :ivar series: what it is a number of.
    :ivar quantity: snake_case identifier, by which programs look it up. :ivar label: the same in words, for people.
    :ivar value: None where there is none to tell. :ivar reference: what it is compared with. :ivar error: standard.
    :ivar at: the argument where a quantity is known at several (a width, an output scale).
    :ivar told: whether captions tell it.
    """

    panel: str
    series: str
    quantity: str
    label: str
    value: float | None = None
    reference: float | None = None
    error: float | None = None
    at: float | None = None
    told: bool = False


def summary_table(rows: Iterable[Row], *columns: str) -> pd.DataFrame:
    """Rows as a table; ``columns`` are those of ``reference``, ``error`` and ``at`` that it has."""
    import pandas as pd

    always = ["panel", "series", "quantity", "label", "value"]
    return pd.DataFrame([asdict(row) for row in rows], columns=[*always, *columns, "told"])
