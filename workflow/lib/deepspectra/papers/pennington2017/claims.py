"""Claims of Pennington and Worah (2017)."""

from __future__ import annotations

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, number

__all__ = ["READINGS"]

_FIGURE_1, _FIGURE_2, _FIGURE_3 = (f"statistics/pennington2017/figure_{item}" for item in (1, 2, 3))
_LARGEST, _SMALLEST = (f"l1_distance_at_{end}_width" for end in ("largest", "smallest"))


def _first_layer(results: Results) -> Measured:
    """The distance that falls least with width, and how far that of the limit's own samples falls.

    :raises AbsentError: if a number is missing.
    """
    found = []
    for series in dict.fromkeys(results.rows(_FIGURE_1, "series", panel="a").series):
        place = {"panel": "a", "series": series}
        fall = results.value(_FIGURE_1, quantity="ratio_of_largest_to_smallest_width", **place)
        ends = [results.value(_FIGURE_1, "reference", quantity=end, **place) for end in (_LARGEST, _SMALLEST)]
        if not ends[1]:
            raise AbsentError("the limit's own samples have no distance to it")
        found.append((fall, ends[0] / ends[1], series))
    fall, floor, series = max(found)
    return Measured(fall, remark=f"{series}; for the limit's own samples {floor:.2g}", floor=floor)


def _last_layer(alpha: str) -> Reading:
    """Distance of the last layer at the largest width."""

    def measure(results: Results) -> Measured:
        place = {"panel": "b", "series": f"alpha={alpha}", "quantity": _LARGEST}
        floor = results.value(_FIGURE_1, "reference", **place)
        return Measured(results.value(_FIGURE_1, **place), remark=f"the limit's own samples have {floor:.2g}")

    return Reading((_FIGURE_1,), measure)


def _largest_over_series(quantity: str) -> Reading:
    """The largest value that a quantity of figure 2 has in any panel and series."""

    def measure(results: Results) -> Measured:
        rows = results.rows(_FIGURE_2, "panel", "series", "value", quantity=quantity)
        values = [number(value) for value in rows.value]
        if any(value != value for value in values):
            raise AbsentError(f"{_FIGURE_2}.csv lacks a number of {quantity}")
        worst = rows.iloc[values.index(max(values))]
        return Measured(max(values), remark=f"panel {worst.panel}, {worst.series}")

    return Reading((_FIGURE_2,), measure)


def _monotone(results: Results) -> Measured:
    """Whether theory orders the losses in both panels.

    :raises AbsentError: if a number is missing.
    """
    rows = results.rows(_FIGURE_2, "value", quantity="theory_falls_with_beta")
    values = [number(value) for value in rows.value]
    if any(value != value for value in values):
        raise AbsentError(f"{_FIGURE_2}.csv does not cover both panels")
    return Measured(float(all(value == 1 for value in values)), 0.0, "theory")


def _constants(results: Results) -> Measured:
    """The Gaussian constant of four functions that is farthest from its stated value.

    :raises AbsentError: if a number is missing.
    """
    rows = results.rows(_FIGURE_3, "quantity", "value", "reference")
    rows = rows[rows.quantity.isin(["eta", "zeta"])]
    gaps = [abs(number(row.value) - number(row.reference)) for row in rows.itertuples()]
    if not gaps or any(gap != gap for gap in gaps):
        raise AbsentError(f"{_FIGURE_3}.csv lacks a constant")
    return Measured(max(gaps), 0.0, "by quadrature")


READINGS = {
    "P01": Reading((_FIGURE_1,), _first_layer),
    "P02": _last_layer("1"),
    "P03": _last_layer("-1"),
    "P04": _largest_over_series("largest_deviation_from_theory"),
    "P05": _largest_over_series("deviation_from_ridgeless_limit"),
    "P06": Reading((_FIGURE_2,), _monotone),
    "P07": Reading((_FIGURE_3,), _constants),
}
