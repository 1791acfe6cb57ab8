"""Figures of random matrices, Gaussian processes and ResNet-34 (baskerville2022) from small tables."""

from __future__ import annotations

import hashlib
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers import style
from deepspectra.papers.baskerville2022.figures import hessians, random_matrices
from deepspectra.papers.baskerville2022.items import ITEMS
from deepspectra.papers.histograms import histogram
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN, goe_ratio_cdf, ratio_surmise
from deepspectra.rmt.laws.spacings import wigner_surmise

from .drawn import illegible, line_through, over_data, save_here_and_there, texts, through_csv

NOTE = "Preview scale: batch size 16 instead of 64."
SECOND = {"a": 1e-4, "b": 0.1, "c": 10.0, "d": 1e-3, "e": 0.1, "f": 0.01}


def tables(rows, summary):
    columns = ["panel", "series", "quantity", "value", "reference", "error"]
    return through_csv(rows, ["panel", "series", "x", "x_high", "y"]), through_csv(summary, columns)


def line(panel, series, x, y):
    return [(panel, series, a, a, b) for a, b in zip(x, y, strict=True)]


def spacing_tables():
    """As ``compare_spacings``."""
    s = np.linspace(0, 4, 81)
    sample = wigner_surmise.rvs(2000, random_state=1)
    rows = histogram("a", sample, np.linspace(0, 4, 31), sample.size, "ensemble")
    rows += line("a", "surmise", s, wigner_surmise.pdf(s)) + line("a", "independent", s, np.exp(-s))
    rows += line("b", "ensemble", s, 0.009 * np.sin(2 * s)) + line("b", "exact", s, 0.006 * np.sin(2 * s))
    summary = [
        ("a", "ensemble", "surmise_ks", 0.0092, 0.0066, None),
        ("b", "ensemble", "exact_ks", 0.0031, 0.0, None),
        ("a", "ensemble", "spacings", 2000, None, None),
    ]
    return tables(rows, summary)


def density_tables():
    """As ``compare_process_densities``: zeros in d, outliers in e and f."""
    rng, rows, summary = np.random.default_rng(0), [], []
    for panel, second in SECOND.items():
        scale = (300 * second + 1) ** 0.5
        values = scale * rng.standard_normal(3000)
        if panel in "ef":
            values[:200] = 4 * scale * (1 + rng.random(200))
        total = 4000 if panel == "d" else 3000
        rows += histogram(panel, values, 40, total)
        x = np.linspace(-2 * scale, 2 * scale, 41)
        rows += line(panel, "semicircle", x, np.sqrt(4 * scale**2 - x**2) / (2 * np.pi * scale**2))
        if panel == "d":
            rows.append((panel, "atom", 0.0, 0.0, 0.25))
        if panel not in "ef":
            rows += line(panel, "expected", x, np.exp(-(x**2) / 2 / scale**2) / (2.5 * scale) * 3000 / total)
        summary.append((panel, "process", "second_derivative", second, None, None))
        summary.append((panel, "pooled", "semicircle_ks", 0.066, 0.0011, None))
    return tables(rows, summary)


def draw_ratios(rng, count):
    """Of the surmise, between points of its distribution function: its own inverse is solved value by value."""
    points = np.geomspace(1e-3, 1e3, 2000)
    return np.interp(rng.random(count), ratio_surmise.cdf(points), points)


def ratio_tables():
    """As ``compare_process_ratios``."""
    rng, rows = np.random.default_rng(0), []
    summary = [(panel, "process", "second_derivative", second, None, None) for panel, second in SECOND.items()]
    for i, (panel, reading) in enumerate([(p, "plain") for p in "abcdef"] + [(p, "changed") for p in "def"]):
        values = draw_ratios(rng, 3000)
        rows += histogram(panel, values[values <= 10], np.linspace(0, 10, 41), 3000, reading)
        summary.append((panel, reading, "mean_ratio", 0.53 + i / 1000, 0.5307, 0.0019))
    x = np.linspace(0, 10, 101)
    return tables(rows + line("all", "surmise", x, ratio_surmise.pdf(x)), summary)


def network_tables(levels=576, error=0.011):
    """As ``compare_gauss_newton_ratios``; the error is unknown if levels are few."""
    rng = np.random.default_rng(0)
    eigenvalues = np.sort(10 ** rng.uniform(2, 5.5, levels))[::-1]
    rows = line("a", "eigenvalues", range(1, levels + 1), eigenvalues) + line("a", "bound", (1, levels), (3e-8, 3e-8))
    values, x = draw_ratios(rng, levels), np.linspace(0, 10, 101)
    rows += histogram("b", values[values <= 10], np.linspace(0, 10, 31), levels)
    rows += line("b", "surmise", x, ratio_surmise.pdf(x))
    half = 2 / levels**0.5
    bands = {"parts": 0.53 + half * rng.uniform(-1.2, 1, 10), "orthogonal_lower": [0.53 - half] * 10}
    for series, values in (bands | {"orthogonal_upper": [0.53 + half] * 10}).items():
        rows += [("c", series, part / 10, (part + 1) / 10, value) for part, value in enumerate(values)]
    summary = [
        ("a", "eigenvalues", "parameters", 21289802, None, None),
        ("a", "eigenvalues", "eigenvalues", levels, 576, None),
        ("b", "eigenvalues", "mean_ratio", 0.5135, 0.5307, error),
        ("b", "eigenvalues", "p_value", 0.174, None, 0.012),
    ]
    return tables(rows, summary)


CASES = {
    "figure_2": spacing_tables,
    "figure_5": density_tables,
    "figure_6": ratio_tables,
    "figure_resnet34": network_tables,
    "figure_resnet34 of few levels": lambda: network_tables(27, None),
}


MODULES = {"hessians": hessians, "random_matrices": random_matrices}


def draw(case):
    item = ITEMS[case.split()[0]]
    module, _, function = item.drawing.removeprefix("figures.").partition(":")
    return getattr(MODULES[module], function)(*CASES[case](), f"{NOTE} {item.note}")


@cache
def looked_at(case):
    """A figure whose places are known, and what is illegible in it."""
    figure = draw(case)
    return figure, illegible(figure)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_cut_off_and_nothing_overlaps(case):
    figure, found = looked_at(case)
    assert found == []
    for axis in figure.axes:
        legend = axis.get_legend()
        if legend:
            boxes = [text.get_window_extent() for text in legend.get_texts()]
            assert not any(over_data(axis, box) for box in boxes), axis.get_title(loc="left")


@pytest.mark.parametrize("case", CASES)
def test_the_small_print_is_whole(case):
    note = f"{NOTE} {ITEMS[case.split()[0]].note}"
    assert style.note_of(looked_at(case)[0]) == note


def test_every_drawing_is_that_of_an_item():
    drawn = {item.drawing for item in ITEMS.values() if item.drawing}
    known = {f"figures.{name}:{function}" for name, module in MODULES.items() for function in module.__all__}
    assert drawn == known | {"figures.controls:controls_comparison"}


def test_the_note_on_ratios_has_the_references():
    note = ITEMS["figure_6"].note
    for value, words in ((SURMISE_MEAN, "surmise"), (GOE_MEAN, "large orth"), (POISSON_MEAN, "independent")):
        assert f"{value:.4f} for {'the ' * (words == 'surmise')}{words}" in note


def test_the_surmise_is_the_law_with_what_helps_beside_it():
    figure, (curves, _) = looked_at("figure_2")[0], spacing_tables()
    left, right = figure.axes
    for series in ("surmise", "independent"):
        assert line_through(left, curves[(curves.panel == "a") & (curves.series == series)])
    (surmise,) = (drawn for drawn in left.get_lines() if drawn.get_label() == "Wigner surmise")
    assert surmise.get_color() == style.LAW
    for series in ("ensemble", "exact"):
        assert line_through(right, curves[(curves.panel == "b") & (curves.series == series)])
    told = "\n".join(texts(figure))
    for text in ("orthogonal ensemble, KS 0.0092", "exact law, KS 0.0066", "ensemble to the exact law: 0.0031"):
        assert text in told


def test_densities_have_their_semicircle_and_say_what_is_not_drawn():
    figure, (curves, _) = looked_at("figure_5")[0], density_tables()
    for panel, axis in zip("abcdef", figure.axes, strict=True):
        part = curves[curves.panel == panel]
        assert line_through(axis, part[part.series == "semicircle"])
        assert line_through(axis, part[part.series == "expected"]) == (panel in "abcd")
        (bars,) = axis.patches
        heights, edges, _ = bars.get_data()
        np.testing.assert_allclose(heights, part.y[part.series == "histogram"], rtol=1e-9)
        assert edges[0] == pytest.approx(part.x[part.series == "histogram"].iloc[0])
        assert axis.get_yscale() == ("log" if panel in "ef" else "linear")
        assert any("KS 0.066 (shift removed: 0.0011)" in text for text in texts(axis))
        assert any("25% at 0, not drawn" in text for text in texts(axis)) == (panel == "d")
        mark = {"d": " *", "e": " †", "f": " †"}.get(panel, "")
        assert axis.get_title(loc="left").splitlines()[0] == rf"$\bf{{({panel})}}$ $k''(0) = {SECOND[panel]:g}${mark}"


def test_ratios_as_published_and_as_captioned_lie_over_each_other_and_their_differences_below():
    figure, (curves, _) = looked_at("figure_6")[0], ratio_tables()
    blocks = np.array(figure.axes).reshape(2, 2, 3)
    places = zip("abcdef", np.vstack([block.T for block in blocks]), strict=True)
    means = iter(range(9))
    limits = set()
    for panel, (above, below) in places:
        assert line_through(above, curves[curves.series == "surmise"])
        limits.add(below.get_ylim())
        readings = ["plain"] + ["changed"] * (panel in "def")
        assert len(above.patches) == len(readings)
        for reading, patch in zip(readings, above.patches, strict=True):
            part = curves[(curves.panel == panel) & (curves.series == reading)]
            np.testing.assert_allclose(patch.get_data().values, part.y, rtol=1e-9)
            shares = np.cumsum(part.y * (part.x_high - part.x)) - goe_ratio_cdf(part.x_high.to_numpy())
            assert line_through(below, pd.DataFrame({"x": part.x_high, "y": shares}))
        assert f"as published: {0.53 + next(means) / 1000:.4f} ± 0.0019" in above.get_title(loc="left")
    assert len(limits) == 1
    for mean, above in zip(means, blocks[1, 0], strict=True):
        assert f"as captioned: {0.53 + mean / 1000:.4f} ± 0.0019" in above.get_title(loc="left")


def test_the_networks_spectrum_stands_beside_the_bound_and_the_ensemble():
    figure, (curves, _) = looked_at("figure_resnet34")[0], network_tables()
    left, middle, right = figure.axes
    for series in ("eigenvalues", "bound"):
        assert line_through(left, curves[(curves.panel == "a") & (curves.series == series)])
    assert left.get_yscale() == "log"
    assert "576 of 21.3 million" in left.get_title(loc="left")
    assert re.search(r"0\.51[34] ± 0\.011, p = 0\.17", middle.get_title(loc="left"))
    band = right.patches[0].get_data()
    np.testing.assert_allclose(band.values, curves.y[curves.series == "orthogonal_upper"], rtol=1e-9)
    np.testing.assert_allclose(band.baseline, curves.y[curves.series == "orthogonal_lower"], rtol=1e-9)
    assert not any("nan" in text for text in texts(looked_at("figure_resnet34 of few levels")[0]))


def figures_to_save():
    """One of both modules that draw."""
    return {item: draw(item) for item in ("figure_5", "figure_resnet34")}


def test_files_are_equal_whenever_the_numbers_are(tmp_path_factory):
    folders = save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))
    here, there = (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} for folder in folders
    )
    assert len(here) == 4
    assert there == here
