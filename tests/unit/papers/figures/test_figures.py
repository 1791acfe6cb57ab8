"""Every figure from a small table such as its script writes: what it shows, and the bytes of its files."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch
from PIL import Image

from deepspectra.papers import style
from deepspectra.papers.fan2020 import figures as fan2020
from deepspectra.papers.fan2020.figures import initialisation
from deepspectra.papers.histograms import histogram, zoom

from .drawn import illegible, line_through, save_here_and_there, texts, through_csv

NOTE = "Preview scale: n 900 instead of 3000. " + " ".join(["Assumed: nothing; the small print has several lines."] * 6)


def summary_table(rows):
    return through_csv(rows, ["panel", "series", "quantity", "value", "reference"])


def spectra_tables(zeros=0.25):
    """As compare_kernel_spectra.py: an atom in (a), a crowded left end in (b), no limit for the images of (a)."""
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
        if panel != "a":
            x = np.linspace(sample.min(), sample.max(), 50)
            rows += [(panel, "limit", a, a, 0.1 + 0.01 * i) for i, a in enumerate(x)]
            summary.append((panel, "kernel", "KS distance to the limit", 0.0123, 0.0045))
    for series, factor in (("mean", 1.02), ("lemma", 1.05)):
        rows += histogram("c", factor * values["c"], np.linspace(1, 3, 21), 300, series)
    rows.append(("a", "atom", 0.0, 0.0, zeros))
    summary.append(("a", "input", "share of zero eigenvalues", zeros, None))
    summary.append(("c", "kernel", "KS distance of lemma 3.5's matrix", 0.067, 0.0045))
    summary.append(("c", "kernel", "KS distance of the kernel with mean sensitivities", 0.045, 0.0045))
    return through_csv(rows, ["panel", "series", "x", "x_high", "y"]), summary_table(summary)


#: Tables, and titles and axis labels of the panels, by figure.
FIGURES = {
    **{
        (fan2020, item): (
            spectra_tables,
            [r"$X_0^\top X_0$", r"K^\mathrm{CK}$", r"K^\mathrm{NTK}$"],
            ["", "", "", *[r"eigenvalue $\lambda$"] * 3],
            ["density (logarithmic)", "", "", "density", "", ""],
        )
        for item in ("figure_1", "figure_2", "figure_s2")
    },
}


def draw(module, item) -> Figure:
    return getattr(module, item)(*FIGURES[module, item][0](), NOTE)


def name_of(value):
    return value.__name__.rpartition(".")[2] if hasattr(value, "__name__") else None


each_figure = pytest.mark.parametrize(("module", "item"), list(FIGURES), ids=name_of)


@each_figure
def test_every_panel_has_its_letter_its_title_and_its_axes(module, item):
    _, titles, x_labels, y_labels = FIGURES[module, item]
    axes = draw(module, item).axes
    assert [axis.get_xlabel() for axis in axes] == x_labels
    assert [axis.get_ylabel() for axis in axes] == y_labels
    for letter, title, axis in zip("abc", titles, axes, strict=False):
        assert rf"$\bf{{({letter})}}$" in axis.get_title(loc="left")
        assert title in axis.get_title(loc="left")


@each_figure
def test_the_small_print_is_whole(module, item):
    """It is broken into lines, and nothing of it is lost."""
    assert NOTE in [" ".join(text.split()) for text in texts(draw(module, item))]
    assert len(module.NOTES[item]) > 40


@each_figure
def test_no_text_is_cut_off_or_meets_another(module, item):
    assert illegible(draw(module, item)) == []


def test_there_is_a_note_for_each_figure_and_no_other():
    for module in (fan2020,):
        drawn = {name for name in vars(module) if name.startswith("figure_")}
        # Those of fan2020 that are not drawn here are in test_fan2020.py.
        others = {"figure_3", *(f"figure_s{number}" for number in (1, 3, 4, 5, 6))} if module is fan2020 else set()
        assert set(module.NOTES) == drawn == others | {item for owner, item in FIGURES if owner is module}


#: Those whose files are compared: one of fan2020 is enough, since one function draws all.
SAVED = [figure for figure in FIGURES if figure not in ((fan2020, "figure_1"), (fan2020, "figure_s2"))]


def figures_to_save():
    return {f"{name_of(module)}_{item}": draw(module, item) for module, item in SAVED}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))


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
    for path in saved[0].glob("*.png"):
        with Image.open(path) as picture:
            assert picture.size[0] == round(style.COLUMN * 300)
            assert "Software" not in picture.info


def bars_of(axis):
    bars = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    return sorted((bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in bars)


def test_spectra_are_drawn_with_their_limits_and_distances():
    """The upper row: all eigenvalues, logarithmic, with the whole limit and what the numbers say."""
    figure, (curves, _) = draw(fan2020, "figure_2"), spectra_tables()
    for panel, axis in zip("abc", figure.axes[:3], strict=True):
        part = curves[curves.panel == panel]
        bars = part[part.series == "histogram"]
        np.testing.assert_allclose(bars_of(axis), bars[["x", "x_high", "y"]].to_numpy(), rtol=1e-12)
        assert axis.get_yscale() == "log"
        low, high = axis.get_ylim()
        assert low < bars.y[bars.y > 0].min()
        assert high > bars.y.max()
        legend = texts(axis.get_legend())
        limit = part[part.series == "limit"]
        assert ("limit law" in legend) == bool(len(limit))
        if len(limit):
            assert line_through(axis, limit)
            assert "KS 0.012 (0.0045)" in legend
        assert ("25.0% at 0, not drawn" in legend) == (panel == "a")
        assert ("with lemma 3.5: KS 0.067" in legend) == (panel == "c")
        assert ("mean sensitivities: KS 0.045" in legend) == (panel == "c")


def test_the_lower_row_magnifies_a_crowded_left_end():
    """In panel b; the others show their whole range, and the limit is never cut off at the top."""
    figure, (curves, _) = draw(fan2020, "figure_1"), spectra_tables()
    for panel, axis, whole in zip("abc", figure.axes[3:], figure.axes[:3], strict=True):
        part = curves[curves.panel == panel]
        bars = part[part.series == ("zoom" if panel == "b" else "histogram")]
        np.testing.assert_allclose(bars_of(axis), bars[["x", "x_high", "y"]].to_numpy(), rtol=1e-12)
        assert axis.get_yscale() == "linear"
        assert axis.get_xlim()[1] == pytest.approx(bars.x_high.max())
        assert (axis.get_xlim()[1] < 0.1 * whole.get_xlim()[1]) == (panel == "b")
        inside = part[(part.series == "limit") & part.x.between(bars.x.min(), bars.x_high.max())]
        assert axis.get_ylim()[1] > max(bars.y.max(), inside.y.max() if len(inside) else 0)


def test_stand_ins_are_stepped_lines_over_the_kernel_s_bars():
    figure, (curves, _) = draw(fan2020, "figure_2"), spectra_tables()
    assert not any(isinstance(patch, StepPatch) for axis in figure.axes[3:5] for patch in axis.patches)
    steps = [patch for patch in figure.axes[5].patches if isinstance(patch, StepPatch)]
    for series, patch in zip(("mean", "lemma"), steps, strict=True):
        rows = curves[curves.series == series]
        np.testing.assert_allclose(patch.get_data().values, rows.y, rtol=1e-12)
        np.testing.assert_allclose(patch.get_data().edges, [*rows.x, rows.x_high.iloc[-1]], rtol=1e-12)


def test_no_bar_is_under_a_legend():
    figure = draw(fan2020, "figure_2")
    figure.canvas.draw()
    for axis in figure.axes[:3]:
        box = axis.get_legend().get_window_extent()
        for patch in (patch for patch in axis.patches if isinstance(patch, Rectangle)):
            assert not box.overlaps(patch.get_window_extent()) or patch.get_height() == 0, axis.get_title(loc="left")


@pytest.mark.parametrize(("entries", "tallest"), [(5, 0), (3, 5)])
def test_the_tallest_bar_under_a_legend_ends_below_it(entries, tallest):
    """A narrow bulk at the very left, as the tangent kernel of Gaussian inputs has, counts where entries are long."""
    heights = [0.001] * 10
    heights[tallest] = 2.0
    bars = pd.DataFrame({"x": range(10), "x_high": range(1, 11), "y": heights})
    low, high = initialisation._room_for(entries, bars, bars[:0])
    assert np.log(2.0 / low) / np.log(high / low) < 1 - 0.1 * entries


def test_no_remark_on_zeros_where_there_are_none():
    curves, summary = spectra_tables(zeros=0.0)
    assert not any("not drawn" in text for text in texts(fan2020.figure_1(curves, summary, NOTE)))


def test_colours_of_a_sequence_are_ordered_in_grey():
    """Legible in print without colour: lightness grows with every step."""
    lightness = style.sequence(7)[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0.03).all()
    assert len(style.sequence(1)) == 1
