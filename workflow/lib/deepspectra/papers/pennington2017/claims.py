"""Claims of Pennington and Worah (2017)."""

from functools import partial

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, finite

__all__ = ["READINGS"]

_FIGURE_1, _FIGURE_2, _FIGURE_3 = (f"statistics/pennington2017/figure_{item}" for item in (1, 2, 3))
_LARGEST, _SMALLEST = (f"l1_distance_at_{end}_width" for end in ("largest", "smallest"))


def _first_layer(results: Results) -> Measured:
    """The distance that falls least with width, and how far that of the limit's own samples falls."""
    found = []
    for series in dict.fromkeys(results.rows(_FIGURE_1, "series", panel="a").series):
        place = {"panel": "a", "series": series}
        fall = results.value(_FIGURE_1, quantity="ratio_of_largest_to_smallest_width", **place)
        ends = [results.value(_FIGURE_1, "reference", quantity=end, **place) for end in (_LARGEST, _SMALLEST)]
        found.append((fall, ends[0] / ends[1], series))
    fall, floor, series = max(found)
    return Measured(fall, remark=f"{series}; for the limit's own samples {floor:.2g}", floor=floor)


def _last_layer(results: Results, alpha: str) -> Measured:
    place = {"panel": "b", "series": f"alpha={alpha}", "quantity": _LARGEST}
    floor = results.value(_FIGURE_1, "reference", **place)
    return Measured(results.value(_FIGURE_1, **place), remark=f"the limit's own samples have {floor:.2g}")


def _numbers(results: Results, file: str, quantity: str, column: str = "value") -> dict[str, float]:
    """A quantity of a figure in every panel and series; AbsentError if one is no number."""
    rows = results.rows(file, "panel", "series", column, quantity=quantity)
    found = {f"panel {row.panel}, {row.series}": finite(getattr(row, column)) for row in rows.itertuples()}
    if any(value != value for value in found.values()):
        raise AbsentError(f"{file}.csv lacks a number of {quantity}")
    return found


def _largest_over_series(results: Results, quantity: str) -> Measured:
    found = _numbers(results, _FIGURE_2, quantity)
    worst = max(found, key=lambda place: found[place])
    return Measured(found[worst], remark=worst)


def _monotone(results: Results) -> Measured:
    found = _numbers(results, _FIGURE_2, "theory_falls_with_beta")
    return Measured(float(all(value == 1 for value in found.values())), 0.0, "theory")


def _constants(results: Results) -> Measured:
    gaps = []
    for constant in ("eta", "zeta"):
        stated = _numbers(results, _FIGURE_3, constant, "reference")
        gaps += [abs(value - stated[place]) for place, value in _numbers(results, _FIGURE_3, constant).items()]
    return Measured(max(gaps), 0.0, "by quadrature")


READINGS = {
    "P01": Reading((_FIGURE_1,), _first_layer),
    "P02": Reading((_FIGURE_1,), partial(_last_layer, alpha="1")),
    "P03": Reading((_FIGURE_1,), partial(_last_layer, alpha="-1")),
    "P04": Reading((_FIGURE_2,), partial(_largest_over_series, quantity="largest_deviation_from_theory")),
    "P05": Reading((_FIGURE_2,), partial(_largest_over_series, quantity="deviation_from_ridgeless_limit")),
    "P06": Reading((_FIGURE_2,), _monotone),
    "P07": Reading((_FIGURE_3,), _constants),
}
