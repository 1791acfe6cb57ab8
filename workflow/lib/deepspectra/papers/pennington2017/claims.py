"""Claims of Pennington and Worah (2017)."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from deepspectra.papers.reading import (
    AbsentError,
    Measured,
    Reading,
    Results,
    averaged,
    computed,
    counted,
    finite,
    repeated,
)

__all__ = ["READINGS"]

_FIGURE_1, _FIGURE_2, _FIGURE_3 = (f"statistics/pennington2017/figure_{item}" for item in (1, 2, 3))
_LARGEST = "l1_distance_at_largest_width"
# Distances have errors from as many groups of networks.
_GROUPS, _OF = 10, "groups of networks"


def _distance(results: Results, quantity: str, panel: str, series: str) -> Measured:
    """A distance, or a ratio of two, beside that of the Gaussian equivalent."""
    place = {"panel": panel, "series": series, "quantity": quantity}
    value, floor, error = (results.value(_FIGURE_1, column, **place) for column in ("value", "reference", "error"))
    found = averaged(value, error, _GROUPS, _OF, f"{series}; for the limit's own samples {floor:.2g}")
    return replace(found, low=max(0.0, found.low), floor=floor)


def _first_layer(results: Results) -> Measured:
    """The distance that falls least with width, and how far that of the limit's own samples falls."""
    series = dict.fromkeys(results.rows(_FIGURE_1, "series", panel="a").series)
    found = [_distance(results, "ratio_of_largest_to_smallest_width", "a", name) for name in series]
    return max(found, key=lambda distance: distance.high)


def _last_layer(results: Results, alpha: str) -> Measured:
    return _distance(results, _LARGEST, "b", f"alpha={alpha}")


def _numbers(results: Results, file: str, quantity: str, column: str = "value") -> dict[str, float]:
    """A quantity of a figure in every panel and series; AbsentError if one is no number."""
    rows = results.rows(file, "panel", "series", column, quantity=quantity)
    found = {f"panel {row.panel}, {row.series}": finite(getattr(row, column)) for row in rows.itertuples()}
    if any(value != value for value in found.values()):
        raise AbsentError(f"{file}.csv lacks a number of {quantity}")
    return found


def _deviations(results: Results, column: str) -> list[float]:
    """Largest deviation from theory over panels, beta and gamma, for the first random quintic of each beta, and so on.

    :param column: ``value``, or ``reference`` for the smaller matrices.
    """
    rows = results.rows(_FIGURE_2, "at", column, quantity="largest_deviation_of_quintic")
    found = [float(part[column].map(finite).max()) for _, part in rows.groupby("at")]
    if any(map(math.isnan, found)):
        raise AbsentError(f"{_FIGURE_2}.csv lacks a deviation of a quintic")
    return found


def _quintics(results: Results) -> Measured:
    return repeated(_deviations(results, "value"), "quintics")


def _fall(results: Results) -> Measured:
    """Mean deviation of quintics over that of smaller matrices: zero in the limit if the theory is right."""
    large, small = (_mean(_deviations(results, column)) for column in ("value", "reference"))
    ratio = large.value / small.value
    error = ratio * math.hypot(large.error / large.value, small.error / small.value)
    return averaged(ratio, error, large.draws, "quintics", f"{large.value:.2g} after {small.value:.2g}")


def _mean(values: Sequence[float]) -> Measured:
    count, mean = len(values), sum(values) / len(values)
    if count < 2:
        raise AbsentError("one quintic makes no mean with an error")
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1))
    return averaged(mean, deviation / math.sqrt(count), count, "quintics")


def _spread(results: Results, column: str) -> tuple[float, int, str]:
    """Largest standard deviation over quintics of one beta, the number of quintics, and where it is."""
    found = _numbers(results, _FIGURE_2, "spread_of_quintics", column)
    worst = max(found, key=lambda place: found[place])
    return found[worst], round(min(_numbers(results, _FIGURE_2, "quintics").values())), worst


def _only_beta(results: Results) -> Measured:
    value, count, place = _spread(results, "value")
    return averaged(value, value / math.sqrt(2 * (count - 1)), count, "quintics", place)


def _spread_falls(results: Results) -> Measured:
    """The same over that of smaller matrices; the relative error of each is that of normal deviates."""
    (large, count, _), (small, _, _) = _spread(results, "value"), _spread(results, "reference")
    ratio = large / small
    return averaged(ratio, ratio / math.sqrt(count - 1), count, "quintics", f"{large:.2g} after {small:.2g}")


def _ridgeless(results: Results) -> Measured:
    """The largest deviation of all quintics, in every panel at every beta: no draws of one number, so no interval."""
    found = _numbers(results, _FIGURE_2, "ridgeless_deviation_of_quintics")
    worst = max(found, key=lambda place: found[place])
    count = round(min(_numbers(results, _FIGURE_2, "quintics").values()))
    return counted(found[worst], count, "quintics", worst)


def _homogeneous(results: Results) -> Measured:
    return computed(max(_numbers(results, _FIGURE_2, "homogeneity_gap").values()), "theory")


def _monotone(results: Results) -> Measured:
    found = _numbers(results, _FIGURE_2, "theory_falls_with_beta")
    return computed(float(all(value == 1 for value in found.values())), "theory")


def _constants(results: Results) -> Measured:
    gaps = []
    for constant in ("eta", "zeta"):
        stated = _numbers(results, _FIGURE_3, constant, "reference")
        gaps += [abs(value - stated[place]) for place, value in _numbers(results, _FIGURE_3, constant).items()]
    return computed(max(gaps), "by quadrature")


READINGS = {
    "P01": Reading((_FIGURE_1,), _first_layer),
    "P02": Reading((_FIGURE_1,), partial(_last_layer, alpha="1")),
    "P03": Reading((_FIGURE_1,), partial(_last_layer, alpha="-1")),
    "P04": Reading((_FIGURE_2,), _quintics, _fall),
    "P05": Reading((_FIGURE_2,), _ridgeless),
    "P06": Reading((_FIGURE_2,), _monotone),
    "P07": Reading((_FIGURE_3,), _constants),
    "P08": Reading((_FIGURE_2,), _homogeneous),
    "P09": Reading((_FIGURE_2,), _only_beta, _spread_falls),
}
