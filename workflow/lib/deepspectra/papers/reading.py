"""Read the numbers of claims from finished tables; without pandas, since the Snakefile asks which files they take.

A number that was drawn comes with an interval. Of means over many draws (batches, vectors, images) it is Student's 95 %
interval (:func:`averaged`). Of few repetitions of a whole experiment (seeds, draws of weights) it is their range
(:func:`repeated`): their law is unknown and often skewed, Student's interval of three would reach below a distance of
zero, and what a paper shows in one figure it claims of every repetition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from deepspectra.papers.rows import NO_WEIGHTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMPUTED", "REPETITIONS", "TRAININGS", "AbsentError", "Measured", "Reading", "Results", "averaged"]
__all__ += ["computed", "counted", "difference", "finite", "further_trainings", "kolmogorov", "mean", "over_trainings"]
__all__ += ["repeated", "single", "smallest_of_trainings"]

#: Draws of a number that is computed, not drawn.
COMPUTED = 0
#: What repetitions of a training are called.
TRAININGS = "trainings"
#: Draws that are whole experiments made again, not parts of one: other seeds, networks or matrices of weights.
REPETITIONS = ("groups of networks", "networks", "quintics", "seeds", TRAININGS)
# Half width of a 95 % band around an empirical distribution function, times the root of the number of values.
_KOLMOGOROV = 1.358


class AbsentError(Exception):
    """A number is missing; the message says why."""


@dataclass(frozen=True)
class Measured:
    """The number by which a claim is judged, and the interval in which it may lie.

    :ivar low: lower end of the interval, NaN if unknown. :ivar high: the upper one.
    :ivar draws: independent draws behind the interval, or :data:`COMPUTED`. :ivar of: what they are, in the plural.
    :ivar error: one standard error of a mean; NaN of other numbers.
    :ivar remark: for the reader, whatever the verdict. :ivar obstacle: why there can be no verdict, or empty.
    :ivar floor: the value for a perfect model of the same size; NaN if unknown.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    draws: int = 1
    of: str = "draws"
    error: float = math.nan
    remark: str = ""
    obstacle: str = ""
    floor: float = math.nan


def computed(value: float, remark: str = "") -> Measured:
    """A number that is computed, not drawn."""
    return Measured(value, value, value, COMPUTED, "", 0.0, remark)


def single(value: float, of: str, remark: str = "") -> Measured:
    """A number of one draw, whose interval is unknown; ``of`` is what one draw is called in the plural."""
    return Measured(value, draws=1, of=of, remark=remark)


def averaged(value: float, error: float, draws: int, of: str, remark: str = "") -> Measured:
    """A mean over independent draws with Student's 95 % interval.

    :param error: one standard error.
    """
    # Imported here: every start of Snakemake imports this module.
    from scipy.special import stdtrit

    reach = float(stdtrit(draws - 1, 0.975)) * error if draws > 1 else math.nan
    return Measured(value, value - reach, value + reach, draws, of, error, remark)


def counted(value: float, draws: int, of: str, remark: str = "") -> Measured:
    """A count among independent draws, all of which were looked at: its interval is a point."""
    return Measured(value, value, value, draws, of, remark=remark)


def repeated(values: Sequence[float], of: str, remark: str = "") -> Measured:
    """Median and range of repetitions of an experiment.

    :raises AbsentError: if there is none.
    """
    found = sorted(value for value in values if not math.isnan(value))
    if not found:
        raise AbsentError(f"there are no {of}")
    half = len(found) // 2
    median = found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
    return Measured(median, found[0], found[-1], len(found), of, remark=remark)


def over_trainings(found: Sequence[Measured], of: str = TRAININGS) -> Measured:
    """Median and range over trainings; of one alone it is unknown how far others would be.

    :raises AbsentError: if there is none.
    """
    values, remark = [each.value for each in found], _joined(each.remark for each in found)
    whole = repeated(values, of, remark) if len(values) != 1 else single(values[0], of, remark)
    return replace(whole, obstacle=_joined(each.obstacle for each in found))


def smallest_of_trainings(found: Sequence[Measured]) -> Measured:
    """The smallest of numbers of trainings, such as p-values, whose bound is for as many.

    :raises AbsentError: if there is none.
    """
    every = over_trainings(found)
    least = every.value if len(found) == 1 else every.low
    return replace(every, value=least, low=least, high=least)


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


def further_trainings(network: str) -> tuple[str, ...]:
    """Names of a network and of its further trainings, as the settings of record scale have them."""
    return (network, *(f"{network}_seed{seed}" for seed in (2, 3)))


def kolmogorov(value: float, values: float, draws: int, of: str, remark: str = "") -> Measured:
    """A KS distance of pooled values to a law, with the 95 % band of an empirical distribution function.

    The band is that of independent values; levels that repel each other fluctuate less.

    :param values: number of pooled values. :param draws: matrices that they come from.
    """
    reach = _KOLMOGOROV / math.sqrt(values)
    return Measured(value, max(0.0, value - reach), value + reach, draws, of, remark=remark)


@dataclass(frozen=True)
class Results:
    """Tables by their names below the scale's folder, such as "statistics/fan2020/figure_1".

    :ivar absent: what is said of a table that is not there; {} stands for its name.
    """

    tables: Mapping[str, pd.DataFrame]
    absent: str = "{}.csv is not made with these settings"

    def rows(self, file: str, *columns: str, **where: str | float) -> pd.DataFrame:
        """Rows in which columns have the given values.

        :param columns: other columns that the table must have.
        :raises AbsentError: if there are no such rows.
        """
        if file not in self.tables:
            raise AbsentError(self.absent.format(file))
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
    """How to read the numbers of one claim.

    :ivar files: names of the tables it uses. :ivar published: the number as the paper took it.
    :ivar scrutiny: the same question answered as rigorously as these tables allow: resolved, calibrated, controlled,
        over several seeds. Without it the first number is judged twice.
    :ivar choices: the same question under scrutiny by other reasonable analyses, by what they are; the bounds are the
        same.
    """

    files: tuple[str, ...]
    published: Callable[[Results], Measured]
    scrutiny: Callable[[Results], Measured] | None = None
    choices: Mapping[str, Callable[[Results], Measured]] = field(default_factory=dict)

    def take(self, results: Results) -> dict[str, Measured]:
        """Both numbers, ``published`` and ``scrutiny``; a missing one is NaN, and its obstacle says why."""
        part = self._declared(results)
        published = _attempt(self.published, part)
        return {"published": published, "scrutiny": _attempt(self.scrutiny, part) if self.scrutiny else published}

    def vary(self, results: Results) -> dict[str, Measured]:
        """The number under scrutiny by each of the other analyses."""
        part = self._declared(results)
        return {name: _attempt(measure, part) for name, measure in self.choices.items()}

    def _declared(self, results: Results) -> Results:
        """A reading cannot use what it does not declare."""
        return replace(results, tables={name: results.tables[name] for name in self.files if name in results.tables})


def finite(value: object) -> float:
    """A cell of a table as a number; NaN if it is not a finite number."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def difference(one: Measured, other: Measured) -> Measured:
    """One mean minus the other, assumed independent; an obstacle of either is an obstacle of the difference.

    Student's interval has the degrees of freedom of the one with fewer draws.
    """
    fewer = min(one, other, key=lambda found: found.draws)
    found = averaged(one.value - other.value, math.hypot(one.error, other.error), fewer.draws, fewer.of)
    return replace(found, obstacle=_joined((one.obstacle, other.obstacle)))


def mean(values: pd.Series, what: str, of: str) -> Measured:
    """Mean of a sample of independent values; ``of`` is what they are, in the plural.

    :raises AbsentError: if there are fewer than two.
    """
    values = values.map(finite).dropna()
    if len(values) < 2:
        raise AbsentError(f"{what}: {len(values)} values make no mean with an error")
    return averaged(float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5), len(values), of)


def _words(where: Mapping[str, str | float]) -> str:
    return ", ".join(str(wanted) for wanted in where.values())


def _attempt(measure: Callable[[Results], Measured], results: Results) -> Measured:
    try:
        return measure(results)
    except AbsentError as absent:
        return Measured(math.nan, obstacle=str(absent))
    except ZeroDivisionError:
        return Measured(math.nan, obstacle="a denominator is zero")
