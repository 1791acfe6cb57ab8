"""Readings of the claims of Fan and Wang (2020)."""

import math
from dataclasses import replace
from functools import partial

from deepspectra.papers.reading import (
    AbsentError,
    Measured,
    Reading,
    Results,
    averaged,
    finite,
    repeated,
)

__all__ = ["READINGS"]

_ITEMS = ("3", "s1", "s4", "scaling")
FIGURE_3, FIGURE_S1, FIGURE_S4, SCALING = (f"statistics/fan2020/figure_{item}" for item in _ITEMS)
# Panels of figure scaling: inputs of figures 1, 2 and S2.
GAUSSIAN, WITHOUT_TEN, ALL_COMPONENTS = "abc"
_NETWORKS = "networks"
_INPUTS = "choices of inputs"
_PUBLISHED, _LOWER_99 = "total_variation", "total_variation_of_99_percent"
_DISTANCES = {
    "ks_distance": "KS distance",
    "ks_distance_after_common_factor": "KS distance after one common factor",
    _PUBLISHED: "total variation",
    _LOWER_99: "total variation of the lower 99 %",
}


def at_the_largest_size(results: Results, panel: str, kernel: str, measure: str) -> Measured:
    """Median and range of a measure over the draws with most samples; the floor is that of the limit's own model.

    :raises AbsentError: if no size has it.
    """
    place = {"panel": panel, "series": kernel}
    sizes = results.rows(SCALING, "at", quantity=measure, **place)["at"].map(finite).dropna()
    if sizes.empty:
        raise AbsentError(f"{SCALING}.csv has no size with {measure}")
    size = float(sizes.max())
    keys = ("median", "lowest", "highest", "draws")
    median, low, high, draws = (results.value(SCALING, quantity=f"{measure}_{key}", at=size, **place) for key in keys)
    floor = results.value(SCALING, "reference", quantity=measure, at=size, **place)
    ks = results.value(SCALING, quantity="ks_distance_median", at=size, **place)
    remark = f"n = {size:g}; the limit's own model has {floor:.2g}; median KS distance {ks:.2g}"
    return Measured(median, low, high, round(draws), _NETWORKS, remark=remark, floor=floor)


def exponent(results: Results, panel: str, kernel: str, measure: str) -> Measured:
    """Fitted exponent of n over all draws and sizes, with Student's interval."""
    place = {"panel": panel, "series": kernel}
    quantity = f"{measure}_exponent"
    slope, error = (results.value(SCALING, column, quantity=quantity, **place) for column in ("value", "error"))
    draws = results.rows(SCALING, "value", quantity=f"{measure}_draws", **place).value.map(finite).sum()
    # Of a line through k draws k - 2 degrees of freedom are left, of a mean k - 1.
    return replace(averaged(slope, error, round(draws) - 1, _NETWORKS), draws=round(draws))


def scaling(panel: str, kernel: str, published: str, scrutiny: str = "ks_distance") -> Reading:
    """A distance as published, at the largest size, and the exponent with which one changes with size.

    The other choices are the exponents of the other distances, over the full range unless outliers blind it.
    """
    exponents = {
        words: partial(exponent, panel=panel, kernel=kernel, measure=measure)
        for measure, words in _DISTANCES.items()
        if measure != scrutiny and (measure, published) != (_PUBLISHED, _LOWER_99)
    }
    return Reading(
        (SCALING,),
        partial(at_the_largest_size, panel=panel, kernel=kernel, measure=published),
        partial(exponent, panel=panel, kernel=kernel, measure=scrutiny),
        exponents,
    )


def shrinkage(results: Results, panel: str) -> Measured:
    """Exponent of n of images' largest inner product, with Student's interval: one choice of images a size.

    :raises AbsentError: unless there are three sizes, all different, with positive numbers.
    """
    rows = results.rows(SCALING, "at", "value", panel=panel, quantity="largest_inner_product")
    points = sorted((finite(row.at), finite(row.value)) for row in rows.itertuples())
    if any(math.isnan(number) or number <= 0 for point in points for number in point):
        raise AbsentError(f"{SCALING}.csv lacks an inner product")
    if len({n for n, _ in points}) < max(3, len(points)):
        raise AbsentError("an exponent with an error needs three sizes, each once")
    # Imported here: every start of Snakemake imports this module.
    from scipy.stats import linregress

    line = linregress(*([math.log(number) for number in numbers] for numbers in zip(*points, strict=True)))
    most, last = points[-1]
    remark = f"{last:.2g} at n = {most:g}, where n^(-1/4) is {most**-0.25:.2g}"
    # As in exponent().
    return replace(averaged(line.slope, line.stderr, len(points) - 1, _INPUTS, remark), draws=len(points))


def of_seeds(quantity: str) -> Reading:
    """A result of figure 3's network for every seed: its median and range."""

    def measure(results: Results) -> Measured:
        rows = results.rows(FIGURE_3, "value", panel="seeds", quantity=quantity)
        return repeated(list(rows.value.map(finite)), "seeds")

    return Reading((FIGURE_3,), measure)


def emerged(kernel: str) -> Reading:
    """How many more eigenvalues lie beyond 1.1 times the limit's upper edge after training than before, by seed."""

    def measure(results: Results) -> Measured:
        rows = results.rows(FIGURE_3, "value", "reference", panel="seeds", series=kernel, quantity="beyond_edge_after")
        after, before = (rows[column].map(finite) for column in ("value", "reference"))
        return repeated(list(after - before), "seeds", f"{before.min():g} to {before.max():g} before training")

    return Reading((FIGURE_3,), measure)


def of_layers(quantity: str) -> Reading:
    """A result of all layers of each network of figure 1's kind: its median and range."""

    def measure(results: Results) -> Measured:
        rows = results.rows(FIGURE_S4, "value", panel="draws", quantity=quantity)
        return repeated(list(rows.value.map(finite)), _NETWORKS)

    return Reading((FIGURE_S4,), measure)


def inner_products(results: Results) -> Measured:
    """How much the removal of components shrinks inner products of all pairs of the chosen images, by choice."""
    rows = results.rows(FIGURE_S1, "value", panel="choices", quantity="shrinkage")
    return repeated(list(rows.value.map(finite)), _INPUTS)


READINGS = {
    "F01": scaling(GAUSSIAN, "conjugate", _PUBLISHED),
    "F02": scaling(GAUSSIAN, "tangent", _PUBLISHED),
    "F03": scaling(WITHOUT_TEN, "conjugate", _PUBLISHED),
    "F04": scaling(WITHOUT_TEN, "tangent", _PUBLISHED),
    "F05": scaling(ALL_COMPONENTS, "conjugate", _LOWER_99),
    "F06": scaling(ALL_COMPONENTS, "tangent", _LOWER_99, "ks_distance_after_common_factor"),
    "F07": of_seeds("mean_squared_error"),
    "F08": of_seeds("r_squared"),
    "F09": of_seeds("label_share"),
    "F10": emerged("conjugate_3"),
    "F11": Reading(
        (SCALING,), partial(at_the_largest_size, panel=GAUSSIAN, kernel="tangent", measure="smallest_over_r_plus")
    ),
    "F12": emerged("tangent"),
    "F13": of_layers("largest_ks_distance"),
    "F14": of_layers("growth"),
    "F15": Reading((FIGURE_S1,), inner_products),
    "F16": Reading(
        (SCALING,),
        partial(exponent, panel=GAUSSIAN, kernel="tangent", measure="lemma_error"),
        partial(exponent, panel=GAUSSIAN, kernel="tangent", measure="ks_distance_to_lemma"),
    ),
    "F17": Reading(
        (SCALING,),
        partial(exponent, panel=GAUSSIAN, kernel="gaussian", measure="largest_inner_product"),
        partial(shrinkage, panel=WITHOUT_TEN),
    ),
}
