"""Readings of the claims of Fan and Wang (2020)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results

__all__ = ["READINGS"]

FIGURE_1, FIGURE_2, FIGURE_3, FIGURE_S1, FIGURE_S2, FIGURE_S4 = (
    f"statistics/fan2020/figure_{item}" for item in ("1", "2", "3", "s1", "s2", "s4")
)
_KS = "ks_distance"


def distance(file: str, kernel: str) -> Reading:
    """KS distance of a kernel to its limit; the floor is that of a finite draw of the limit's own model."""

    def measure(results: Results) -> Measured:
        place = {"series": kernel, "quantity": _KS}
        floor = results.value(file, "reference", **place)
        remark = f"a draw of the limit's own model has {floor:.2g}"
        if kernel == "tangent":
            lemma = results.value(file, series=kernel, quantity="ks_distance_of_lemma_kernel")
            remark += f", lemma 3.5's matrix {lemma:.2g}"
        return Measured(results.value(file, **place), remark=remark, floor=floor)

    return Reading((file,), measure)


def ratio(file: str, quantity: str, above: str, below: str) -> Reading:
    """A quantity of one series over that of another."""

    def measure(results: Results) -> Measured:
        return Measured(_ratio(*(results.value(file, series=name, quantity=quantity) for name in (above, below))))

    return Reading((file,), measure)


def plain(file: str, **place: Any) -> Reading:
    """One number of a summary."""
    return Reading((file,), lambda results: Measured(results.value(file, **place)))


def emerged(kernel: str) -> Reading:
    """How many more eigenvalues lie beyond 1.1 times the limit's upper edge after training than before."""

    def measure(results: Results) -> Measured:
        before, after = (
            results.value(FIGURE_3, series=kernel, quantity=f"beyond_edge_{time}") for time in ("before", "after")
        )
        return Measured(after - before, remark=f"{before:g} before training")

    return Reading((FIGURE_3,), measure)


def test_prediction(results: Results) -> Measured:
    """R^2 after the last epoch; two errors are half of its range within the last third of the epochs."""
    low, high = (
        results.value(FIGURE_3, series="test", quantity=f"r_squared_last_third_{end}") for end in ("lowest", "highest")
    )
    value = results.value(FIGURE_3, series="test", quantity="r_squared_after")
    return Measured(value, (high - low) / 4, f"from {low:.2f} to {high:.2f} within the last third of the epochs")


def separation(results: Results) -> Measured:
    """Smallest eigenvalue of the tangent kernel in units of the identity's coefficient in lemma 3.5."""
    row = {"series": "tangent", "quantity": "smallest_eigenvalue_over_r_plus"}
    floor = results.value(FIGURE_1, "reference", **row)
    return Measured(results.value(FIGURE_1, **row), remark=f"the limit has {floor:.3g}", floor=floor)


def of_layers(quantity: str, combine: Callable[[list[float]], float]) -> Reading:
    """A quantity in all layers of figure 1's network, first to last, combined into one number.

    :raises AbsentError: when read, if a layer's number is missing.
    """

    def measure(results: Results) -> Measured:
        rows = results.rows(FIGURE_S4, "panel", "at", quantity=quantity)
        panels = rows[rows.panel.astype(str).str.startswith("figure_1_")].sort_values("at").panel
        if panels.empty:
            raise AbsentError(f"{FIGURE_S4}.csv has no layer of figure 1")
        return Measured(combine([results.value(FIGURE_S4, panel=panel, quantity=quantity) for panel in panels]))

    return Reading((FIGURE_S4,), measure)


def _ratio(above: float, below: float) -> float:
    if not below:
        raise AbsentError("the denominator is zero")
    return above / below


READINGS = {
    "F01": distance(FIGURE_1, "conjugate"),
    "F02": distance(FIGURE_1, "tangent"),
    "F03": distance(FIGURE_2, "conjugate"),
    "F04": distance(FIGURE_2, "tangent"),
    "F05": distance(FIGURE_S2, "conjugate"),
    "F06": ratio(FIGURE_S2, _KS, "tangent", "conjugate"),
    "F07": plain(FIGURE_3, series="train", quantity="mean_squared_error_after"),
    "F08": Reading((FIGURE_3,), test_prediction),
    "F09": plain(FIGURE_3, series="conjugate_3", quantity="label_share_after", at=2),
    "F10": emerged("conjugate_3"),
    "F11": Reading((FIGURE_1,), separation),
    "F12": emerged("tangent"),
    "F13": of_layers(_KS, max),
    "F14": of_layers("largest_eigenvalue", lambda values: _ratio(values[-1], values[0])),
    "F15": ratio(FIGURE_S1, "root_mean_square_inner_product", "after", "raw"),
}
