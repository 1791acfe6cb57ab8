"""The figures of pennington2017 from small tables of plotted numbers: what they show, and the bytes of their files."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from deepspectra.nn.activations.families.isospectral import isospectral_activations
from deepspectra.papers import style
from deepspectra.papers.pennington2017 import figures
from deepspectra.papers.pennington2017.items import ITEMS

from ..figures.drawn import illegible, line_through, save_here_and_there, texts, through_csv

NOTE = "Preview scale: n 900 instead of 3000. " + " ".join(["Assumed: nothing; the small print has several lines."] * 6)
ALPHAS, WIDTHS, BETAS = (-1, -0.25, 1), (48, 96, 192), (-np.inf, -4.0, 0.0)


def covariance_tables():
    """As statistics.compare_with_limit."""
    rows = []
    for i, alpha in enumerate(ALPHAS):
        zeta = (1.0, 0.93, 0.0)[i]
        for n0 in WIDTHS:
            rows.append(("a", f"alpha={alpha:g}", 1, zeta, n0, (i + 2) / n0, alpha))
            rows.append(("b", f"alpha={alpha:g}", 10, zeta, n0, 0.3 + i / 10, alpha))
            rows.append(("a", f"equivalent alpha={alpha:g}", 1, zeta, n0, (i + 2.2) / n0, alpha))
            if not i:
                rows.append(("b", "equivalent", 10, None, n0, 2.5 / n0, None))
    for panel, layer in (("a", 1), ("b", 10)):
        rows += [(panel, "sampling", layer, None, n0, 0.013, None) for n0 in WIDTHS]
    return through_csv(rows, ["panel", "series", "layer", "zeta", "x", "y", "alpha"])


def memorisation_tables():
    """As statistics.compare_with_theory."""
    rows = []
    for panel, psi in (("a", 0.25), ("b", 0.75)):
        for i, beta in enumerate(BETAS):
            for kind, count in (("theory", 40), ("simulation", 5)):
                gamma = np.geomspace(1e-12, 10, count)
                loss = (gamma / (gamma + 10.0**-i)) ** 0.3
                rows += [(panel, kind, beta, *point, 0.5, psi) for point in zip(gamma, loss, strict=True)]
    return through_csv(rows, ["panel", "series", "beta", "x", "y", "phi", "psi"])


def activation_tables():
    """As statistics.evaluate_activations."""
    x, rows = np.linspace(-4, 4, 41), []
    for name, activation in isospectral_activations().items():
        for panel, values in (("a", activation.function(x)), ("b", activation.derivative(x))):
            rows += [(panel, name, *point) for point in zip(x, values, strict=True)]
    return through_csv(rows, ["panel", "series", "x", "y"])


#: Table, and titles and axis labels of the panels, by figure.
FIGURES = {
    "figure_1": (
        covariance_tables,
        ["first layer", "layer 10"],
        [r"network width $n_0$"] * 2,
        [r"distance $d(\bar\rho_1, \rho_{1})$", r"distance $d(\bar\rho_1, \rho_{10})$"],
    ),
    "figure_2": (
        memorisation_tables,
        ["more features than samples", "fewer features than samples"],
        [r"ridge parameter $\gamma$"] * 2,
        [r"training loss $E_\mathrm{train}$", ""],
    ),
    "figure_3": (
        activation_tables,
        ["functions", "derivatives"],
        ["$x$", "$x$"],
        ["$f(x)$", "$f'(x)$"],
    ),
}
each_figure = pytest.mark.parametrize("item", list(FIGURES))


def draw(item) -> Figure:
    module, _, function = ITEMS[item].drawing.partition(":")
    assert module == "figures"
    return getattr(figures, function)(FIGURES[item][0](), pd.DataFrame(), NOTE)


@each_figure
def test_every_panel_has_its_letter_its_title_and_its_axes(item):
    _, titles, x_labels, y_labels = FIGURES[item]
    axes = draw(item).axes
    assert [axis.get_xlabel() for axis in axes] == x_labels
    assert [axis.get_ylabel() for axis in axes] == y_labels
    for letter, title, axis in zip("ab", titles, axes, strict=True):
        assert rf"$\bf{{({letter})}}$" in axis.get_title(loc="left")
        assert title in axis.get_title(loc="left")


@each_figure
def test_the_small_print_is_whole(item):
    """In the caption: two lines of it are printed."""
    assert style.note_of(draw(item)) == NOTE
    assert len(ITEMS[item].note) > 40


@each_figure
def test_no_text_is_cut_off_or_meets_another(item):
    assert illegible(draw(item)) == []


def test_every_figure_is_drawn_here():
    assert list(ITEMS) == list(FIGURES)
    assert {f"figures:{name}" for name in figures.__all__} == {item.drawing for item in ITEMS.values()}


def figures_to_save():
    return {item: draw(item) for item in FIGURES}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_files_are_equal_whenever_the_numbers_are(saved, suffix):
    here, there = (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob(f"*.{suffix}")}
        for folder in saved
    )
    assert len(here) == len(FIGURES)
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
            assert picture.size[0] == round(style.PAGE * 300)
            assert "Software" not in picture.info


def test_distances_are_drawn_for_every_alpha_with_the_limits_of_sampling():
    figure, curves = draw("figure_1"), covariance_tables()
    for panel, axis in zip("ab", figure.axes, strict=True):
        part = curves[curves.panel == panel]
        for name, line in part.groupby("series"):
            assert line_through(axis, line), (panel, name)
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
        assert [label.get_text() for label in axis.get_xticklabels()] == ["48", "96", "192"]
    legend = texts(figure.legends[0])
    assert legend == [
        "independent draws\n(mean over $\\alpha$)",
        r"$\alpha=−1$, $\zeta=1$",
        r"$\alpha=−0.25$, $\zeta=0.93$",
        r"$\alpha=1$, $\zeta=0$",
        "Gaussian equivalent",
    ]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_theory_and_simulation_of_one_beta_share_a_colour():
    figure, curves = draw("figure_2"), memorisation_tables()
    for panel, axis in zip("ab", figure.axes, strict=True):
        part = curves[curves.panel == panel]
        for _, line in part.groupby(["series", "beta"]):
            assert line_through(axis, line)
        lines = axis.get_lines()
        for theory, points in zip(lines[::2], lines[1::2], strict=True):
            assert (theory.get_linestyle(), theory.get_marker()) == ("-", "None")
            assert (points.get_linestyle(), points.get_marker()) == ("None", "o")
            assert to_hex(theory.get_color()) == to_hex(points.get_color())
        assert len({to_hex(line.get_color()) for line in lines}) == len(BETAS)
        assert axis.get_ylim() == (0, 1)
        assert axis.get_xlim() == pytest.approx((1e-12, 10))
        assert axis.get_xscale() == "log"
    assert [rf"$\phi=0.5$, $\psi={psi}$" in texts(axis) for psi, axis in zip((0.25, 0.75), figure.axes, strict=True)]
    names = [r"$\beta=\,$−∞ (linear)", r"$\beta=\,$−4", r"$\beta=\,$0", "theory", "simulation"]
    assert texts(figure.legends[0]) == names


def test_activation_curves_have_the_colours_of_the_paper():
    figure, curves = draw("figure_3"), activation_tables()
    looks = {"f1": style.VERMILION, "f2": style.GREEN, "f3": style.ORANGE, "f4": style.BLUE}
    for panel, axis in zip("ab", figure.axes, strict=True):
        for name, table in curves[curves.panel == panel].groupby("series"):
            (line,) = (line for line in axis.get_lines() if line.get_label() == f"$f^{{({name[1]})}}$")
            np.testing.assert_allclose(line.get_xydata(), table[["x", "y"]].to_numpy())
            assert line.get_color() == looks[name]
        assert axis.get_xlim() == (-4, 4)
    assert texts(figure.legends[0]) == [f"$f^{{({i})}}$" for i in (1, 2, 3, 4)]
