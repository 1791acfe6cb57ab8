"""Figures of many draws, from small tables such as their statistics: what they show."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.papers import style
from deepspectra.papers.fan2020.items import ITEMS
from deepspectra.papers.fan2020.statistics import scaling
from deepspectra.papers.fan2020.statistics.scaling import SizeDraws, components_numbers, scaling_numbers

from .drawn import drawing, illegible, line_through, texts, through_csv

NOTE = "Preview scale: n 200 to 800 (3) instead of 625 to 5000 (4). " + " ".join(["Assumed: nothing."] * 12)
SIZES, REMOVED = (200, 400, 800), (0, 1, 3, 10, 30)


def size_draws(n, strength):
    """Draws whose distances fall with a power of n that the strength says."""
    rng = np.random.default_rng(n)
    values = {}
    for kernel, level in (("conjugate", 1.0), ("tangent", 10.0)):
        for measure in (
            "ks_distance",
            "ks_distance_after_common_factor",
            "total_variation_of_99_percent",
            "common_factor",
        ):
            spread = np.exp(0.4 * rng.normal(size=6))
            values[kernel, measure] = level * n ** (-0.5 + strength) * spread / 20
    for measure in ("ks_distance_to_lemma", "lemma_error"):
        values["tangent", measure] = n**-0.5 * np.exp(0.1 * rng.normal(size=6))
    floors = {key: 0.2 / n for key in values if key[1] != "ks_distance_to_lemma"}
    inputs = {"root_mean_square_inner_product": 0.3 - strength, "largest_inner_product": 0.9}
    inputs |= {"largest_input_eigenvalue": 40.0}
    return SizeDraws(n, values, floors, {name: np.array([value]) for name, value in inputs.items()})


def made(monkeypatch, numbers, parameters):
    """Numbers as from files."""
    strengths = {inputs: entry.get("removed_components", 0) / 100 for inputs, entry in parameters.items()}
    found = [(inputs, [size_draws(n, strength) for n in SIZES]) for inputs, strength in strengths.items()]
    monkeypatch.setattr(scaling, "_measured", lambda files, given: found)
    tables = numbers({}, parameters)
    return through_csv(tables.curves, None), through_csv(tables.summary, None)


@pytest.fixture
def scaled(monkeypatch):
    return made(monkeypatch, scaling_numbers, {"gaussian": {}, "images_10": {}, "images_0": {}})


@pytest.fixture
def swept(monkeypatch):
    return made(monkeypatch, components_numbers, {f"images_{k}": {"removed_components": k} for k in REMOVED})


@pytest.mark.parametrize("name", ["scaled", "swept"])
def test_no_text_is_cut_off_or_meets_another(request, name):
    item = ITEMS["figure_scaling" if name == "scaled" else "figure_components"]
    figure = drawing("fan2020", item)(*request.getfixturevalue(name), NOTE)
    assert illegible(figure) == []
    assert style.note_of(figure) == NOTE


def test_every_draw_is_a_dot_and_every_exponent_is_told(scaled):
    curves, summary = scaled
    figure = drawing("fan2020", ITEMS["figure_scaling"])(curves, summary, NOTE)
    axes = np.array(figure.axes).reshape(2, 3)
    for panel, column in zip("abc", axes.T, strict=True):
        part = curves[curves.panel == panel]
        for axis, measures in zip(column, (["ks_distance"], ["total_variation_of_99_percent"]), strict=True):
            assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
            legend = " ".join(texts(axis.get_legend()))
            for kernel in ("conjugate", "tangent"):
                for measure in measures:
                    drawn = part[part.series == f"{kernel} {measure}"]
                    assert len(drawn) == 18
                    assert line_through(axis, drawn)
                    assert line_through(axis, drawn.groupby("x").y.median().reset_index())
                    assert line_through(axis, part[part.series == f"floor of {kernel} {measure}"])
                    row = summary[(summary.panel == panel) & (summary.series == kernel)
                                  & (summary.quantity == f"{measure}_exponent")].iloc[0]  # fmt: skip
                    assert f": {row.value:.2f} ± {row.error:.2f}".replace("-", "−") in legend


def test_the_sweep_has_a_line_a_size_and_the_exponents(swept):
    curves, summary = swept
    figure = drawing("fan2020", ITEMS["figure_components"])(curves, summary, NOTE)
    products, distances, variations, exponents = figure.axes
    for axis in figure.axes:
        assert [text.get_text() for text in axis.get_xticklabels()] == [str(k) for k in REMOVED]
    for n in SIZES:
        for axis, series in (
            (products, f"root_mean_square_inner_product, n = {n}"),
            (distances, f"tangent ks_distance, n = {n}"),
            (variations, f"conjugate total_variation_of_99_percent, n = {n}"),
        ):
            medians = curves[curves.series == series].groupby("x").y.median()
            assert line_through(axis, medians.rename("y").rename_axis("x").reset_index().assign(x=range(len(REMOVED))))
        thresholds = [line.get_ydata()[0] for line in products.get_lines() if len(set(line.get_ydata())) == 1]
        assert any(level == pytest.approx(n**-0.25) for level in thresholds)
    told = summary[(summary.quantity == "ks_distance_exponent") & (summary.series == "tangent")].sort_values("at")
    assert line_through(exponents, told.assign(x=range(len(REMOVED)), y=told.value))
