"""Read the numbers of claims from finished tables; without pandas, since the Snakefile asks which files they take."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepspectra.papers.rows import NO_WEIGHTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AbsentError", "Measured", "Reading", "Results", "difference", "finite", "mean"]


class AbsentError(Exception):
    """A number is missing; the message says why."""


@dataclass(frozen=True)
class Measured:
    """The number by which a claim is judged.

    :ivar error: one standard error; NaN for a single draw, 0 for a value that is computed, not drawn.
    :ivar remark: for the reader, whatever the verdict. :ivar obstacle: why there can be no verdict, or empty.
    :ivar floor: the value for a perfect model of the same size; NaN if unknown.
    """

    value: float
    error: float = math.nan
    remark: str = ""
    obstacle: str = ""
    floor: float = math.nan


@dataclass(frozen=True)
class Results:
    """Tables by their names below the scale's folder, such as "statistics/fan2020/figure_1"."""

    tables: Mapping[str, pd.DataFrame]

    def rows(self, file: str, *columns: str, **where: str | float) -> pd.DataFrame:
        """Rows in which columns have the given values.

        :param columns: other columns that the table must have.
        :raises AbsentError: if there are no such rows.
        """
        if file not in self.tables:
            raise AbsentError(f"{file}.csv is not made with these settings")
        table = chosen = self.tables[file]
        for column in (*columns, *where):
            if column not in table:
                raise AbsentError(f"{file}.csv has no column {column}")
        for column, wanted in where.items():
            chosen = chosen[chosen[column] == wanted]
        if len(chosen):
            return chosen
        if "series" in where:
            said = table[(table.series == where["series"]) & (table.get("quantity") == NO_WEIGHTS)]
            for label in said.get("label", ()):
                raise AbsentError(label)
            if where["series"] == "published":
                raise AbsentError("no matrix was made as published")
        raise AbsentError(f"{file}.csv has no row {_words(where)}".rstrip())

    def row(self, file: str, **where: str | float) -> dict[str, Any]:
        """The only such row.

        :raises AbsentError: unless there is exactly one.
        """
        rows = self.rows(file, **where)
        if len(rows) > 1:
            raise AbsentError(f"{file}.csv has {len(rows)} rows {_words(where)}")
        return rows.iloc[0].to_dict()

    def value(self, file: str, column: str = "value", **where: str | float) -> float:
        """A number in the only such row.

        :raises AbsentError: if it is missing or not a number.
        """
        row = self.row(file, **where)
        found, note = finite(row.get(column)), row.get("note")
        if math.isnan(found):
            raise AbsentError(note if isinstance(note, str) else f"{file}.csv has no {column} of {_words(where)}")
        return found


@dataclass(frozen=True)
class Reading:
    """How to read the number of one claim.

    :ivar files: names of the tables it uses. :ivar measure: the number that the claim is about.
    :ivar second: the same question answered more rigorously. :ivar kind: how: "resolved" or "calibrated".
    """

    files: tuple[str, ...]
    measure: Callable[[Results], Measured]
    second: Callable[[Results], Measured] | None = None
    kind: str = ""

    def take(self, results: Results) -> tuple[Measured, Measured | None]:
        """Both numbers; a missing one is NaN, and its obstacle says why."""
        # A reading cannot use what it does not declare.
        part = Results({name: results.tables[name] for name in self.files if name in results.tables})
        return _attempt(self.measure, part), _attempt(self.second, part) if self.second else None


def finite(value: object) -> float:
    """A cell of a table as a number; NaN if it is not a finite number."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def difference(one: Measured, other: Measured) -> Measured:
    """One minus the other, assumed independent; an obstacle of either is an obstacle of the difference."""
    obstacles = dict.fromkeys(filter(None, (one.obstacle, other.obstacle)))
    return Measured(one.value - other.value, math.hypot(one.error, other.error), obstacle="; ".join(obstacles))


def mean(values: pd.Series, what: str) -> Measured:
    """Mean of a sample and its standard error.

    :raises AbsentError: if there are fewer than two.
    """
    values = values.map(finite).dropna()
    if len(values) < 2:
        raise AbsentError(f"{what}: {len(values)} values make no mean with an error")
    return Measured(float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5))


def _words(where: Mapping[str, str | float]) -> str:
    return ", ".join(str(wanted) for wanted in where.values())


def _attempt(measure: Callable[[Results], Measured], results: Results) -> Measured:
    try:
        return measure(results)
    except AbsentError as absent:
        return Measured(math.nan, obstacle=str(absent))
    except ZeroDivisionError:
        return Measured(math.nan, obstacle="a denominator is zero")
