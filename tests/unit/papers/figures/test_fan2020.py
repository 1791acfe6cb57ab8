"""Figures of fan2020 from small tables such as their statistics: what they show."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle, StepPatch
from PIL import Image

from deepspectra.papers import style
from deepspectra.papers.fan2020.items import ITEMS
from deepspectra.papers.fan2020.statistics.seeds import history_curves, seed_rows
from deepspectra.papers.fan2020.statistics.spectra import (
    KernelSpectrum,
    SpectrumPanels,
    compare_kernel,
)
from deepspectra.papers.fan2020.statistics.training import compare_trained, label_rows, training_rows
from deepspectra.papers.histograms import histogram, zoom
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel

from .drawn import drawing, illegible, line_through, save_here_and_there, texts, through_csv

NOTE = "Preview scale: epochs 30 instead of 300. " + " ".join(["Assumed: nothing; the small print goes on."] * 7)
SIZE, DEPTH = 200, 3
B_SIGMA, A_SIGMA = 0.9, 1.1


def as_read(found):
    numbers = found.numbers()
    return through_csv(numbers.curves, None), through_csv(numbers.summary, None)


def spectra_tables(zeros=0.25):
    """As kernel_spectra_numbers: an atom in (a), a crowded left end in (b), no limit for the images of (a)."""
    rng = np.random.default_rng(0)
    values = {
        "a": rng.uniform(0.5, 4, 300),
        "b": np.concatenate([rng.uniform(0.5, 1, 290), rng.uniform(2, 40, 10)]),
        "c": rng.uniform(1, 3, 300),
    }
    rows, summary = [], []
    for panel, sample in values.items():
        total = 400 if panel == "a" and zeros else 300
        rows += histogram(panel, sample, 20, total) + zoom(panel, sample, 20, total)
        rows += histogram(panel, sample, 40, total, "published")
        if panel != "a":
            x = np.linspace(sample.min(), sample.max(), 50)
            rows += [(panel, "limit", a, a, 0.1 + 0.01 * i) for i, a in enumerate(x)]
            rows += [(panel, "gram_law", a, a, 0.11 + 0.01 * i) for i, a in enumerate(x)]
            summary.append(Row(panel, "kernel", "ks_distance", "", 0.0123, 0.0045))
            summary.append(Row(panel, "kernel", "ks_distance_to_gram_law", "", 0.0078))
            summary.append(Row(panel, "kernel", "total_variation", "", 0.056, 0.034))
            summary.append(Row(panel, "kernel", "total_variation_of_99_percent", "", 0.12, 0.035))
    for series, factor in (("mean", 1.02), ("lemma", 1.05)):
        rows += histogram("c", factor * values["c"], np.linspace(1, 3, 21), 300, series)
    rows.append(("a", "atom", 0.0, 0.0, zeros))
    summary.append(Row("a", "input", "share_of_zeros", "", zeros))
    summary.append(Row("c", "tangent", "ks_distance_of_lemma_kernel", "", 0.067, 0.0045))
    summary.append(Row("c", "tangent", "ks_distance_of_mean_kernel", "", 0.045, 0.0045))
    summary = summary_table(summary, "reference", "at")
    return through_csv(rows, ["panel", "series", "x", "x_high", "y"]), through_csv(summary, None)


def course(seed):
    """A training as seed_results tells it."""
    epochs = np.arange(1, 31)
    falling = np.exp(-epochs / seed)
    table = {"epoch": epochs, "loss": falling, "readout_mean_square": 0.9 * falling, "r_squared": 0.8 - falling}
    return pd.DataFrame(table)


def trained_tables(kernels, classes=False):
    """As trained_spectra_numbers: two outliers after training, none before."""
    rng = np.random.default_rng(0)
    start = MarchenkoPasturInput(1.25)
    ratios = [1.25] * DEPTH
    found = SpectrumPanels()
    for panel, name in zip("abc", kernels, strict=False):
        if name == "tangent":
            kernel = tangent_kernel(start, ratios, B_SIGMA, A_SIGMA)
        else:
            kernel = conjugate_kernel(start, ratios, B_SIGMA, int(name[-1]))
        upper = 3.0 * kernel.upper
        before = np.sort(rng.uniform(0.01, 1, SIZE))
        # A bulk that reaches beyond the limit, and two values above a gap.
        after = np.concatenate([np.geomspace(0.02, upper, SIZE - 2), [3 * upper, 3.1 * upper]])
        pair = KernelSpectrum(before, 0.02), KernelSpectrum(after, 1e-9)
        compare_trained(found, panel, name, *pair, kernel, 20, 100, None if name == "tangent" else int(name[-1]))
        shares = {state: rng.dirichlet(np.ones(SIZE)) for state in ("before", "after")}
        label_rows(found, name, shares)
    labels = np.repeat([-1.0, 1.0], 30) if classes else np.linspace(-1, 1, 60)
    found.curves += [("projection", "labels", y, y, 0.9 * y + 0.01 * i / 60) for i, y in enumerate(labels)]
    for part in ("train", "test"):
        told = {"mean_squared_error": 0.00123, "r_squared": 0.814} | ({"accuracy": 0.755} if classes else {})
        for state in ("before", "after"):
            found.summary += [Row("fit", part, f"{name}_{state}", "", value) for name, value in told.items()]
    training_rows(found, np.array([1, 1, 1, 1, 0.25, 0.2]), variance=1.0)
    seeds = (13,) if classes else (13, 21, 22)
    found.curves += history_curves({seed: course(seed) for seed in seeds})
    if not classes:
        results = {seed: {"mean_squared_error": 1e-4 * seed, "r_squared": 0.7 + 0.01 * (seed - 13)} for seed in seeds}
        found.summary += seed_rows({seed: each | {"label_share": 0.95} for seed, each in results.items()})
    return as_read(found)


def layer_tables():
    """As layer_spectra_numbers."""
    rng = np.random.default_rng(1)
    found = SpectrumPanels()
    for source, depth in (("figure_1", 3), ("figure_2", 2)):
        start = MarchenkoPasturInput(0.8)
        for layer in range(1, depth + 1):
            kernel = conjugate_kernel(start, [0.5] * depth, B_SIGMA, layer)
            pair = (KernelSpectrum(np.sort(rng.uniform(0.05, 4, SIZE)), 1e-9) for _ in range(2))
            panel, name = f"{source}_{layer}", f"conjugate_{layer}"
            compare_kernel(found, panel, name, *pair, kernel, 20, 100, logarithmic=True, at=layer)
            found.curves += [(panel, "gram_law", x, x, 0.2) for x in np.geomspace(0.05, 4, 30)]
            found.summary.append(Row(panel, name, "ks_distance_to_gram_law", "", 0.0034, at=layer))
    return as_read(found)


def product_tables():
    """As inner_product_numbers."""
    edges, rows = np.linspace(-1, 1, 21), []
    summary = [Row("b", "after", "components_removed", "", 10.0)]
    for i, (panel, series) in enumerate((("a", "raw"), ("a", "centred"), ("b", "after"))):
        heights = np.exp(-((edges[:-1] - 0.2 * i) ** 2) * 5)
        rows += [(panel, series, *bar) for bar in zip(edges[:-1], edges[1:], heights, strict=True)]
        summary.append(Row(panel, series, "root_mean_square_inner_product", "", 0.5 / (i + 1), 3072**-0.5))
        summary.append(Row(panel, series, "largest_inner_product", "", 0.9 - i / 10))
    summary = summary_table(summary, "reference")
    return through_csv(rows, ["panel", "series", "x", "x_high", "y"]), through_csv(summary, None)


def image_tables():
    """As example_image_numbers."""
    rng = np.random.default_rng(2)
    rows, summary = [], []
    for index, name in enumerate(("cat", "ship", "frog"), 1):
        for series in ("before", "after"):
            for y, x in np.ndindex(4, 4):
                rows.append((f"image_{index}", series, x, y, *rng.uniform(0, 1, 3).round(6)))
        summary.append(Row(f"image_{index}", name, "image_index", "", float(index)))
        summary.append(Row(f"image_{index}", name, "share_left", "", index / 10))
    columns = ["panel", "series", "x", "y", "red", "green", "blue"]
    return through_csv(rows, columns), through_csv(summary_table(summary, "reference"), None)


TABLES = {
    **dict.fromkeys(("figure_1", "figure_2", "figure_s2"), spectra_tables),
    "figure_3": lambda: trained_tables(["conjugate_3", "tangent"]),
    "figure_s1": product_tables,
    "figure_s3": image_tables,
    "figure_s4": layer_tables,
    "figure_s5": lambda: trained_tables(["conjugate_1", "conjugate_2", "conjugate_3"]),
    "figure_s6": lambda: trained_tables(["conjugate_3", "tangent"], classes=True),
}


def draw(item):
    return drawing("fan2020", ITEMS[item])(*TABLES[item](), NOTE)


@pytest.mark.parametrize("item", TABLES)
def test_no_text_is_cut_off_or_meets_another_and_the_note_is_whole(item):
    figure = draw(item)
    assert illegible(figure) == []
    assert style.note_of(figure) == NOTE


@pytest.mark.parametrize("item", ["figure_1", "figure_2", "figure_s2"])
def test_every_panel_of_spectra_has_its_letter_its_title_and_its_axes(item):
    axes = draw(item).axes
    assert [axis.get_xlabel() for axis in axes] == [*[""] * 6, *[r"eigenvalue $\lambda$"] * 3]
    labels = [axis.get_ylabel() for axis in axes]
    assert labels == ["density (as published)", "", "", "density (logarithmic)", "", "", "density", "", ""]
    titles = [r"$X_0^\top X_0$", r"K^\mathrm{CK}$", r"K^\mathrm{NTK}$"]
    for letter, title, axis in zip("abc", titles, axes, strict=False):
        assert rf"$\bf{{({letter})}}$" in axis.get_title(loc="left")
        assert title in axis.get_title(loc="left")


def bars_of(axis):
    bars = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    return sorted((bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in bars)


def test_the_upper_row_is_the_published_figure():
    """A linear histogram of the full range, with the whole limit and what the bins tell of its distance."""
    figure, (curves, _) = draw("figure_2"), spectra_tables()
    for panel, axis in zip("abc", figure.axes[:3], strict=True):
        part = curves[curves.panel == panel]
        bars, limit = part[part.series == "published"], part[part.series == "limit"]
        np.testing.assert_allclose(bars_of(axis), bars[["x", "x_high", "y"]].to_numpy(), rtol=1e-12)
        assert (axis.get_xscale(), axis.get_yscale()) == ("linear", "linear")
        assert axis.get_xlim() == (0, pytest.approx(bars.x_high.max()))
        assert axis.get_ylim()[1] > max(bars.y.max(), limit.y.max() if len(limit) else 0)
        if len(limit):
            assert line_through(axis, limit)
            assert axis.get_title(loc="left").endswith("\nTV 0.056 (0.034)\nTV of 99 % 0.12 (0.035)")


def test_spectra_are_drawn_with_their_limits_and_distances():
    """The middle row: all eigenvalues, logarithmic, with the whole limit and what the numbers say."""
    figure, (curves, _) = draw("figure_2"), spectra_tables()
    for panel, axis in zip("abc", figure.axes[3:6], strict=True):
        part = curves[curves.panel == panel]
        bars = part[part.series == "histogram"]
        np.testing.assert_allclose(bars_of(axis), bars[["x", "x_high", "y"]].to_numpy(), rtol=1e-12)
        assert axis.get_yscale() == "log"
        low, high = axis.get_ylim()
        assert low < bars.y[bars.y > 0].min()
        assert high > bars.y.max()
        remarks = axis.get_title(loc="left").split("\n")
        limit = part[part.series == "limit"]
        if len(limit):
            assert line_through(axis, limit)
            assert "KS 0.012 (0.0045)" in remarks
        assert ("25.0% at 0, not drawn" in remarks) == (panel == "a")
        assert ("with lemma 3.5: KS 0.067" in remarks) == (panel == "c")
        assert ("mean sensitivities: KS 0.045" in remarks) == (panel == "c")
        assert ("given Gram: KS 0.0078" in remarks) == (panel != "a")
        gram = part[part.series == "gram_law"]
        if len(gram):
            assert line_through(axis, gram)
    assert texts(figure.legends[0]) == [
        *("eigenvalues", "limit law", "law of the given Gram matrix", "mean sensitivities", "with lemma 3.5")
    ]


def test_the_lower_row_magnifies_a_crowded_left_end():
    """In panel b; the others show their whole range, and the limit is never cut off at the top."""
    figure, (curves, _) = draw("figure_1"), spectra_tables()
    for panel, axis, whole in zip("abc", figure.axes[6:], figure.axes[3:6], strict=True):
        part = curves[curves.panel == panel]
        bars = part[part.series == ("zoom" if panel == "b" else "histogram")]
        np.testing.assert_allclose(bars_of(axis), bars[["x", "x_high", "y"]].to_numpy(), rtol=1e-12)
        assert axis.get_yscale() == "linear"
        assert axis.get_xlim()[1] == pytest.approx(bars.x_high.max())
        assert (axis.get_xlim()[1] < 0.1 * whole.get_xlim()[1]) == (panel == "b")
        inside = part[(part.series == "limit") & part.x.between(bars.x.min(), bars.x_high.max())]
        assert axis.get_ylim()[1] > max(bars.y.max(), inside.y.max() if len(inside) else 0)


def test_stand_ins_are_stepped_lines_over_the_kernel_s_bars():
    figure, (curves, _) = draw("figure_2"), spectra_tables()
    assert not any(isinstance(patch, StepPatch) for axis in figure.axes[6:8] for patch in axis.patches)
    steps = [patch for patch in figure.axes[8].patches if isinstance(patch, StepPatch)]
    for series, patch in zip(("mean", "lemma"), steps, strict=True):
        rows = curves[curves.series == series]
        np.testing.assert_allclose(patch.get_data().values, rows.y, rtol=1e-12)
        np.testing.assert_allclose(patch.get_data().edges, [*rows.x, rows.x_high.iloc[-1]], rtol=1e-12)


def test_nothing_is_printed_over_spectra():
    assert not any(axis.get_legend() or axis.texts for axis in draw("figure_2").axes)


def test_no_remark_on_zeros_where_there_are_none():
    curves, summary = spectra_tables(zeros=0.0)
    assert not any("not drawn" in text for text in texts(drawing("fan2020", ITEMS["figure_1"])(curves, summary, NOTE)))


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
        remarks = axis.get_title(loc="left")
        assert f"beyond 1.1 edge: 0 → {len(beyond)}" in remarks
        assert "outliers: 0 → 2" in remarks
        zeros = part[part.series == "before at zero"].y.iloc[0]
        assert zeros > 0
        assert f"at zero: {zeros:.1%} → 0.0%" in remarks
    assert texts(figure.legends[0]) == [
        *("after training", "before training", "limit law, before training", "its upper edge")
    ]


def test_labels_and_what_was_reached_are_told():
    (curves, summary), figure = TABLES["figure_3"](), draw("figure_3")
    projection, shares = figure.axes[2:4]
    assert line_through(projection, curves[curves.panel == "projection"])
    share = summary[(summary.quantity == "label_share_after") & (summary["at"] == 2)].value.iloc[0]
    told = [axis.get_title(loc="left").split("\n")[1:] for axis in figure.axes[2:]]
    assert told == [
        [f"{share:.1%} of the labels", "3 seeds: 95.0% (95.0% to 95.0%)"],
        [],
        ["training MSE 1.2e-03", "3 seeds: 2.1e-03 (1.3e-03 to 2.2e-03)"],
        ["test $R^2$ 0.81 (0.75 to 0.80)", "3 seeds: $R^2$ 0.78 (0.70 to 0.79)"],
    ]
    for _, line in curves[curves.panel == "shares"].groupby("series"):
        assert line_through(shares, line)
    assert texts(shares.get_legend()) == ["CK before", "CK after", "NTK before", "NTK after"]


def test_the_course_of_all_seeds_is_drawn_by_median_and_range():
    (curves, _), figure = TABLES["figure_3"](), draw("figure_3")
    losses, prediction = figure.axes[4:]
    history = curves[curves.panel == "history"]
    for axis, columns in ((losses, ("readout_mean_square", "loss")), (prediction, ("r_squared",))):
        for column in columns:
            part = history[history.series.str.startswith(f"{column} ")]
            assert part.series.nunique() == 3
            by_epoch = part.groupby("x").y
            assert line_through(axis, by_epoch.median().rename("y").reset_index())
            ends = np.concatenate([each.get_paths()[0].vertices for each in axis.collections])
            for values in (by_epoch.min(), by_epoch.max()):
                points = np.round(values.reset_index().to_numpy(), 9)
                assert set(map(tuple, points)) <= set(map(tuple, np.round(ends, 9)))
    assert losses.get_ylabel() == "loss, mean square\nmedian and range of 3 seeds"
    assert draw("figure_s6").axes[4].get_ylabel() == "loss, mean square (one seed)"


def test_a_fit_below_the_axis_is_said():
    """As of a training that begins with R^2 = -7; not where all is seen."""
    curves, summary = (table.copy() for table in TABLES["figure_3"]())
    first = (curves.panel == "history") & curves.series.str.startswith("r_squared ") & (curves.x == 1)
    curves.loc[first, "y"] = -7.04
    low = drawing("fan2020", ITEMS["figure_3"])(curves, summary, NOTE)
    assert low.axes[5].get_ylim()[0] == -1
    assert "(not drawn: $R^2$ from −7 to −1)" in low.axes[5].get_title(loc="left")
    assert illegible(low) == []
    assert "not drawn" not in draw("figure_3").axes[5].get_title(loc="left")


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
    assert texts(axis.get_legend()) == ["label −1", "label +1"]
    assert draw("figure_s6").axes[5].get_title(loc="left").endswith(", accuracy 75.5%")


def test_every_layer_has_its_panel_and_missing_ones_are_left_blank():
    (curves, summary), figure = TABLES["figure_s4"](), draw("figure_s4")
    axes = np.array(figure.axes).reshape(2, 3)
    assert not axes[1, 2].axison
    for row, (source, depth) in zip(axes, (("figure_1", 3), ("figure_2", 2)), strict=True):
        for layer, axis in enumerate(row[:depth], 1):
            part = curves[curves.panel == f"{source}_{layer}"]
            assert line_through(axis, part[part.series == "limit"])
            told = summary[(summary.panel == f"{source}_{layer}") & (summary.quantity == "ks_distance")]
            distance = f"KS {told.value.iloc[0]:#.2g} ({told.reference.iloc[0]:#.2g})"
            assert axis.get_title(loc="left") == f"layer {layer}\n{distance}\ngiven Gram 0.0034".replace(" (", "\n(")
            assert line_through(axis, part[part.series == "gram_law"])
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
SAVED = ["figure_2", "figure_3", "figure_s3", "figure_s4"]


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


def test_pdf_files_keep_text_as_text_and_have_no_date(saved):
    for path in saved[0].glob("*.pdf"):
        content = path.read_bytes()
        assert b"/FontFile2" in content, "TrueType fonts are embedded"
        assert b"/Type3" not in content, "fonts that are drawings, which publishers refuse"
        assert b"CreationDate" not in content
        assert b"ModDate" not in content


def test_png_files_have_the_size_of_a_page_and_no_version(saved):
    with Image.open(saved[0] / "figure_2.png") as picture:
        assert picture.size[0] == round(style.PAGE * 300)
        assert "Software" not in picture.info


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))
