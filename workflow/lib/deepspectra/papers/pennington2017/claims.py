"""Claims of Pennington and Worah (2017)."""

from __future__ import annotations

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, number

FIGURE_1, FIGURE_2, FIGURE_3 = (f"statistics/pennington2017/figure_{item}" for item in (1, 2, 3))
_LARGEST, _SMALLEST = (f"L1 distance at the {end} width" for end in ("largest", "smallest"))


def first_layer(results: Results) -> Measured:
    """The distance that falls least with width, and how far that of the limit's own samples falls.

    :raises AbsentError: if a number of it is not there.
    """
    found = []
    for series in dict.fromkeys(results.rows(FIGURE_1, "series", panel="a").series):
        place = {"panel": "a", "series": series}
        fall = results.value(FIGURE_1, quantity="ratio largest to smallest width", **place)
        ends = [results.value(FIGURE_1, "reference", quantity=end, **place) for end in (_LARGEST, _SMALLEST)]
        if not ends[1]:
            raise AbsentError("the limit's own samples have no distance to it")
        found.append((fall, ends[0] / ends[1], series))
    fall, floor, series = max(found)
    return Measured(fall, remark=f"{series}; for the limit's own samples {floor:.2g}", floor=floor)


def last_layer(alpha: str) -> Reading:
    """Distance of the last layer at the largest width."""

    def measure(results: Results) -> Measured:
        place = {"panel": "b", "series": f"alpha={alpha}", "quantity": _LARGEST}
        floor = results.value(FIGURE_1, "reference", **place)
        return Measured(results.value(FIGURE_1, **place), remark=f"the limit's own samples have {floor:.2g}")

    return Reading((FIGURE_1,), measure)


def largest_deviation(beginning: str) -> Reading:
    """The largest of the numbers of figure 2 that are called so.

    :raises AbsentError: by the reading, if a number of it is not there.
    """

    def measure(results: Results) -> Measured:
        table = results.rows(FIGURE_2, "panel", "series", "quantity", "value")
        rows = table[table.quantity.astype(str).str.startswith(beginning)]
        values = [number(value) for value in rows.value]
        if not values or any(value != value for value in values):
            raise AbsentError(f"{FIGURE_2}.csv lacks a number called {beginning!r}")
        worst = rows.iloc[values.index(max(values))]
        return Measured(max(values), remark=f"panel {worst.panel}, {worst.series}")

    return Reading((FIGURE_2,), measure)


def monotone(results: Results) -> Measured:
    """Whether theory orders the losses in both panels.

    :raises AbsentError: if a number of it is not there.
    """
    rows = results.rows(FIGURE_2, "value", quantity="1 if theory falls with beta at every gamma")
    values = [number(value) for value in rows.value]
    if any(value != value for value in values):
        raise AbsentError(f"{FIGURE_2}.csv does not tell of both panels")
    return Measured(float(all(value == 1 for value in values)), 0.0, "theory")


def constants(results: Results) -> Measured:
    """The Gaussian constant of four functions that is farthest from what it should be.

    :raises AbsentError: if a number of it is not there.
    """
    rows = results.rows(FIGURE_3, "quantity", "value", "reference")
    rows = rows[rows.quantity.isin(["eta", "zeta"])]
    gaps = [abs(number(row.value) - number(row.reference)) for row in rows.itertuples()]
    if not gaps or any(gap != gap for gap in gaps):
        raise AbsentError(f"{FIGURE_3}.csv lacks a constant")
    return Measured(max(gaps), 0.0, "by quadrature")


READINGS = {
    "P01": Reading((FIGURE_1,), first_layer),
    "P02": last_layer("1"),
    "P03": last_layer("-1"),
    "P04": largest_deviation("largest |simulated - predicted|"),
    "P05": largest_deviation("|simulated loss - eq. 24|"),
    "P06": Reading((FIGURE_2,), monotone),
    "P07": Reading((FIGURE_3,), constants),
}
