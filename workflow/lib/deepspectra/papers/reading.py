"""Numbers taken from finished tables, each with its error and what there is to say of it.

Nothing here needs pandas before there is a table: the Snakefile asks which files the readings take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: What a summary has in place of numbers where a provider's weights could not be had.
NO_WEIGHTS = "weights not available"


class AbsentError(Exception):
    """A number that is not there; the message says why."""


@dataclass(frozen=True)
class Measured:
    """What a claim is judged by.

    :ivar error: one standard error; NaN where a single draw has none, 0 of what is computed and not drawn.
    :ivar remark: for the reader, whatever the verdict. :ivar obstacle: why there can be no verdict, if so.
    :ivar floor: what a perfect model has of the same size; NaN if unknown.
    """

    value: float
    error: float = math.nan
    remark: str = ""
    obstacle: str = ""
    floor: float = math.nan


class Results:
    """Tables by their name below the scale's folder, such as "statistics/fan2020/figure_1"."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self._tables = tables

    def only(self, files: tuple[str, ...]) -> Results:
        """The same with some files alone, so that a reading cannot take what it does not declare."""
        return Results({name: self._tables[name] for name in files if name in self._tables})

    def rows(self, file: str, *columns: str, **where: str | float) -> pd.DataFrame:
        """Rows in which columns have the given values.

        :param columns: that the table must have beside those.
        :raises AbsentError: if there are none.
        """
        if file not in self._tables:
            raise AbsentError(f"{file}.csv is not made with these settings")
        table = self._tables[file]
        missing = [column for column in (*columns, *where) if column not in table]
        if missing:
            raise AbsentError(f"{file}.csv has no column {missing[0]}")
        chosen = table
        for column, wanted in where.items():
            chosen = chosen[chosen[column] == wanted]
        if len(chosen):
            return chosen
        if "series" in where:
            told = table[table.series == where["series"]].get("quantity", table.series)
            for text in told[told.astype(str).str.startswith(NO_WEIGHTS)]:
                raise AbsentError(text)
            if where["series"] == "published":
                raise AbsentError("no matrix was made as published")
        raise AbsentError(f"{file}.csv has no row {', '.join(map(str, where.values()))}".rstrip())

    def row(self, file: str, **where: str | float) -> dict[str, Any]:
        """The one row of them.

        :raises AbsentError: if there is none, or more than one.
        """
        rows = self.rows(file, **where)
        if len(rows) > 1:
            raise AbsentError(f"{file}.csv has {len(rows)} rows {', '.join(map(str, where.values()))}")
        return rows.iloc[0].to_dict()

    def value(self, file: str, column: str = "value", **where: str | float) -> float:
        """A number of that row.

        :raises AbsentError: if it is not there, or no number.
        """
        row = self.row(file, **where)
        found = number(row.get(column))
        if math.isnan(found):
            note = row.get("note")
            place = ", ".join(map(str, where.values()))
            raise AbsentError(note if isinstance(note, str) else f"{file}.csv has no {column} of {place}")
        return found


@dataclass(frozen=True)
class Reading:
    """How one claim is read.

    :ivar files: tables that it takes, by name. :ivar measure: the number that the claim is about.
    :ivar second: the same question answered rigorously. :ivar kind: how, "resolved" or "calibrated".
    """

    files: tuple[str, ...]
    measure: Callable[[Results], Measured]
    second: Callable[[Results], Measured] | None = None
    kind: str = ""

    def take(self, results: Results) -> tuple[Measured, Measured | None]:
        """Both numbers; one that is not there is NaN, and the obstacle says why."""
        part = results.only(self.files)
        return _attempt(self.measure, part), _attempt(self.second, part) if self.second else None


def number(value: object) -> float:
    """A cell of a table as a number; NaN if it is none, or not finite."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def difference(one: Measured, other: Measured) -> Measured:
    """One minus the other, taken as independent; what hinders either hinders both."""
    obstacles = dict.fromkeys(filter(None, (one.obstacle, other.obstacle)))
    return Measured(one.value - other.value, math.hypot(one.error, other.error), obstacle="; ".join(obstacles))


def mean(values: pd.Series, what: str) -> Measured:
    """Mean of a sample and its standard error.

    :raises AbsentError: if there are fewer than two.
    """
    values = values.map(number).dropna()
    if len(values) < 2:
        raise AbsentError(f"{what}: {len(values)} values make no mean with an error")
    return Measured(float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5))


def _attempt(measure: Callable[[Results], Measured], results: Results) -> Measured:
    try:
        return measure(results)
    except AbsentError as absent:
        return Measured(math.nan, obstacle=str(absent))
