"""Figures of thamm2024 from small tables: what is drawn, and that it can be read."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from deepspectra.papers import style
from deepspectra.papers.thamm2024 import figures as thamm2024
from deepspectra.papers.thamm2024.items import ITEMS

from ..figures.drawn import illegible, line_through, over_data, save_here_and_there, texts
from .made_up import (
    CAUSES,
    FOUR,
    SCALE_NOTE,
    SUPPLY,
    accuracy_tables,
    level_tables,
    regime_tables,
    vector_tables,
)

MISSING = ("alexnet", "vgg19")
BARS = " Error bars: standard deviation of 3 seeds; for differences, of those within networks."
#: What is looked at: item, its tables.
CASES = {
    "figure_1 whole": level_tables,
    "figure_1 without pretrained": lambda: level_tables(missing=MISSING),
    "figure_1 with damaged pretrained": lambda: level_tables(missing=MISSING, cause=CAUSES[1]),
    "figure_1 with nothing": lambda: level_tables(FOUR[2:], MISSING),
    "figure_1 with one panel": lambda: level_tables(FOUR[:1]),
    "figure_1 with six panels": lambda: level_tables(
        (*FOUR[:3], "minialexnet dense1", "vgg19 dense1", "vgg19 dense3"), ("vgg19",)
    ),
    "figure_2 whole": vector_tables,
    "figure_2 without pretrained": lambda: vector_tables(MISSING),
    "figure_2 with damaged pretrained": lambda: vector_tables(MISSING, CAUSES[1]),
    "figure_2 without one of two": lambda: vector_tables(("vgg19",)),
    "figure_3 whole": regime_tables,
    "figure_3 with a further seed": lambda: regime_tables(further=("mlp512_seed2",)),
    "figure_4 with one seed": accuracy_tables,
    "figure_4 with three seeds": lambda: accuracy_tables(3),
    "figure_4 without alpha 1": lambda: accuracy_tables(1, (0.1, 5)),
    "figure_4 with diverged runs": lambda: accuracy_tables(3, diverged=0.1),
    "figure_3 with a spoiled layer": lambda: regime_tables(spoiled=5),
}


def note_of(item):
    return f"{SCALE_NOTE} {ITEMS[item].note}"


def draw(case):
    item = case.split()[0]
    return getattr(thamm2024, item)(*CASES[case](), note_of(item))


@cache
def looked_at(case):
    """A figure whose places are known, and what is illegible in it."""
    figure = draw(case)
    return figure, illegible(figure)


# With a long reason instead of a short one they are looked at anyway.
@pytest.mark.parametrize("case", [case for case in CASES if "without pretrained" not in case])
def test_no_text_is_cut_off_or_meets_another(case):
    assert looked_at(case)[1] == []


def test_the_check_of_texts_sees_what_is_wrong():
    figure, axes = style.new_figure(3, 1, (1, 2))
    axes[0, 0].text(0.5, 0.5, "long " * 30).set_in_layout(False)
    axes[0, 1].text(0.5, 0.5, "alone")
    found = illegible(figure)
    assert any("is cut off at a side" in line for line in found)
    assert any("meets 'alone'" in line for line in found)
    assert any("reaches into" in line for line in found)


def test_there_is_a_note_for_each_figure_and_no_other():
    drawn = {name for name in vars(thamm2024) if name.startswith("figure_")}
    assert {name for name, item in ITEMS.items() if item.note} == drawn == {case.split()[0] for case in CASES}


@pytest.mark.parametrize(
    ("case", "begin", "end"),
    [
        ("figure_1 whole", "", ""),
        (
            "figure_1 without pretrained",
            "Left out: (a3) AlexNet dense 2, (a4) VGG19 dense 3. "
            f"Why: (a3), (a4) weights not available here ({CAUSES[0]}). ",
            f" {SUPPLY}",
        ),
        ("figure_2 whole", "", ""),
        (
            "figure_2 without one of two",
            f"Left out: (c) VGG19 dense 1. Why: (c) weights not available here ({CAUSES[0]}). ",
            f" {SUPPLY}",
        ),
        ("figure_3 whole", "", ""),
        ("figure_4 with one seed", "", " One seed: no error bars."),
        ("figure_4 with three seeds", "", BARS),
        (
            "figure_4 with diverged runs",
            "",
            f"{BARS} Diverged runs at alpha 0.1, left out (loss before and after): mlp0 (240 to 900), mlp1 (240 to "
            "900), mlp2 (240 to 900).",
        ),
    ],
)
def test_the_note_is_whole_and_says_what_is_missing_and_how_to_supply_it(case, begin, end):
    assert style.note_of(draw(case)) == f"{SCALE_NOTE} {begin}{ITEMS[case.split()[0]].note}{end}"


def titles(axes):
    return [axis.get_title(loc="left").replace("$\\bf{", "").replace("}$", "") for axis in axes]


def table(curves, panel, series):
    found = curves[(curves.panel == panel) & (curves.series == series)]
    assert len(found), (panel, series)
    return found


def assert_bars(patch, bars):
    heights, edges, _ = patch.get_data()
    np.testing.assert_allclose(heights, bars.y)
    np.testing.assert_allclose(edges, [*bars.x, bars.x_high.iloc[-1]])


def colour_of_line(axis, points):
    """Of the line through the points of a table."""
    (line,) = (
        line
        for line in axis.get_lines()
        if line.get_xydata().shape == (len(points), 2) and np.allclose(line.get_xydata(), points[["x", "y"]])
    )
    return to_hex(line.get_color()).upper()


def assert_spacings(axis, curves, panel):
    """Histogram and surmise, and both distribution functions inside."""
    (patch,) = axis.patches
    assert_bars(patch, table(curves, panel, "spacings"))
    assert line_through(axis, table(curves, panel, "surmise"))
    (inset,) = axis.child_axes
    assert line_through(inset, table(curves, panel, "cumulative"))
    assert line_through(inset, table(curves, panel, "surmise cumulative"))
    assert inset.get_lines()[0].get_drawstyle() == "steps-post"


def assert_variance(axis, curves, panel, states):
    """Every state in its colour, the null's band, and the GOE's curve from l = 1."""
    for state in states:
        colour = colour_of_line(axis, table(curves, panel, f"number variance, {state}"))
        assert colour == {"final": style.BLUE, "initial": "#404040"}[state]
    assert colour_of_line(axis, table(curves, panel, "all intervals, final")) == style.PUBLISHED
    goe = table(curves, panel, "GOE")
    assert line_through(axis, goe[goe.x >= 1])
    assert len(axis.get_lines()) == len(states) + 2
    assert axis.get_title(loc="left").endswith(" p = 0.40 ± 0.02")
    (band,) = axis.collections
    (path,) = band.get_paths()
    corners = {tuple(np.round(corner, 9)) for corner in path.vertices}
    for name in ("null low", "null high"):
        points = table(curves, panel, name)[["x", "y"]].to_numpy()
        assert {tuple(np.round(point, 9)) for point in points} <= corners
    assert axis.get_xscale() == "log"


def p_text(summary, panel, separator="\n"):
    values = summary[summary.panel == panel].set_index("quantity").value
    plain, calibrated, error = values["ks_p"], values["ks_p_calibrated"], values["ks_p_calibrated_error"]
    return f"p = {plain:.2f}{separator}calibrated {calibrated:.2f} ± {error:.2f}"


@pytest.mark.parametrize("case", ["figure_1 whole", "figure_1 without pretrained"])
def test_figure_1_draws_every_matrix_that_has_weights(case):
    figure, (curves, summary) = draw(case), CASES[case]()
    names = ["MLP1024, dense 2", "miniAlexNet, conv 2", "AlexNet, dense 2", "VGG19, dense 3"]
    count = 2 if "without" in case else 4
    above, below = figure.axes[:count], figure.axes[count:]
    assert len(below) == count
    assert [axis.get_ylabel() for axis in figure.axes] == [
        *(r"density $P(s)$", *[""] * (count - 1)),
        *(r"number variance $\Sigma^2(l)$", *[""] * (count - 1)),
    ]
    assert [axis.get_xlabel() for axis in figure.axes] == [r"spacing $s$"] * count + [r"interval length $l$"] * count
    assert texts(figure.legends[0]) == [
        *("trained", "random matrix theory", "random matrices, 95 %", "number variance, trained"),
        "trained, all intervals (as published)",
    ]
    for number, (name, spacing, variance) in enumerate(zip(names, above, below, strict=False), start=1):
        assert_spacings(spacing, curves, f"a{number}")
        assert_variance(variance, curves, f"b{number}", ["final"])
        p = p_text(summary, f"a{number}", ", " if count == 2 else "\n")
        assert titles([spacing]) == [f"(a{number}) {name}\n{p}"]
        assert titles([variance])[0].startswith(f"(b{number})")


def test_figure_1_of_nothing_says_why():
    figure = draw("figure_1 with nothing")
    assert titles(figure.axes) == [f"({a}{n}) {name}" for a in "ab" for n, name in
                                   ((1, "AlexNet, dense 2"), (2, "VGG19, dense 3"))]  # fmt: skip
    for axis in figure.axes:
        (text,) = axis.texts
        assert " ".join(text.get_text().split()) == f"weights not available here ({CAUSES[0]})"
        assert [*axis.lines, *axis.patches, *axis.collections, *axis.child_axes] == []
        assert len(axis.get_xticks()) == len(axis.get_yticks()) == 0


def test_the_inset_of_a_panel_of_spacings_covers_no_surmise():
    figure, _ = looked_at("figure_1 whole")
    for axis in figure.axes[:4]:
        (inset,) = axis.child_axes
        # Where a histogram of forty levels has an outlier no room could be kept for the inset.
        assert inset.get_window_extent().y0 > axis.transData.transform((2.1, 0.3))[1]


@pytest.mark.parametrize("case", ["figure_2 whole", "figure_2 without pretrained", "figure_2 without one of two"])
def test_figure_2_draws_the_smaller_side_of_every_matrix_or_says_why_not(case):
    figure, (curves, summary) = draw(case), CASES[case]()
    spectrum, *tests = figure.axes
    letters = "bd" if "pretrained" in case else "bcd"
    count = len(letters)
    first, *others = titles(figure.axes)
    assert first.startswith("(a) MLP512 seed 1, dense 2\nlargest trained value ")
    # Of two laws that are drawn, the one whose edge is told.
    (edge,) = summary[(summary.quantity == "largest_singular_value") & summary.series.str.endswith("final")].reference
    assert first.endswith(f"\nedge of the initial Marchenko-Pastur law {edge:.2f}")
    assert others == [f"({letter}) tests of singular vectors (thin: calibrated)" for letter in letters]
    assert [axis.get_xlabel() for axis in tests] == ["relative rank of the singular value"] * count
    assert [axis.get_ylabel() for axis in tests] == ["p-value (running mean)"] * count
    assert (spectrum.get_xlabel(), spectrum.get_ylabel()) == (r"singular value $\nu$", r"density $P(\nu)$")
    # An outlier would not be cut off at the right.
    assert spectrum.get_xlim()[1] > 1.1 * curves[curves.series.str.startswith("spectrum")].x_high.max()

    assert texts(spectrum.get_legend()) == ["initial", "trained", "modified law, trained", "Marchenko-Pastur"]
    for patch, state in zip(spectrum.patches, ("initial", "final"), strict=True):
        assert_bars(patch, table(curves, "a", f"spectrum, {state}"))
        assert patch.get_fill() == (state == "final")
    looks = {"fit, final": ":", "Marchenko-Pastur": "--"}
    for line, (series, look) in zip(spectrum.get_lines(), looks.items(), strict=True):
        np.testing.assert_allclose(line.get_xydata(), table(curves, "a", series)[["x", "y"]])
        assert line.get_linestyle() == look

    # Square, wide and tall.
    sides = {
        "b": {"mlp1024 dense2": "output"},
        "c": {"alexnet dense1": "output", "vgg19 dense1": "input"},
        "d": {"minialexnet conv2": "output", "minialexnet dense1": "output"},
    }
    missing = {"alexnet", "vgg19"} if "pretrained" in case else {"vgg19"} if "one" in case else set()
    known = {
        **{"mlp1024 dense2": "MLP1024, dense 2", "alexnet dense1": "AlexNet, dense 1"},
        **{"vgg19 dense1": "VGG19, dense 1", "minialexnet conv2": "miniAlexNet, conv 2"},
        "minialexnet dense1": "miniAlexNet, dense 1",
    }
    for panel, axis in zip(letters, tests, strict=True):
        places = sides[panel]
        lines = [line for line in axis.get_lines() if len(line.get_xdata()) > 2]
        shown = {name: side for name, side in places.items() if name.split()[0] not in missing}
        assert len(lines) == 2 * len(shown)
        for name, colour, bold, thin in zip(shown, (style.BLUE, style.GREEN), lines[::2], lines[1::2], strict=False):
            for line, kind in ((bold, "plain"), (thin, "calibrated")):
                points = table(curves, panel, f"{name}, {shown[name]} side, {kind}")
                np.testing.assert_allclose(line.get_xydata(), points[["x", "y"]])
                assert line.get_color() == colour
            assert bold.get_linewidth() > thin.get_linewidth()
        assert texts(axis.get_legend()) == [known[name] for name in shown]
        # Room for the legend, above all p-values.
        assert axis.get_xlim() == (0, 1)
        assert axis.get_ylim() == (0, pytest.approx(1.15))


def test_the_legend_of_figure_2_covers_no_spectrum():
    axis = looked_at("figure_2 whole")[0].axes[0]
    assert not over_data(axis, axis.get_legend().get_window_extent())


def test_all_matrices_of_a_panel_of_figure_2_are_drawn_in_colours_of_their_own():
    names = ("mlp1024 dense2", "alexnet dense1", "alexnet dense2", "vgg19 dense1", "minialexnet conv2")
    figure = thamm2024.figure_2(*vector_tables(c=names), note_of("figure_2"))
    lines = [line for line in figure.axes[2].get_lines() if len(line.get_xdata()) > 2]
    assert len(lines) == 2 * len(names)
    assert len({to_hex(line.get_color()) for line in lines}) == len(names)


def test_figure_3_has_a_row_for_each_regime():
    figure, (curves, summary) = draw("figure_3 whole"), regime_tables()
    rows = np.reshape(figure.axes, (3, 4))
    assert [title[:4] for title in titles(rows.flat)] == [f"({a}{number})" for number in (1, 2, 3) for a in "abcd"]
    assert [axis.get_xlabel() for axis in rows.flat] == [""] * 8 + [
        r"singular value $\nu$",
        r"spacing $s$",
        r"interval length $l$",
        "relative rank",
    ]
    assert [axis.get_ylabel() for axis in rows[:, 0]] == [
        "rich, $\\alpha=0.5$\ntest accuracy 48.0%",
        "typical, $\\alpha=1$\ntest accuracy 46.0%",
        "lazy, $\\alpha=5$\ntest accuracy 30.0%",
    ]
    assert [axis.texts[-1].get_text() for axis in rows[0]] == [
        *(r"density $P(\nu)$", r"density $P(s)$", r"number variance $\Sigma^2(l)$", "p-value of vectors")
    ]
    legend = ["initial", "trained", "random matrix theory", "random matrices, 95 %", "number variance, trained"]
    legend += [
        "number variance, initial",
        "trained, all intervals (as published)",
        "vectors, output side",
        "vectors, output side, calibrated",
    ]
    assert sorted(texts(figure.legends[0])) == sorted([*legend, "vectors, input side"])
    for number, (spectrum, spacing, variance, vectors) in enumerate(rows, start=1):
        for patch, state in zip(spectrum.patches, ("initial", "final"), strict=True):
            assert_bars(patch, table(curves, f"a{number}", f"spectrum, {state}"))
            assert line_through(spectrum, table(curves, f"a{number}", f"fit, {state}"))
        assert_spacings(spacing, curves, f"b{number}")
        above = summary[(summary.panel == f"a{number}") & (summary.quantity == "values_above_initial")].value.item()
        assert titles([spectrum]) == [f"(a{number}) {above:.0f} above initial"]
        assert titles([spacing]) == [f"(b{number}) {p_text(summary, f'b{number}')}"]
        assert_variance(variance, curves, f"c{number}", ["initial", "final"])
        # The output side, plain and calibrated, and the input side, in three colours.
        lines = [line for line in vectors.get_lines() if len(line.get_xdata()) > 2]
        names = ("output side, plain", "output side, calibrated", "input side, plain")
        for line, name in zip(lines, names, strict=True):
            np.testing.assert_allclose(line.get_xydata(), table(curves, f"d{number}", name)[["x", "y"]])
        assert len({to_hex(line.get_color()) for line in lines}) == 3


def test_figure_3_tells_further_seeds_and_does_not_draw_them():
    alone, (curves, summary) = regime_tables(), regime_tables(further=("mlp512_seed2",))
    pd.testing.assert_frame_equal(curves, alone[0])
    pd.testing.assert_frame_equal(summary[summary.panel != "seeds"], alone[1])
    further = summary[summary.panel == "seeds"]
    assert not further.told.any()
    for alpha, suffix in ((0.5, "_alpha0.5"), (1, ""), (5, "_alpha5")):
        told = further[further.series == f"mlp512_seed2{suffix}"].set_index("quantity").value
        assert told[["alpha", "test_accuracy"]].tolist() == pytest.approx([alpha, 0.5 - 0.04 * alpha])
        assert f"mlp512_seed2{suffix} dense2" in set(further.series)
    assert len(draw("figure_3 with a further seed").axes) == 12


def test_figure_3_says_which_layer_was_not_analysed():
    figure = draw("figure_3 with a spoiled layer")
    rows = np.reshape(figure.axes, (3, 4))
    for axis in rows[2, 1:]:
        (text,) = (text.get_text() for text in axis.texts)
        assert " ".join(text.split()) == "not analysed: the spectrum has no bulk"
        assert [*axis.lines, *axis.patches] == []
    assert rows[2, 0].patches
    assert all(axis.lines for axis in rows[:2].flat)


@pytest.mark.parametrize("seeds", [1, 3])
def test_figure_4_draws_means_and_the_spread_of_seeds(seeds):
    curves, summary = accuracy_tables(seeds)
    figure = thamm2024.figure_4(curves, summary, note_of("figure_4"))
    accuracies = figure.axes[:2]
    assert titles(accuracies) == ["(a) test images", "(b) train images"]
    assert [axis.get_ylabel() for axis in accuracies] == ["test accuracy", "train accuracy"]
    assert texts(figure.legends[0]) == ["chance", "full network", "linearised network"]
    for panel, axis in zip("ab", accuracies, strict=True):
        assert_scale(axis)
        found = iter(axis.containers)
        for series, colour, marker in (("full", style.BLUE, "x"), ("linearised", style.GREEN, "o")):
            points = table(curves, panel, series)
            assert line_through(axis, points)
            assert_marks(found, points, colour, marker, seeds)
        assert next(found, None) is None
        chosen = curves[curves.panel == panel]
        assert axis.get_ylim()[0] == 0
        assert axis.get_ylim()[1] > (chosen.y + chosen.spread.fillna(0)).max()


@pytest.mark.parametrize("seeds", [1, 3])
def test_figure_4_draws_what_linearisation_loses(seeds):
    curves, summary = accuracy_tables(seeds)
    losses = thamm2024.figure_4(curves, summary, note_of("figure_4")).axes[2:]
    assert titles(losses) == ["(c) full − linearised, test images", "(d) full − linearised, train images"]
    assert [axis.get_xlabel() for axis in losses] == [r"output scale $\alpha$"] * 2
    assert [axis.get_ylabel() for axis in losses] == ["difference (percentage points)"] * 2
    assert losses[0].get_ylim() == losses[1].get_ylim()
    for panel, axis in zip("cd", losses, strict=True):
        assert_scale(axis)
        points = table(curves, panel, "difference").copy()
        points[["y", "spread"]] *= 100
        assert line_through(axis, points)
        assert_marks(iter(axis.containers), points, style.BLUE, "D", seeds)
        ends = points.y - points.spread.fillna(0), points.y + points.spread.fillna(0)
        assert axis.get_ylim()[0] < min(0, ends[0].min())
        assert axis.get_ylim()[1] > max(0, ends[1].max())


def test_figure_4_has_no_bar_where_there_is_one_seed():
    """A bar of length zero would say that the spread is known, and nothing."""
    curves, summary = (table.copy() for table in accuracy_tables(3))
    alone = curves.x == curves.x.min()
    curves.loc[alone, "spread"], curves.loc[alone, "seeds"] = np.nan, 1
    figure = thamm2024.figure_4(curves, summary, note_of("figure_4"))
    for axis in figure.axes:
        for container in axis.containers:
            line, _, (bars,) = container
            lengths = [np.ptp(segment[:, 1]) for segment in bars.get_segments() if len(segment)]
            assert len(line.get_xdata()) - (curves.x.min() in line.get_xdata()) == np.sum(np.asarray(lengths) > 0)
            assert not np.any(np.asarray(lengths) == 0)
    # The mark stays inside.
    at_one = figure.axes[2].containers[0].lines[0].get_ydata()[0]
    low, high = figure.axes[2].get_ylim()
    assert low < at_one < high
    assert "standard deviation of 3 seeds at most, none of one seed" in style.note_of(figure)


def assert_scale(axis):
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]
    assert axis.get_xscale() == "log"


def assert_marks(found, points, colour, marker, seeds):
    """Marks at all points, with error bars for several seeds; black at alpha = 1."""
    for part, shade in ((points[points.x != 1], colour), (points[points.x == 1], "black")):
        line, _, bars = next(found)
        np.testing.assert_allclose(line.get_xydata(), part[["x", "y"]])
        assert (line.get_color(), line.get_marker()) == (shade, marker)
        assert len(bars) == (seeds > 1)
        for bar in bars:
            ends = [segment[:, 1] for segment in bar.get_segments()]
            np.testing.assert_allclose(ends, np.column_stack([part.y - part.spread, part.y + part.spread]))


def figures_to_save():
    """Small ones with the pieces of all."""
    tables = {"figure_1": level_tables(FOUR[1:3], ("alexnet",)), "figure_4": accuracy_tables(3)}
    return {item: getattr(thamm2024, item)(*found, "Smoke scale.") for item, found in tables.items()}


def test_files_are_equal_whenever_the_numbers_are(tmp_path_factory):
    here, there = save_here_and_there(__name__, tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there"))
    hashes = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (here, there)
    ]
    assert set(hashes[0]) == {f"figure_{number}.{suffix}" for number in (1, 4) for suffix in ("pdf", "png")}
    assert hashes[0] == hashes[1]
