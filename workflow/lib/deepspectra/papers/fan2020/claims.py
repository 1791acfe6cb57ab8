"""Readings of the claims of Fan and Wang (2020)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deepspectra.papers.reading import AbsentError, Measured, Reading, Results, counted, single

__all__ = ["READINGS"]

_ITEMS = ("1", "2", "3", "s1", "s2", "s4")
FIGURE_1, FIGURE_2, FIGURE_3, FIGURE_S1, FIGURE_S2, FIGURE_S4 = (f"statistics/fan2020/figure_{item}" for item in _ITEMS)
_KS = "ks_distance"
_NETWORKS = "networks"


def plain(file: str, **place: Any) -> Reading:
    """One number of a summary, of one network."""
    return Reading((file,), lambda results: single(results.value(file, **place), _NETWORKS))


def beside_floor(
    file: str, kernel: str, quantity: str = _KS, told: str = "a draw of the limit's own model has {:.2g}"
) -> Reading:
    """A number of a kernel, and the same of the limit or of a finite draw of its own model, which a remark tells."""

    def measure(results: Results) -> Measured:
        place = {"series": kernel, "quantity": quantity}
        floor = results.value(file, "reference", **place)
        remark = told.format(floor)
        if place == {"series": "tangent", "quantity": _KS}:
            lemma = results.value(file, series=kernel, quantity="ks_distance_of_lemma_kernel")
            remark += f", lemma 3.5's matrix {lemma:.2g}"
        return replace(single(results.value(file, **place), _NETWORKS, remark), floor=floor)

    return Reading((file,), measure)


def ratio(file: str, quantity: str, above: str, below: str) -> Reading:
    """A quantity of one series over that of another.

    :raises AbsentError: when it is read, if the latter is zero.
    """

    def measure(results: Results) -> Measured:
        numerator, denominator = (results.value(file, series=name, quantity=quantity) for name in (above, below))
        if not denominator:
            raise AbsentError("the denominator is zero")
        return single(numerator / denominator, _NETWORKS)

    return Reading((file,), measure)


def emerged(kernel: str) -> Reading:
    """How many more eigenvalues lie beyond 1.1 times the limit's upper edge after training than before."""

    def measure(results: Results) -> Measured:
        times = ("before", "after")
        before, after = (results.value(FIGURE_3, series=kernel, quantity=f"beyond_edge_{time}") for time in times)
        return single(after - before, _NETWORKS, f"{before:g} before training")

    return Reading((FIGURE_3,), measure)


def test_prediction(results: Results) -> Measured:
    """R^2 after the last epoch, and in a remark its range within the last third of the epochs."""
    times = ("after", "last_third_lowest", "last_third_highest")
    value, low, high = (results.value(FIGURE_3, series="test", quantity=f"r_squared_{time}") for time in times)
    return single(value, _NETWORKS, f"from {low:.2f} to {high:.2f} within the last third of the epochs")


def of_layers(quantity: str, combine: Callable[[list[float]], float]) -> Reading:
    """A quantity in all layers of figure 1's network, first to last, combined into one number.

    :raises AbsentError: when it is read, if no layer has it.
    """

    def measure(results: Results) -> Measured:
        rows = results.rows(FIGURE_S4, "panel", "at", quantity=quantity)
        panels = rows[rows.panel.astype(str).str.startswith("figure_1_")].sort_values("at").panel
        if panels.empty:
            raise AbsentError(f"{FIGURE_S4}.csv has no layer of figure 1")
        return single(
            combine([results.value(FIGURE_S4, panel=panel, quantity=quantity) for panel in panels]), _NETWORKS
        )

    return Reading((FIGURE_S4,), measure)


def inner_products(results: Results) -> Measured:
    """How much the removal of components shrinks inner products of all pairs of the chosen images."""
    quantity = "root_mean_square_inner_product"
    after, raw = (results.value(FIGURE_S1, series=series, quantity=quantity) for series in ("after", "raw"))
    pairs = results.value(FIGURE_S1, series="after", quantity="pairs")
    return counted(after / raw, round(pairs), "pairs of images")


READINGS = {
    "F01": beside_floor(FIGURE_1, "conjugate"),
    "F02": beside_floor(FIGURE_1, "tangent"),
    "F03": beside_floor(FIGURE_2, "conjugate"),
    "F04": beside_floor(FIGURE_2, "tangent"),
    "F05": beside_floor(FIGURE_S2, "conjugate"),
    "F06": ratio(FIGURE_S2, _KS, "tangent", "conjugate"),
    "F07": plain(FIGURE_3, series="train", quantity="mean_squared_error_after"),
    "F08": Reading((FIGURE_3,), test_prediction),
    "F09": plain(FIGURE_3, series="conjugate_3", quantity="label_share_after", at=2),
    "F10": emerged("conjugate_3"),
    "F11": beside_floor(FIGURE_1, "tangent", "smallest_eigenvalue_over_r_plus", "the limit has {:.3g}"),
    "F12": emerged("tangent"),
    "F13": of_layers(_KS, max),
    "F14": of_layers("largest_eigenvalue", lambda values: values[-1] / values[0]),
    "F15": Reading((FIGURE_S1,), inner_products),
}
