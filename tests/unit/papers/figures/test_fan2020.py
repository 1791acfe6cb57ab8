"""Figures 3 and S1 to S6 of fan2020 from small tables such as their scripts write: what they show."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from deepspectra.papers.comparison import CURVE_COLUMNS, SUMMARY_COLUMNS, Comparison
from deepspectra.papers.fan2020 import figures as fan2020
from deepspectra.papers.fan2020.kernel_statistics import (
    Spectrum,
    compare_kernel,
    compare_trained,
    label_rows,
    starting_spectrum,
    training_rows,
)
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel

from .drawn import illegible, line_through, save_here_and_there, texts, through_csv

NOTE = "Preview scale: epochs 30 instead of 300. " + " ".join(["Assumed: nothing; the small print goes on."] * 7)
SIZE, DEPTH = 200, 3
B_SIGMA, A_SIGMA = 0.9, 1.1


def as_read(found):
    return through_csv(found.rows, CURVE_COLUMNS), through_csv(found.summary, SUMMARY_COLUMNS)


def trained_tables(kernels, classes=False):
    """As compare_trained_spectra.py: two outliers after training, none before."""
    rng = np.random.default_rng(0)
    start = starting_spectrum(Spectrum(np.ones(SIZE), 0.0), 1.25)
    ratios = [1.25] * DEPTH
    found = Comparison()
    for panel, name in zip("abc", kernels, strict=False):
        if name == "tangent":
            kernel = tangent_kernel(start, ratios, B_SIGMA, A_SIGMA)
        else:
            kernel = conjugate_kernel(start, ratios, B_SIGMA, int(name[-1]))
        upper = 3.0 * kernel.upper
        before = np.sort(rng.uniform(0.01, 1, SIZE))
        # A bulk that reaches beyond the limit, and two values above a gap.
        after = np.concatenate([np.geomspace(0.02, upper, SIZE - 2), [3 * upper, 3.1 * upper]])
        compare_trained(found, panel, name, Spectrum(before, 0.02), Spectrum(after, 1e-9), kernel, 20, 100)
        shares = {state: rng.dirichlet(np.ones(SIZE)) for state in ("before", "after")}
        label_rows(found, "shares", name, shares)
    labels = np.repeat([-1.0, 1.0], 30) if classes else np.linspace(-1, 1, 60)
    found.rows += [("projection", "labels", y, y, 0.9 * y + 0.01 * i / 60) for i, y in enumerate(labels)]
    for part in ("train", "test"):
        told = {"mean squared error": 0.00123, "R^2": 0.814} | ({"accuracy": 0.755} if classes else {})
        for state in ("before", "after"):
            found.summary += [("fit", part, f"{name} {state}", value, None) for name, value in told.items()]
    training_rows(found, np.array([1, 1, 1, 1, 0.25, 0.2]), variance=1.0)
    return as_read(found)


def layer_tables():
    """As compare_layer_spectra.py."""
    rng = np.random.default_rng(1)
    found = Comparison()
    for source, depth in (("figure_1", 3), ("figure_2", 2)):
        start = starting_spectrum(Spectrum(np.ones(SIZE), 0.0), 0.8)
        for layer in range(1, depth + 1):
            kernel = conjugate_kernel(start, [0.5] * depth, B_SIGMA, layer)
            pair = (Spectrum(np.sort(rng.uniform(0.05, 4, SIZE)), 1e-9) for _ in range(2))
            compare_kernel(found, f"{source}_{layer}", f"conjugate_{layer}", *pair, kernel, 20, 100, logarithmic=True)
    return as_read(found)


def product_tables():
    """As compare_inner_products.py."""
    edges, rows = np.linspace(-1, 1, 21), []
    summary = [("b", "after", "components removed", 10.0, None)]
    for i, (panel, series) in enumerate((("a", "raw"), ("a", "centred"), ("b", "after"))):
        heights = np.exp(-((edges[:-1] - 0.2 * i) ** 2) * 5)
        rows += [(panel, series, *bar) for bar in zip(edges[:-1], edges[1:], heights, strict=True)]
        summary.append((panel, series, "root mean square inner product", 0.5 / (i + 1), 3072**-0.5))
        summary.append((panel, series, "largest size of an inner product", 0.9 - i / 10, None))
    return through_csv(rows, CURVE_COLUMNS), through_csv(summary, SUMMARY_COLUMNS)


def image_tables():
    """As select_example_images.py."""
    rng = np.random.default_rng(2)
    rows, summary = [], []
    for index, name in enumerate(("cat", "ship", "frog"), 1):
        for series in ("before", "after"):
            for y, x in np.ndindex(4, 4):
                rows.append((f"image_{index}", series, x, y, *rng.uniform(0, 1, 3).round(6)))
        summary.append((f"image_{index}", name, "index of the training image", float(index), None))
        summary.append((f"image_{index}", name, "share of the centred squared norm that is left", index / 10, None))
    columns = ["panel", "series", "x", "y", "red", "green", "blue"]
    return through_csv(rows, columns), through_csv(summary, SUMMARY_COLUMNS)


TABLES = {
    "figure_3": lambda: trained_tables(["conjugate_3", "tangent"]),
    "figure_s1": product_tables,
    "figure_s3": image_tables,
    "figure_s4": layer_tables,
    "figure_s5": lambda: trained_tables(["conjugate_1", "conjugate_2", "conjugate_3"]),
    "figure_s6": lambda: trained_tables(["conjugate_3", "tangent"], classes=True),
}


def draw(item):
    return getattr(fan2020, item)(*TABLES[item](), NOTE)


@pytest.mark.parametrize("item", TABLES)
def test_no_text_is_cut_off_or_meets_another_and_the_small_print_is_whole(item):
    figure = draw(item)
    assert illegible(figure) == []
    assert NOTE in [" ".join(text.split()) for text in texts(figure)]


@pytest.mark.parametrize("item", ["figure_3", "figure_s5", "figure_s6"])
def test_trained_spectra_are_drawn_with_limit_edge_and_outliers(item):
    (curves, _), figure = TABLES[item](), draw(item)
    panels = sorted(set(curves.panel) & set("abc"))
    for panel, axis in zip(panels, figure.axes, strict=False):
        part = curves[curves.panel == panel]
        assert axis.get_xscale() == "log"
        assert line_through(axis, part[part.series == "limit"])
        after = part[part.series == "after"]
        heights = [patch.get_data().values.tolist() for patch in axis.patches if hasattr(patch, "get_data")]
        assert after.y.tolist() in heights
        assert part[part.series == "before"].y.tolist() in heights
        beyond = part[part.series == "after, beyond the edge"].x.to_numpy()
        assert len(beyond) > 4
        (marks,) = (each for each in axis.collections if len(each.get_segments()) == len(beyond))
        np.testing.assert_allclose([segment[0][0] for segment in marks.get_segments()], beyond)
        arrows = sorted(text.xy[0] for text in axis.texts if hasattr(text, "arrow_patch") and text.arrow_patch)
        np.testing.assert_allclose(arrows, beyond[-2:])
        edge = part[part.series == "edge"].x.iloc[0]
        assert any(np.allclose(line.get_xdata(), edge) for line in axis.get_lines() if len(line.get_xdata()) == 2)
        legend = texts(axis.get_legend())
        assert f"beyond 1.1 edge: 0 → {len(beyond)}" in legend
        assert "outliers: 0 → 2" in legend
        zeros = part[part.series == "before at zero"].y.iloc[0]
        assert zeros > 0
        assert f"at zero: {zeros:.1%} → 0.0%" in legend


def test_labels_and_what_was_reached_are_told():
    (curves, summary), figure = TABLES["figure_3"](), draw("figure_3")
    projection, shares = figure.axes[2:]
    assert line_through(projection, curves[curves.panel == "projection"])
    share = summary[summary.quantity == "share of the labels on the first 2 eigenvectors after"].value.iloc[0]
    assert texts(projection.get_legend()) == [
        f"{share:.1%} of the labels",
        "training MSE 1.2e-03",
        "test $R^2$ 0.81 (0.75 to 0.80)",
    ]
    for _, line in curves[curves.panel == "shares"].groupby("series"):
        assert line_through(shares, line)
    assert texts(shares.get_legend()) == ["CK before", "CK after", "NTK before", "NTK after"]


def test_two_classes_are_two_histograms():
    curves, _ = TABLES["figure_s6"]()
    axis = draw("figure_s6").axes[2]
    counts = np.array([bar.get_height() for bar in axis.patches]).reshape(2, -1)
    points = curves[curves.panel == "projection"]
    assert counts.sum(axis=1).tolist() == [30, 30]
    places = np.array([bar.get_x() + bar.get_width() / 2 for bar in axis.patches]).reshape(2, -1)
    for value, count, place in zip((-1, 1), counts, places, strict=True):
        mean = points.y[points.x == value].mean()
        assert (count * place).sum() / 30 == pytest.approx(mean, abs=0.05)
    assert {"label −1", "label +1", "test accuracy 75.5%"} <= set(texts(axis.get_legend()))


def test_every_layer_has_its_panel_and_missing_ones_are_left_blank():
    (curves, summary), figure = TABLES["figure_s4"](), draw("figure_s4")
    axes = np.array(figure.axes).reshape(2, 3)
    assert not axes[1, 2].axison
    for row, (source, depth) in zip(axes, (("figure_1", 3), ("figure_2", 2)), strict=True):
        for layer, axis in enumerate(row[:depth], 1):
            part = curves[curves.panel == f"{source}_{layer}"]
            assert axis.get_title(loc="left") == f"layer {layer}"
            assert line_through(axis, part[part.series == "limit"])
            told = summary[(summary.panel == f"{source}_{layer}") & (summary.quantity == "KS distance to the limit")]
            assert f"KS {told.value.iloc[0]:#.2g} ({told.reference.iloc[0]:#.2g})" in texts(axis)
            assert axis.get_ylim()[1] > part.y.max()
    assert [axis.get_ylabel().partition("\n")[0] for axis in axes[:, 0]] == ["Gaussian inputs", "CIFAR-10"]


def test_inner_products_share_their_axes_and_tell_their_spread():
    figure = draw("figure_s1")
    before, after = figure.axes
    assert before.get_ylim() == after.get_ylim()
    assert before.get_xlim() == after.get_xlim() == (-1, 1)
    assert texts(before.get_legend()) == [
        "raw: r.m.s. 0.500 (0.018), largest 0.900",
        "centred: r.m.s. 0.250 (0.018), largest 0.800",
    ]
    assert "10 leading principal components removed" in after.get_title(loc="left")


def test_images_are_shown_as_they_are_in_the_table():
    curves, _ = TABLES["figure_s3"]()
    axes = np.array(draw("figure_s3").axes).reshape(2, 3)
    for series, row in zip(("before", "after"), axes, strict=True):
        for index, axis in enumerate(row, 1):
            pixels = axis.images[0].get_array()
            part = curves[(curves.panel == f"image_{index}") & (curves.series == series)]
            for line in part.itertuples():
                np.testing.assert_array_equal(pixels[line.y, line.x], (line.red, line.green, line.blue))
    assert [axis.get_title() for axis in axes[0]] == ["cat", "ship", "frog"]
    assert [axis.get_xlabel() for axis in axes[1]] == ["10%", "20%", "30%"]


#: One of every module that draws, and of every kind of axes.
SAVED = ["figure_3", "figure_s3", "figure_s4"]


def figures_to_save():
    return {item: draw(item) for item in SAVED}


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_files_are_equal_whenever_the_numbers_are(saved, suffix):
    here, there = (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob(f"*.{suffix}")}
        for folder in saved
    )
    assert len(here) == len(SAVED)
    assert there == here


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))
