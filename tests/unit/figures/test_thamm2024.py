"""Figures of thamm2024 from small tables, made by the very scripts that gather them, of matrices drawn here."""

from __future__ import annotations

import hashlib
import runpy
import tempfile
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from drawn import illegible, line_through, over_data, save_here_and_there, texts
from matplotlib.colors import to_hex

from deepspectra.calibration import monte_carlo_p_value, null_band
from deepspectra.figures import style, thamm2024
from deepspectra.laws import fit_modified_marchenko_pastur
from deepspectra.levels import number_variance, spacing_ks, spacings, vector_ks
from deepspectra.nulls import haar_vectors, laguerre_singular_values
from deepspectra.unfolding import gaussian_broadening
from deepspectra.weights import decompose

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
SCALE_NOTE = "Preview scale: epochs 2 instead of 100, null matrices 199 instead of 999, null vectors 1999 instead."
#: The shortest cause, and the longest: a damaged download.
CAUSES = (
    "its host's name cannot be found",
    f"it has SHA-256 {'4f1bbbb5' * 8}, expected one that begins with 7be5be79",
)
SUPPLY = (
    "To supply missing weights, put the providers' files (named in resources/weights.yaml) into a folder, delete "
    "resources/weights/ and run with --config data='{folder: PATH}'."
)
#: (outputs, inputs): wide, square and tall ones.
LAYERS = {
    "mlp1024": {"dense2": (40, 60)},
    "minialexnet": {"conv2": (36, 90), "dense1": (44, 60)},
    "alexnet": {"dense1": (40, 70), "dense2": (40, 40)},
    "vgg19": {"dense1": (60, 40), "dense3": (30, 60)},
    "mlp512_seed1_alpha0.5": {"dense2": (48, 48)},
    "mlp512_seed1": {"dense2": (48, 48)},
    "mlp512_seed1_alpha5": {"dense2": (48, 48)},
}
LENGTHS = np.geomspace(0.5, 8, 12)
ALPHAS = (0.5, 1, 5)


@cache
def weight_tests(network, cause=None):
    """Levels, curves and vectors as analyse_weights.py leaves them; with a cause, of a network without weights."""
    levels, curves, vectors = [], [], []
    for layer, (outputs, inputs) in LAYERS[network].items():
        row = {"network": network, "layer": layer, "outputs": outputs, "inputs": inputs, "unfolding": "gaussian"}
        if cause:
            levels.append(row | {"state": "final", "note": f"weights not available here ({cause})"})
            continue
        source = np.random.default_rng([ord(letter) for letter in network + layer])
        draws = [gaussian_broadening(laguerre_singular_values(outputs, inputs, source)) for _ in range(19)]
        null = [spacing_ks(spacings(draw))[0] for draw in draws]
        null_variances = [number_variance(draw, LENGTHS)[0] for draw in draws]
        initial = source.standard_normal((outputs, inputs)) * np.sqrt(2 / (outputs + inputs))
        weights = {"initial": initial, "final": initial + 3 / np.sqrt(initial.size)}
        if network in ("alexnet", "vgg19"):
            del weights["initial"]
        for state, matrix in weights.items():
            found = decompose(matrix)
            values, unfolded = found.singular_values, gaussian_broadening(found.singular_values)
            statistic, p = spacing_ks(spacings(unfolded))
            calibrated = monte_carlo_p_value(statistic, null)
            fit = fit_modified_marchenko_pastur(values)
            levels.append(
                row
                | {"state": state, "statistic": statistic, "p": p, "note": None, "unresolved": 0}
                | {"in_band": 0.9, "variance_p": 0.4}
                | {"p_calibrated": float(calibrated.value), "p_error": float(calibrated.error)}
                | {"nu_min": fit.nu_min, "nu_max": fit.nu_max, "fraction": fit.fraction}
            )
            low, high = null_band(null_variances)
            ranks = np.linspace(0, 1, values.size)
            lines = {
                ("", "singular_value"): (ranks, values),
                ("gaussian", "spacing"): (ranks[1:], spacings(unfolded)),
                ("gaussian", "number_variance"): (LENGTHS, number_variance(unfolded, LENGTHS)[0]),
                ("gaussian", "null_low"): (LENGTHS, low),
                ("gaussian", "null_high"): (LENGTHS, high),
                ("gaussian", "null_median"): (LENGTHS, np.median(null_variances, axis=0)),
            }
            for name, line in lines.items():
                curves += [(layer, state, *name, *point) for point in zip(*line, strict=True)]
            for side, columns in (("output", found.output_vectors), ("input", found.input_vectors)):
                statistics, p = vector_ks(columns)
                draws = vector_ks(haar_vectors(len(columns), 99, source))[0]
                numbers = (ranks, values, statistics, p, monte_carlo_p_value(statistics, draws).value)
                vectors += [(layer, state, side, len(columns), *point) for point in zip(*numbers, strict=True)]
    return {
        "levels": pd.DataFrame(levels),
        "curves": pd.DataFrame(curves, columns=["layer", "state", "unfolding", "series", "x", "y"]),
        "vectors": pd.DataFrame(
            vectors,
            columns=["layer", "state", "side", "dimension", "rank", "singular_value", "statistic", "p", "p_calibrated"],
        ),
    }


def gathered(script, tables, **params):
    """Plotted numbers and summary, by a script of the workflow, of tables by kind; as the drawing script reads them."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for kind, entries in tables.items():
            files[kind] = [f"{folder}/{kind}_{number}.csv" for number in range(len(entries))]
            for table, path in zip(entries, files[kind], strict=True):
                table.to_csv(path, index=False, lineterminator="\n", float_format="%.10g")
        output = SimpleNamespace(curves=f"{folder}/curves.csv", summary=f"{folder}/summary.csv")
        given = files["accuracies"] if "accuracies" in files else SimpleNamespace(**files)
        snakemake = SimpleNamespace(
            input=given, output=output, params=SimpleNamespace(**params), log=[f"{folder}/log"], threads=1
        )
        # The log of a job takes the place of the test's own.
        with mock.patch("deepspectra.job.job", return_value=nullcontext()):
            runpy.run_path(str(SCRIPTS / script), {"snakemake": snakemake})
        return pd.read_csv(output.curves), pd.read_csv(output.summary)


def of_networks(networks, missing=(), cause=CAUSES[0]):
    """The tests of several networks, by kind of table; some of them without weights."""
    found = [weight_tests(network, cause if network in missing else None) for network in networks]
    return {kind: [tables[kind] for tables in found] for kind in ("levels", "curves", "vectors")}


def places(*names):
    return [dict(zip(("network", "layer"), name.split(), strict=True)) for name in names]


FOUR = ("mlp1024 dense2", "minialexnet conv2", "alexnet dense2", "vgg19 dense3")


@cache
def level_tables(names=FOUR, missing=(), cause=CAUSES[0]):
    """Of figure 1."""
    networks = list(dict.fromkeys(name.split()[0] for name in names))
    tables = of_networks(networks, missing, cause)
    return gathered("gather_level_statistics.py", tables, places=places(*names), networks=networks)


@cache
def vector_tables(missing=(), cause=CAUSES[0], c=("alexnet dense1", "vgg19 dense1")):
    """Of figure 2."""
    networks = ["mlp512_seed1", "mlp1024", "alexnet", "vgg19", "minialexnet"]
    panels = {"b": places("mlp1024 dense2"), "c": places(*c)}
    panels["d"] = places("minialexnet conv2", "minialexnet dense1")
    figure = {"spectrum": places("mlp512_seed1 dense2")[0], "panels": panels, "window": 5}
    return gathered("gather_vector_tests.py", of_networks(networks, missing, cause), figure=figure, networks=networks)


@cache
def regime_tables(alphas=ALPHAS):
    """Of figure 3."""
    names = {0.5: "mlp512_seed1_alpha0.5", 1: "mlp512_seed1", 5: "mlp512_seed1_alpha5"}
    networks = [names[alpha] for alpha in alphas]
    histories = [pd.DataFrame({"test_accuracy": [0.1, 0.5 - 0.04 * a], "train_accuracy": [0.1, 1.0]}) for a in alphas]
    tables = of_networks(networks) | {"histories": histories}
    figure = {"layer": "dense2", "alphas": list(alphas), "window": 5}
    return gathered("gather_regimes.py", tables, figure=figure, networks=networks)


@cache
def accuracy_tables(seeds=1, alphas=(0.1, 0.5, 1, 2, 10)):
    """Of figure 4; the test accuracies of seeds scatter the more the larger alpha."""
    rows = [
        {"alpha": alpha, "relative_displacement": 0.1 / alpha}
        | {f"{kind}_{part}": top / (1 + alpha / 20) + 0.04 * alpha * seed / seeds for kind, part, top in of}
        for seed in range(seeds)
        for alpha in alphas
        for of in [
            (("full", "test", 0.5), ("linearised", "test", 0.4), ("full", "train", 0.5), ("linearised", "train", 0.3))
        ]
    ]
    return gathered("gather_accuracies.py", {"accuracies": [pd.DataFrame([row]) for row in rows]})


MISSING = ("alexnet", "vgg19")
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
    "figure_4 with one seed": accuracy_tables,
    "figure_4 with three seeds": lambda: accuracy_tables(3),
    "figure_4 without alpha 1": lambda: accuracy_tables(1, (0.1, 5)),
}


def note_of(item):
    return f"{SCALE_NOTE} {thamm2024.NOTES[item]}"


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
    assert set(thamm2024.NOTES) == drawn == {case.split()[0] for case in CASES}


def small_print(figure):
    (text,) = (text for text in texts(figure) if text.startswith("Preview scale"))
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("case", "end"),
    [
        ("figure_1 whole", ""),
        ("figure_1 without pretrained", f" {SUPPLY}"),
        ("figure_2 whole", ""),
        ("figure_2 without one of two", f" {SUPPLY}"),
        ("figure_3 whole", ""),
        ("figure_4 with one seed", " One seed. Dotted: chance."),
        ("figure_4 with three seeds", " Error bars: standard deviation of 3 seeds. Dotted: chance."),
    ],
)
def test_the_small_print_is_whole_and_says_how_to_supply_what_is_missing(case, end):
    assert small_print(draw(case)) == note_of(case.split()[0]) + end


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
        assert colour == {"final": style.BLUE, "initial": style.VERMILION}[state]
    goe = table(curves, panel, "GOE")
    assert line_through(axis, goe[goe.x >= 1])
    assert len(axis.get_lines()) == len(states) + 1
    (band,) = axis.collections
    (path,) = band.get_paths()
    corners = {tuple(np.round(corner, 9)) for corner in path.vertices}
    for name in ("null low", "null high"):
        points = table(curves, panel, name)[["x", "y"]].to_numpy()
        assert {tuple(np.round(point, 9)) for point in points} <= corners
    assert axis.get_xscale() == "log"


def p_text(summary, panel):
    values = summary[summary.panel == panel].set_index("quantity").value
    plain, calibrated = values["KS p-value, plain"], values["KS p-value, calibrated"]
    error = values["Monte Carlo error of the calibrated p-value"]
    return f"p = {plain:.2f}\ncalibrated {calibrated:.2f} ± {error:.2f}"


@pytest.mark.parametrize("case", ["figure_1 whole", "figure_1 without pretrained"])
def test_figure_1_draws_every_matrix_or_says_why_not(case):
    figure, (curves, summary) = draw(case), CASES[case]()
    assert len(figure.axes) == 8
    above, below = figure.axes[:4], figure.axes[4:]
    names = ["MLP1024\ndense 2", "miniAlexNet\nconv 2", "AlexNet\ndense 2", "VGG19\ndense 3"]
    assert titles(above) == [f"(a{number}) {name}" for number, name in enumerate(names, start=1)]
    assert titles(below) == ["(b1)", "(b2)", "(b3)", "(b4)"]
    assert [axis.get_ylabel() for axis in figure.axes] == [
        *(r"density $P(s)$", "", "", ""),
        *(r"number variance $\Sigma^2(l)$", "", "", ""),
    ]
    assert [axis.get_xlabel() for axis in figure.axes] == [r"spacing $s$"] * 4 + [r"interval length $l$"] * 4
    assert texts(figure.legends[0]) == [
        *("trained", "random matrix theory", "random matrices, 95 %", "number variance, trained")
    ]
    missing = {3, 4} if "without" in case else set()
    for number, (spacing, variance) in enumerate(zip(above, below, strict=True), start=1):
        if number in missing:
            for axis in (spacing, variance):
                (text,) = axis.texts
                assert " ".join(text.get_text().split()) == f"weights not available here ({CAUSES[0]})"
                assert [*axis.lines, *axis.patches, *axis.collections, *axis.child_axes] == []
                assert len(axis.get_xticks()) == len(axis.get_yticks()) == 0
            continue
        assert_spacings(spacing, curves, f"a{number}")
        assert_variance(variance, curves, f"b{number}", ["final"])
        assert [text.get_text() for text in spacing.texts] == [p_text(summary, f"a{number}")]


def test_what_stands_in_a_panel_of_spacings_does_not_cover_its_data():
    figure, _ = looked_at("figure_1 whole")
    for axis in figure.axes[:4]:
        (text,), (inset,) = axis.texts, axis.child_axes
        assert not over_data(axis, text.get_window_extent())
        # Where a histogram of forty levels has an outlier no room could be kept for the inset.
        assert inset.get_window_extent().y0 > axis.transData.transform((2.3, 0.3))[1]
        assert not inset.get_window_extent().overlaps(text.get_window_extent())


@pytest.mark.parametrize("case", ["figure_2 whole", "figure_2 without pretrained", "figure_2 without one of two"])
def test_figure_2_draws_the_smaller_side_of_every_matrix_or_says_why_not(case):
    figure, (curves, _) = draw(case), CASES[case]()
    spectrum, *tests = figure.axes
    assert titles(figure.axes) == ["(a) MLP512 seed 1, dense 2", "(b)", "(c)", "(d)"]
    assert [axis.get_xlabel() for axis in figure.axes] == [r"singular value $\nu$"] + [
        "relative rank of the singular value"
    ] * 3
    assert [axis.get_ylabel() for axis in figure.axes] == [r"density $P(\nu)$"] + ["p-value"] * 3

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
    for (panel, places), axis in zip(sides.items(), tests, strict=True):
        lines = [line for line in axis.get_lines() if len(line.get_xdata()) > 2]
        shown = {name: side for name, side in places.items() if name.split()[0] not in missing}
        assert len(lines) == 2 * len(shown)
        for name, colour, bold, thin in zip(shown, (style.BLUE, style.GREEN), lines[::2], lines[1::2], strict=False):
            for line, kind in ((bold, "plain"), (thin, "calibrated")):
                points = table(curves, panel, f"{name}, {shown[name]} side, {kind}")
                np.testing.assert_allclose(line.get_xydata(), points[["x", "y"]])
                assert line.get_color() == colour
            assert bold.get_linewidth() > thin.get_linewidth()
        absent = [text.get_text().replace("\n", " ") for text in axis.texts]
        words = {"alexnet dense1": "AlexNet, dense 1", "vgg19 dense1": "VGG19, dense 1"}
        reason = f": weights not available here ({CAUSES[0]})"
        assert absent == (
            [" ".join(words[name] + reason for name in places if name not in shown)] if len(shown) < len(places) else []
        )
        if shown:
            known = words | {"mlp1024 dense2": "MLP1024, dense 2"}
            known |= {f"minialexnet {layer}": f"miniAlexNet, {layer[:-1]} {layer[-1]}" for layer in ("conv2", "dense1")}
            assert texts(axis.get_legend()) == [known[name] for name in shown]
            assert (axis.get_xlim(), axis.get_ylim()) == ((0, 1), (0, 1))
        else:
            assert axis.get_legend() is None
            assert len(axis.get_xticks()) == len(axis.get_yticks()) == 0


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
    assert titles(rows.flat) == [f"({letter}{number})" for number in (1, 2, 3) for letter in "abcd"]
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
        *(r"density $P(\nu)$", r"density $P(s)$", r"$\Sigma^2(l)$", "p-value")
    ]
    legend = ["initial", "trained", "random matrix theory", "random matrices, 95 %", "number variance, trained"]
    assert sorted(texts(figure.legends[0])) == sorted(legend)
    for number, (spectrum, spacing, variance, vectors) in enumerate(rows, start=1):
        for patch, state in zip(spectrum.patches, ("initial", "final"), strict=True):
            assert_bars(patch, table(curves, f"a{number}", f"spectrum, {state}"))
            assert line_through(spectrum, table(curves, f"a{number}", f"fit, {state}"))
        assert_spacings(spacing, curves, f"b{number}")
        assert spacing.texts[0].get_text() == p_text(summary, f"b{number}")
        assert_variance(variance, curves, f"c{number}", ["initial", "final"])
        # The output side, plain and calibrated, and faintly the input side.
        lines = [line for line in vectors.get_lines() if len(line.get_xdata()) > 2]
        names = ("output side, plain", "output side, calibrated", "input side, plain")
        for line, name in zip(lines, names, strict=True):
            np.testing.assert_allclose(line.get_xydata(), table(curves, f"d{number}", name)[["x", "y"]])
        assert lines[2].get_alpha() < 0.5


@pytest.mark.parametrize("seeds", [1, 3])
def test_figure_4_draws_means_and_the_spread_of_seeds(seeds):
    curves, summary = accuracy_tables(seeds)
    figure = thamm2024.figure_4(curves, summary, note_of("figure_4"))
    assert titles(figure.axes) == ["(a) test images", "(b) train images"]
    assert [axis.get_xlabel() for axis in figure.axes] == [r"output scale $\alpha$"] * 2
    assert [axis.get_ylabel() for axis in figure.axes] == ["test accuracy", "train accuracy"]
    assert texts(figure.legends[0]) == ["full network", "linearised network"]
    for panel, axis in zip("ab", figure.axes, strict=True):
        assert [label.get_text() for label in axis.get_xticklabels()] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]
        assert axis.get_xscale() == "log"
        found = iter(axis.containers)
        for series, colour, marker in (("full", style.BLUE, "x"), ("linearised", style.GREEN, "o")):
            points = table(curves, panel, series)
            assert line_through(axis, points)
            # alpha = 1 in black.
            for part, shade in ((points[points.x != 1], colour), (points[points.x == 1], "black")):
                line, _, bars = next(found)
                np.testing.assert_allclose(line.get_xydata(), part[["x", "y"]])
                assert (line.get_color(), line.get_marker()) == (shade, marker)
                assert len(bars) == (seeds > 1)
                for bar in bars:
                    ends = [segment[:, 1] for segment in bar.get_segments()]
                    np.testing.assert_allclose(ends, np.column_stack([part.y - part.spread, part.y + part.spread]))
        assert next(found, None) is None
        chosen = curves[curves.panel == panel]
        assert axis.get_ylim()[0] == 0
        assert axis.get_ylim()[1] > (chosen.y + chosen.spread.fillna(0)).max()


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
