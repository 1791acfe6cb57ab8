"""Figures of curvature spectra: what is drawn, and that it can be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers import style
from deepspectra.papers.baskerville2022 import curvature_statistics as statistics
from deepspectra.papers.baskerville2022.figures.differences import (
    NULL_SPACINGS,
    band_half_width,
    distribution,
    distribution_like,
)
from deepspectra.papers.baskerville2022.items import ITEMS
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.papers.recorded import with_recorded
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN, goe_ratio_cdf
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import spacing_ratios

from .drawn import illegible, line_through, save_here_and_there, texts
from .made_up_hessians import LOGARITHMIC, PANELS, PARAMETERS, REFERENCE, TEST, draw, spectra, tables_of


@pytest.fixture(scope="module")
def tables():
    return {item: tables_of(item) for item in PANELS}


def figures_to_save():
    return {item: draw(item, tables_of(item)) for item in ("figure_3", "figure_a14", "figure_controls")}


@pytest.mark.parametrize("item", PANELS)
def test_every_figure_is_legible(item, tables):
    assert illegible(draw(item, tables[item])) == []


@pytest.mark.parametrize("item", PANELS)
def test_a_figure_without_float32_matrices_says_so_and_is_legible(item):
    """Large networks at preview scale."""
    figure = draw(item, tables_of(item, shown=("resolved",)))
    assert illegible(figure) == []
    said = "\n".join(texts(figure))
    # Deciles show what there is; the figure of the controls is about resolved spectra alone.
    panels = [] if item == "figure_controls" else [panel for panel in PANELS[item].values() if panel[1] != "deciles"]
    assert said.count("not computed here\n  (float32: 0.6 MB a matrix)") == len(panels)
    assert all(axis.has_data() for axis in figure.axes if axis.get_xlabel() != r"cut-off $\epsilon$")


@pytest.mark.parametrize("item", [item for item in PANELS if ITEMS[item].takes_record])
def test_what_the_record_has_as_published_stands_in_for_what_is_missing(item, tables):
    """But for densities and whole sets, whose eigenvalues have other sizes; and with the record's number of batches."""
    curves, summary = tables[item]
    summary = summary.assign(value=summary.value.where(summary.quantity != "full_batches", 777))
    filled = with_recorded(*tables_of(item, shown=("resolved",)), curves, summary)
    figure = draw(item, filled)
    assert illegible(figure) == []
    said, places = "\n".join(texts(figure)), PANELS[item].values()
    there = [place for place in places if place[0] == "batch" and place[1] in ("unfolded", "ratios")]
    others = [place for place in places if place not in there and place[1] != "deciles"]
    assert said.count("not computed here") == len(others)
    assert said.count("as published (record): ") == len(there)
    assert said.count("of 777 batches") == len(there)
    assert ("(record): matrices as published in the" in figure.get_label()) == bool(there)


@pytest.mark.parametrize("item", ["figure_4", "figure_7"])
def test_large_numbers_and_unresolved_matrices_fit_beside_each_other(item, tables):
    """Three panels side by side leave little room; seen in the record's deep perceptron."""
    curves, summary = tables[item]
    large = {"matrices": 32, "full_batches": 156, "parameters": 20060, "kept_mean": 14915, "unfolded_levels": 14915}
    large["unresolved_matrices"] = 26
    for name, value in large.items():
        summary = summary.assign(value=summary.value.where(summary.quantity != name, value))
    figure = draw(item, (curves, summary))
    assert "26\N{NO-BREAK SPACE}unresolved" in "\n".join(texts(figure))
    assert illegible(figure) == []


def test_as_published_and_resolved_share_axes_and_bins(tables):
    axes = draw("figure_7", tables["figure_7"]).axes
    whole, stretched = (axis for axis in axes if "lambda" in axis.get_xlabel())
    for axis in (whole, stretched):
        published, resolved = axis.patches
        np.testing.assert_array_equal(published.get_data().edges, resolved.get_data().edges)
        assert axis.get_yscale() == "log"
    assert (whole.get_xscale(), stretched.get_xscale()) == ("linear", "symlog")
    assert whole.get_xlim() == stretched.get_xlim()


def test_the_goe_has_a_logarithmic_axis_as_published_and_a_linear_one(tables):
    axes = [axis for axis in draw("figure_1", tables["figure_1"]).axes if "sigma" in axis.get_xlabel()]
    assert [axis.get_yscale() for axis in axes] == ["log", "linear"]


def test_a_panel_says_what_it_is_made_of(tables):
    figure = draw("figure_7", tables["figure_7"])
    _, summary = tables["figure_7"]
    told = "\n".join(texts(figure))
    numbers = summary[summary.panel == "b"].set_index(["series", "quantity"])
    for series, name in (("published", "as published"), ("resolved", "resolved")):
        kept = np.mean([len(part) for part in statistics.above(spectra(series), statistics.RATIO_CUT)])
        value, error = numbers.loc[(series, "mean_ratio"), ["value", "error"]]
        assert f"{name}: {value:.3f} ± {error:.3f}\n  9 of 156 batches, {kept:.0f} of {PARAMETERS}" in told
    assert "zero: 62.5%" in told
    assert "Cut-offs of ratios as published: batches 1e-10." in style.note_of(figure)


def test_zeros_that_were_counted_are_said_where_no_matrix_is(tables):
    curves, summary = tables["figure_4"]
    numbers = [row._asdict() for row in statistics.zero_numbers(np.array([116, 160]), PARAMETERS)]
    place = {"panel": "a", "spectrum": TEST, "scope": "batch", "statistic": "unfolded", "series": "counted"}
    summary = pd.concat([summary[summary.series == "resolved"], pd.DataFrame(numbers).assign(**place)])
    told = texts(draw("figure_4", (curves[curves.series == "resolved"], summary)))
    assert sum("exact zeros: 29% to 40%" in text for text in told) == 1


def test_the_authors_shares_stand_beside_ours(tables):
    """Of networks of theirs alone."""
    curves, summary = (table.copy() for table in tables["figure_a14"])
    for table in (curves, summary):
        table.loc[table.panel == "b", "spectrum"] = TEST.replace("final", "initial")
        table.loc[table.panel == "c", "spectrum"] = "mine/final_test_hessian"
    last = [row[-1] for row in np.array(draw("figure_a14", (curves, summary)).axes).reshape(3, 3)]
    assert [len(axis.get_lines()) for axis in last] == [2, 2, 1]
    ours, authors = (line.get_data() for line in last[1].get_lines())
    assert dict(zip(*ours, strict=True))[1e-20] == pytest.approx(150 / PARAMETERS)
    # What they draw for untrained softmax regression below 1e-20, 1e-10, 1e-6 and 1e-4.
    shares = dict(zip(*authors, strict=True))
    assert [shares[cut] for cut in (1e-20, 1e-10, 1e-6, 1e-4)] == pytest.approx([0.33, 0.37, 0.61, 0.93], abs=0.005)
    assert "exactly zero: 37.5%" in "\n".join(texts(last[1].figure))


def test_the_surmises_and_the_random_matrices_unfolded_alike_are_drawn(tables):
    figure = draw("figure_4", tables["figure_4"])
    curves, summary = tables["figure_4"]
    row = summary[(summary.series == "resolved") & (summary.quantity == "unfolded_ks")].iloc[0]
    assert f"KS {row.value:.2g} (GOE {row.reference:.2g})" in "\n".join(texts(figure))
    assert f"{row.value:.2g}" != f"{row.reference:.2g}"
    spacings, ratios, _, _, ranks = figure.axes
    alike = curves[(curves.series == "resolved") & (curves.statistic == "unfolded reference")]
    assert line_through(spacings, alike.assign(x=(alike.x + alike.x_high) / 2))
    (surmise,) = ratios.get_lines()
    r, density = surmise.get_data()
    np.testing.assert_allclose(density, 27 / 8 * (r + r**2) / (1 + r + r**2) ** 2.5)
    levels = {line.get_ydata()[0] for line in ranks.get_lines() if len(set(line.get_ydata())) == 1}
    assert {SURMISE_MEAN, GOE_MEAN, POISSON_MEAN} <= levels


def test_distribution_functions_are_those_of_the_values_less_the_nulls(tables):
    curves, _ = tables["figure_4"]
    figure = draw("figure_4", tables["figure_4"])
    below = {axis.get_xlabel(): axis for axis in figure.axes if "GOE" in axis.get_ylabel()}
    (ratios,) = (
        line for line in below["spacing ratio $r$ (logarithmic)"].get_lines() if line.get_label() == "resolved"
    )
    values = np.concatenate([np.diff(part)[1:] / np.diff(part)[:-1] for part in spectra("resolved")])
    ends, difference = ratios.get_data()
    counted = np.searchsorted(np.sort(values), ends, side="right") / values.size
    np.testing.assert_allclose(difference, counted - goe_ratio_cdf(ends), atol=1e-9)
    (spacings,) = (line for line in below["unfolded spacing $s$"].get_lines() if line.get_label() == "resolved")
    bars, alike = (
        distribution(curves[(curves.panel == "a") & (curves.series == "resolved") & (curves.statistic == name)])
        for name in ("unfolded", "unfolded reference")
    )
    np.testing.assert_allclose(spacings.get_ydata(), bars - alike)
    assert np.abs(spacings.get_ydata()).max() > 0.01


def half_of_band(axis, label):
    """Half the width of a band around zero, at its points."""
    (band,) = (found for found in axis.collections if found.get_label() == f"95 % of independent values, {label}")
    path = band.get_paths()[0].vertices
    return {x: path[path[:, 0] == x, 1].max() for x in np.unique(path[:, 0])}


def test_bands_hold_independent_values_and_the_noise_of_a_null_that_is_drawn(tables):
    curves, summary = tables["figure_4"]
    figure = draw("figure_4", tables["figure_4"])
    below = {axis.get_xlabel(): axis for axis in figure.axes if "GOE" in axis.get_ylabel()}
    numbers = summary[summary.series == "resolved"].drop_duplicates("quantity").set_index("quantity").value
    ratios = half_of_band(below[LOGARITHMIC], "resolved")
    r = min(ratios, key=lambda at: abs(at - 1))
    law = goe_ratio_cdf(np.array([r]))[0]
    assert ratios[r] == pytest.approx(1.96 * (law * (1 - law) / numbers["ratios"]) ** 0.5)
    spacings = half_of_band(below["unfolded spacing $s$"], "resolved")
    alike = curves[(curves.series == "resolved") & (curves.statistic == "unfolded reference")]
    heights = distribution(alike)
    # Bins of both are the same here: every matrix has as many levels.
    share = 1 / numbers["unfolded_spacings"] + 1 / REFERENCE.spacings.size
    expected = 1.96 * np.sqrt(np.clip(heights * (1 - heights), 0, None) * share)
    np.testing.assert_allclose(max(spacings.values()), expected.max(), rtol=0.02)


def test_a_null_of_spacings_is_as_large_as_its_band_assumes():
    """Also where the data are more than the null, so that its noise is most of the band."""
    for batches in (9, 60):
        size = statistics.reference_unfolding(batches, 1 / 3, 1).spacings.size
        assert size == pytest.approx(NULL_SPACINGS, rel=0.05)
    heights = np.array([0.5])
    assert band_half_width(heights, 1e9, NULL_SPACINGS) == pytest.approx(0.98 / NULL_SPACINGS**0.5, rel=1e-3)
    assert band_half_width(heights, 1e9) < 1e-4


def test_levels_of_one_matrix_vary_about_half_as_much_as_the_band_and_the_notes_say_so():
    rng, size = np.random.default_rng(5), 150
    counted = [np.mean(spacing_ratios(goe_levels(size, rng)) < 1) for _ in range(500)]
    half = band_half_width(np.array([0.5]), size - 2)[0]
    assert 0.5 < 1.96 * np.std(counted) / half < 0.67
    for item in ("figure_2", "figure_3", "figure_7"):
        assert "levels of one matrix vary less, about half as much near the middle" in ITEMS[item].note


def test_the_note_tells_how_steps_of_an_unfolding_are_drawn():
    note = ITEMS["figure_4"].note
    assert "bars hold one or more, points (steps above 0.2) one each" in note
    assert "the first is centred on 0, so that half of its bar is seen" in note


def test_every_null_has_the_colour_of_its_series_and_no_law_stands_for_both(tables):
    """The GOE unfolded alike, above; below, a law less the null of one series would mislead about the other."""
    curves, _ = tables["figure_4"]
    above, below = (axis for axis in draw("figure_4", tables["figure_4"]).axes if "unfolded" in axis.get_xlabel())
    dashed = [line for line in above.get_lines() if line.get_linestyle() == "--"]
    assert [line.get_color() for line in dashed] == [style.PUBLISHED, style.RESOLVED]
    for line, series in zip(dashed, ("published", "resolved"), strict=True):
        alike = curves[(curves.series == series) & (curves.statistic == "unfolded reference")]
        np.testing.assert_allclose(line.get_ydata(), alike.y)
    assert [line.get_color() for line in below.get_lines()].count(style.LAW) == 0


def test_a_missing_matrix_is_told_in_units_that_fit(tables):
    curves, summary = tables_of("figure_4", shown=("resolved",))
    large = summary.assign(value=summary.value.mask(summary.quantity == "parameters", 50_000))
    assert "float32: 10.0 GB a matrix" in "\n".join(texts(draw("figure_4", (curves, large))))


def bins_of(step, steps, count):
    """Bars of a distribution that is even up to the last bin: whole steps, the first around zero."""
    edges = -step / 2 + step * steps * np.arange(count + 1)
    return pd.DataFrame({"x": edges[:-1], "x_high": edges[1:], "y": 1 / (edges[-1] - edges[0])})


def test_steps_are_compared_one_by_one_and_bins_of_many_by_their_ends():
    steps = distribution_like(bins_of(0.48, 1, 12), bins_of(0.5, 1, 10))
    np.testing.assert_allclose(steps, [*np.arange(1, 11) / 10, 1, 1])
    assert len(distribution_like(bins_of(0.5, 1, 10), bins_of(0.48, 1, 12))) == 10
    bars, null = bins_of(0.011, 10, 8), bins_of(0.01, 10, 10)
    found = distribution_like(bars, null)
    np.testing.assert_allclose(found, (bars.x_high + 0.005) / 1.0)


def test_every_figure_has_a_note_with_the_references():
    for item in PANELS:
        note = ITEMS[item].note
        for value, words in (
            (SURMISE_MEAN, "the surmise"),
            (GOE_MEAN, "large GOE"),
            (POISSON_MEAN, "independent"),
        ):
            assert f"{value:.4f} for {words}" in note
        assert "not full are left" in note


def test_equal_numbers_give_equal_bytes(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    save_here_and_there(__name__, here, there)
    files = sorted(path.name for path in here.iterdir())
    assert len(files) == 6
    for name in files:
        assert (here / name).read_bytes() == (there / name).read_bytes()


def test_too_few_float32_matrices_to_unfold_are_said(tables):
    curves, summary = tables["figure_4"]
    lost = (curves.series == "published") & curves.statistic.str.startswith("unfolded")
    told = "\n".join(texts(draw("figure_4", (curves[~lost], summary))))
    assert "not unfolded\n  (of 9 float32 matrices)" in told
    assert "not computed" not in told


def test_spacings_that_are_zero_are_told_by_their_own_share(tables):
    """Not by that of the first bar, which holds small ones too."""
    curves, summary = (table.copy() for table in tables["figure_4"])
    first = (curves.statistic == "unfolded") & (curves.series == "published") & (curves.x < 0)
    curves.loc[first, "y"] = 5.0
    share = summary.quantity == "unfolded_zeros"
    summary.loc[share & (summary.series == "published"), "value"] = 0.123
    assert "s = 0: 12%" in "\n".join(texts(draw("figure_4", (curves, summary))))


def test_the_small_print_tells_whose_features_they_are(tables):
    curves, summary = tables["figure_3"]
    row = {"quantity": "other_features", "label": "features of Lite0", "series": "resolved", "value": 1280}
    figure = draw("figure_3", (curves, pd.concat([summary, pd.DataFrame([row])])))
    assert "CIFAR-10 as features of Lite0." in style.note_of(figure)


def bands(axis):
    """Lower and upper ends of the filled bands of a panel."""
    return [(patch.get_data().baseline, patch.get_data().values) for patch in axis.patches]


def test_deciles_of_the_resolved_spectrum_stand_before_the_bands_of_controls(tables):
    curves, _ = tables["figure_4"]
    deciles = draw("figure_4", tables["figure_4"]).axes[-1]
    control = curves[(curves.panel == "c") & (curves.series == CONTROLS["mapped"])]
    ends = [control[control.statistic == f"deciles {end}"].y for end in ("low", "high")]
    assert len(ends[0]) == 10
    (band,) = bands(deciles)
    np.testing.assert_allclose(band, ends)
    # Both spectra, beside each other.
    published, resolved = (container.lines[0].get_xdata() for container in deciles.containers[-2:])
    np.testing.assert_allclose(np.array(resolved, float) - np.array(published, float), 0.02)


def test_a_control_of_unknown_error_is_drawn_as_open_points(tables):
    curves, _ = tables["figure_4"]
    control = curves[(curves.panel == "c") & (curves.series == CONTROLS["gaussian"])]
    assert set(control.statistic) == {"deciles"}
    deciles = draw("figure_4", tables["figure_4"]).axes[-1]
    unknown = control[control.error.isna()]
    assert len(unknown)
    assert line_through(deciles, unknown.assign(x=(unknown.x + unknown.x_high) / 2))


def test_the_figure_of_the_controls_shows_each_and_the_participation_below(tables):
    figure = draw("figure_controls", tables["figure_controls"])
    axes = np.array(figure.axes).reshape(2, 3)
    assert [len(bands(axis)) for axis in axes[0]] == [1, 1, 1]
    assert {*CONTROLS.values(), "resolved"} <= {text.get_text() for text in figure.legends[0].get_texts()}
    curves, _ = tables["figure_controls"]
    for name in ("resolved", *CONTROLS.values()):
        rows = curves[(curves.panel == "d") & (curves.series == name)]
        assert line_through(axes[1, 0], rows.assign(x=(rows.x + rows.x_high) / 2))
