"""Panels of thamm2024 from tables made by hand, against brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers.rows import Row
from deepspectra.papers.thamm2024 import statistics
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_table

SPACINGS = np.array([0.05, 3.6, 0.7, 1.2, 0.7, 0.124, 0.126, 2.0, 3.499, 5.0])
LENGTHS = (0.5, 1.0, 4.0)
VALUES = {"initial": np.linspace(0.1, 1.9, 40), "final": np.append(np.linspace(0.1, 1.8, 38), [2.5, 3.0])}


def curves_table():
    """As the workflow leaves it: of two layers, two states and two unfoldings, each with numbers of its own."""
    rows = []
    for i, layer in enumerate(("dense1", "dense2")):
        for j, state in enumerate(("initial", "final")):
            other = 10 * i + 100 * (state != "final")
            values = VALUES[state] * (1 + i)
            rows += [
                (layer, state, None, "singular_value", *point)
                for point in zip(np.linspace(0, 1, 40), values, strict=True)
            ]
            for k, unfolding in enumerate(("gaussian", "polynomial")):
                names = ("number_variance", "null_low", "null_high", "null_median", "number_variance_all")
                for n, series in enumerate(names):
                    rows += [(layer, state, unfolding, series, x, x + n + 7 * i + 50 * j + 500 * k) for x in LENGTHS]
            rows += [(layer, state, "gaussian", "spacing", index, s + other) for index, s in enumerate(SPACINGS)]
    return pd.DataFrame(rows, columns=["layer", "state", "unfolding", "series", "x", "y"])


def levels_table():
    rows = []
    for layer, outputs, inputs in (("dense1", 30, 50), ("dense2", 50, 30), ("dense3", 40, 40)):
        for state in ("initial", "final"):
            for n, unfolding in enumerate(("gaussian", "polynomial")):
                p = 0.1 + 0.2 * (state == "final") + 0.4 * n
                rows.append(
                    {"network": "mlp", "layer": layer, "state": state, "outputs": outputs, "inputs": inputs}
                    | {"unfolding": unfolding, "statistic": p / 10, "p": p, "p_calibrated": p / 2, "p_error": p / 20}
                    | {"in_band": 0.9, "variance_p": 0.4, "variance_p_error": 0.02, "variance_p_all": 0.01}
                    | {"variance_slope": 0.1, "variance_slope_null": 0.12, "variance_slope_error": 0.03}
                    | {"above_bulk": 5, "below_bulk": 1, "unresolved": 3, "note": None}
                    | {"nu_min": 0.1, "nu_max": 2.0, "fraction": 0.9}
                    | {"fit_below": 1, "fit_above": 2, "fit_distance": 0.03}
                )
    return pd.DataFrame(rows)


def missing_table():
    row = {"network": "vgg19", "layer": "dense1", "state": "final", "outputs": 4096, "inputs": 25088}
    names = ("statistic", "p", "p_calibrated", "p_error", "in_band", "nu_min", "nu_max", "fraction", "unresolved")
    return pd.DataFrame(
        [row | {"unfolding": "gaussian", "note": "weights not available here (why)"} | dict.fromkeys(names)]
    )


def vectors_table():
    """Rows in no order."""
    rng = np.random.default_rng(0)
    rows = [
        (layer, state, side, rank, *rng.random(2))
        for layer in ("dense1", "dense2")
        for state in ("initial", "final")
        for side in ("output", "input")
        for rank in np.linspace(0, 1, 41)
    ]
    table = pd.DataFrame(rows, columns=["layer", "state", "side", "rank", "p", "p_calibrated"])
    return table.sample(frac=1, random_state=1)


def series_of(rows, name):
    found = [row[2:] for row in rows if row[1] == name]
    assert found, name
    return np.array(found)


def names_of(rows):
    return list(dict.fromkeys(row[1] for row in rows))


def test_rows_are_selected_by_all_of_the_columns_and_nothing_is_a_value():
    curves = curves_table()
    found = statistics.select(curves, layer="dense2", state="final", unfolding="")
    assert set(found.series) == {"singular_value"}
    assert len(found) == 40
    expected = [row for row in curves.itertuples() if row.layer == "dense2" and row.series == "spacing"]
    assert list(statistics.select(curves, layer="dense2", series="spacing").index) == [row.Index for row in expected]
    assert statistics.select(curves, layer="conv1").empty


def test_the_histogram_of_spacings_integrates_to_their_share_inside():
    rows = statistics.spacing_panel("a1", curves_table(), "dense1")
    assert {row[0] for row in rows} == {"a1"}
    bars = series_of(rows, "spacings")
    assert bars[0, 0] == 0
    assert bars[-1, 1] == 3.5
    np.testing.assert_allclose(bars[1:, 0], bars[:-1, 1])
    inside = np.mean(SPACINGS <= 3.5)
    assert inside < 1
    assert ((bars[:, 1] - bars[:, 0]) * bars[:, 2]).sum() == pytest.approx(inside)
    for left, right, height in bars:
        assert height * (right - left) * len(SPACINGS) == pytest.approx(sum(left <= s < right for s in SPACINGS))


def test_the_distribution_of_spacings_rises_by_one_share_at_each():
    rows = statistics.spacing_panel("a1", curves_table(), "dense1")
    cumulative = series_of(rows, "cumulative")
    np.testing.assert_array_equal(cumulative[:, 0], np.sort(SPACINGS))
    np.testing.assert_array_equal(cumulative[:, 0], cumulative[:, 1])
    for x in (0.0, 0.1, 0.7, 0.71, 3.5, 6.0):
        # The last step up to here is the height there.
        height = max((y for step, _, y in cumulative if step <= x), default=0)
        assert height == pytest.approx(np.mean(x >= SPACINGS))


def test_the_surmise_stands_beside_the_spacings():
    rows = statistics.spacing_panel("a1", curves_table(), "dense1")
    for s, _, height in series_of(rows, "surmise"):
        assert height == pytest.approx(math.pi * s / 2 * math.exp(-math.pi * s**2 / 4))
    for s, _, height in series_of(rows, "surmise cumulative"):
        assert height == pytest.approx(1 - math.exp(-math.pi * s**2 / 4))
    assert series_of(rows, "surmise")[[0, -1], 0].tolist() == [0, 3.5]


def test_spacings_are_those_of_the_layer_and_state():
    rows = statistics.spacing_panel("b2", curves_table(), "dense2")
    np.testing.assert_allclose(series_of(rows, "cumulative")[:, 0], np.sort(SPACINGS) + 10)
    assert series_of(rows, "spacings")[:, 2].sum() == 0


def test_number_variances_stand_beside_their_null_and_the_goe():
    rows = statistics.variance_panel("c1", curves_table(), "dense2", ["initial", "final"])
    expected = {
        "number variance, initial": 7,
        "all intervals, initial": 11,
        "number variance, final": 57,
        "all intervals, final": 61,
        "null low": 58,
        "null high": 59,
        "null median": 60,
    }
    assert set(names_of(rows)) == {*expected, "GOE"}
    for name, offset in expected.items():
        np.testing.assert_array_equal(series_of(rows, name), [(x, x, x + offset) for x in LENGTHS])
    for length, _, height in series_of(rows, "GOE"):
        formula = 2 / math.pi**2 * (math.log(2 * math.pi * length) + 1 + 0.5772156649015329 - math.pi**2 / 8)
        assert height == pytest.approx(formula)
    np.testing.assert_array_equal(series_of(rows, "GOE")[:, 0], LENGTHS)


def test_the_trained_state_alone_is_drawn_where_it_is_asked_for():
    rows = statistics.variance_panel("b1", curves_table(), "dense1", ["final"])
    names = ["number variance, final", "all intervals, final", "null low", "null high", "null median", "GOE"]
    assert names_of(rows) == names


def test_spectra_of_both_states_share_their_bins_and_integrate_to_one():
    rows = statistics.spectrum_panel("a", curves_table(), levels_table(), "dense1")
    assert names_of(rows) == ["spectrum, initial", "fit, initial", "spectrum, final", "fit, final"]
    initial, final = (series_of(rows, f"spectrum, {state}") for state in ("initial", "final"))
    np.testing.assert_array_equal(initial[:, :2], final[:, :2])
    assert (final[0, 0], final[-1, 1]) == (0, 3)
    for bars, values in ((initial, VALUES["initial"]), (final, VALUES["final"])):
        widths = bars[:, 1] - bars[:, 0]
        assert (widths * bars[:, 2]).sum() == pytest.approx(1)
        # Up to the inner edges, which no value meets.
        for edge, below in zip(bars[:-1, 1], np.cumsum(widths * bars[:, 2])[:-1], strict=True):
            if not np.isclose(values, edge).any():
                assert below == pytest.approx(np.mean(values < edge))


def test_the_fitted_law_has_the_fits_edges_and_integrates_to_its_fraction():
    rows = statistics.spectrum_panel("a", curves_table(), levels_table(), "dense1")
    fit = series_of(rows, "fit, final")
    assert fit[[0, -1], 0].tolist() == [0.1, 2.0]
    assert np.trapezoid(fit[:, 2], fit[:, 0]) == pytest.approx(0.9, abs=0.01)


def test_p_values_are_means_over_neighbours_in_rank():
    table = vectors_table()
    rows = statistics.vector_panel("b", table, "dense2", 5, "mlp dense2, ")
    kinds = {"plain": "p", "calibrated": "p_calibrated"}
    names = [f"mlp dense2, {side} side, {kind}" for side in ("output", "input") for kind in kinds]
    assert names_of(rows) == names
    for name in names:
        side, kind = name.split()[2], name.split()[-1]
        part = table[(table.layer == "dense2") & (table.state == "final") & (table.side == side)]
        by_rank = dict(sorted(zip(part["rank"], part[kinds[kind]], strict=True)))
        ranks, values = list(by_rank), list(by_rank.values())
        for place, (x, x_high, mean) in enumerate(series_of(rows, name)):
            assert x == x_high == ranks[place]
            assert mean == pytest.approx(np.mean(values[max(place - 2, 0) : place + 3]))


def test_an_even_window_has_no_middle():
    with pytest.raises(UserError, match="odd"):
        statistics.vector_panel("b", vectors_table(), "dense1", 4)


@pytest.mark.parametrize(("layer", "side"), [("dense1", "output"), ("dense2", "input"), ("dense3", "output")])
def test_the_smaller_side_is_drawn_and_of_a_square_matrix_the_output_side(layer, side):
    """Wide, tall and square."""
    row = statistics.drawn_side("d1", "mlp", levels_table(), layer)
    assert row == Row("d1", "mlp", f"{side}_side_drawn", f"drawn: {side} side")


def test_the_summary_of_spacings_tells_the_tests():
    rows = statistics.spacing_summary("a1", levels_table(), "dense2")
    assert {(row.panel, row.series) for row in rows} == {("a1", "mlp dense2")}
    assert {row.quantity: (row.label, row.value, row.reference, row.told) for row in rows} == {
        "ks_statistic": ("KS statistic of spacings", pytest.approx(0.03), None, False),
        "ks_p": ("KS p-value, plain", pytest.approx(0.3), None, True),
        "ks_p_calibrated": ("KS p-value, calibrated", pytest.approx(0.15), None, True),
        "ks_p_calibrated_error": ("Monte Carlo error of the calibrated p-value", pytest.approx(0.015), None, True),
        "number_variance_p_calibrated": (
            *("calibrated p-value of the bulk's number variance, l in [1, 10]", 0.4, None, True),
        ),
        "number_variance_p_calibrated_error": ("Monte Carlo error of that p-value", 0.02, None, True),
        "number_variance_p_all": (
            *("the same over all intervals, as published, outliers' included", 0.01, None, True),
        ),
        "number_variance_in_band": (
            *("share of l in [1, 10] with the bulk's number variance in the null's 95 % band", 0.9, 0.95, False),
        ),
        "number_variance_slope": (
            *("slope of the bulk's number variance against ln l, l in [1, 10]", 0.1, 0.12, False),
        ),
        "number_variance_slope_error": (
            *("slope of the bulk's number variance against ln l, l in [1, 10]: null's deviation", 0.03, None, False),
        ),
        "values_above_bulk": ("singular values above the Marchenko-Pastur law of the bulk", 5, 0, False),
        "values_below_bulk": ("singular values below the Marchenko-Pastur law of the bulk", 1, 0, False),
        "unresolved_spacings": ("spacings below the rounding of the weights", 3, 0, False),
    }


def test_the_summary_says_why_there_are_no_weights():
    rows = statistics.spacing_summary("a4", missing_table(), "dense1")
    assert rows == [Row("a4", "vgg19 dense1", "weights_not_available", "weights not available here (why)")]
    assert statistics.drawn_side("a4", "x", missing_table(), "dense1").quantity == "output_side_drawn"


def test_a_matrix_that_was_not_analysed_has_its_spectrum_and_no_fit():
    levels = levels_table()
    spoiled = (levels.layer == "dense1") & (levels.state == "final")
    levels.loc[spoiled, "note"] = "not analysed: it is zero"
    curves = curves_table()
    zero = (curves.layer == "dense1") & (curves.state == "final") & (curves.series == "singular_value")
    curves.loc[zero, "y"] = 0.0
    rows = statistics.spectrum_panel("a", curves, levels, "dense1")
    assert names_of(rows) == ["spectrum, initial", "fit, initial", "spectrum, final"]
    (row,) = statistics.spacing_summary("b", levels, "dense1")
    assert (row.quantity, row.label) == ("weights_not_available", "not analysed: it is zero")


def linearised_files(folder, rows):
    names = ("full_train", "full_test", "linearised_train", "linearised_test", "relative_displacement")
    paths = []
    for n, (network, alpha, accuracy, initial, final) in enumerate(rows):
        row = {"network": network, "alpha": alpha, **dict.fromkeys(names, accuracy)}
        paths.append(folder / f"{n}.csv")
        write_table(pd.DataFrame([row | {"initial_loss": initial, "final_loss": final}]), paths[-1])
    return {"linearised": paths}


def test_runs_that_diverged_are_left_out_of_the_means_and_named(tmp_path):
    rows = [
        ("one_alpha0.1", 0.1, 0.1, 230.0, 900.0),
        ("two_alpha0.1", 0.1, 0.1, 230.0, float("inf")),
        ("one_alpha0.2", 0.2, 0.1, 57.0, 60.0),
        ("two_alpha0.2", 0.2, 0.5, 57.0, 20.0),
        ("one", 1.0, 0.6, 2.3, 1.0),
    ]
    found = statistics.figure_4(linearised_files(tmp_path, rows), {})
    points = found.curves[(found.curves.panel == "a") & (found.curves.series == "full")]
    assert points[["x", "y", "seeds"]].values.tolist() == [[0.2, 0.5, 1], [1.0, 0.6, 1]]
    told = found.summary[found.summary.quantity == "diverged_runs"]
    assert told[["at", "value"]].values.tolist() == [[0.1, 2], [0.2, 1]]
    assert told.told.all()
    assert told.label.tolist() == [
        "diverged runs at alpha 0.1, left out (loss before and after): one_alpha0.1 (230 to 900), "
        "two_alpha0.1 (230 to inf)",
        "diverged runs at alpha 0.2, left out (loss before and after): one_alpha0.2 (57 to 60)",
    ]
    accuracies = found.summary[(found.summary.quantity == "test_accuracy") & (found.summary.series == "full")]
    assert accuracies[["at", "value"]].values.tolist() == [[0.2, 0.5], [1.0, 0.6]]
    seeds = found.summary[found.summary.panel == "seeds"]
    assert seeds[["series", "at", "value"]].values.tolist() == [
        *([f"{seed} full", alpha, value] for alpha, seed, value in ((0.2, "two", 0.5), (1.0, "one", 0.6))),
        *([f"{seed} linearised", alpha, value] for alpha, seed, value in ((0.2, "two", 0.5), (1.0, "one", 0.6))),
    ]


def test_what_linearisation_loses_is_that_of_each_network(tmp_path):
    """Accuracies scatter over the seeds, the losses of 0.01, 0.02 and 0.03 do not."""
    files = linearised_files(tmp_path, [(f"seed{n}", 1.0, accuracy, 2.3, 1.0) for n, accuracy in enumerate((4, 6, 5))])
    for path, lost in zip(files["linearised"], (0.01, 0.02, 0.03), strict=True):
        write_table(pd.read_csv(path).assign(full_test=lambda row, lost=lost: row.linearised_test + lost), path)
    curves = statistics.figure_4(files, {}).curves
    (found,) = curves[curves.panel == "c"].itertuples()
    assert (found.series, found.x, found.seeds) == ("difference", 1.0, 3)
    assert (found.y, found.spread) == pytest.approx((0.02, 0.01))
    assert curves[curves.panel == "d"][["y", "spread"]].to_numpy() == pytest.approx(np.zeros((1, 2)))


def test_a_figure_of_diverged_runs_alone_is_refused(tmp_path):
    with pytest.raises(UserError, match="learning_rate"):
        statistics.figure_4(linearised_files(tmp_path, [("one", 1.0, 0.1, 2.3, 2.4)]), {})


def test_the_summary_of_vectors_has_means_of_both_ends_and_of_the_middle():
    table = vectors_table()
    rows = statistics.vector_summary("b", table, "mlp dense1", "dense1")
    assert {(row.panel, row.series, row.told) for row in rows} == {("b", "mlp dense1", True)}
    found = {row.label: row.value for row in rows}
    assert len(found) == len(rows) == len({row.quantity for row in rows}) == 12
    assert [row.reference for row in rows] == [None, 0.5] * 6
    quantities = {row.label: row.quantity for row in rows}
    assert quantities["mean p of the 15 largest, output side"] == "mean_p_largest_output"
    assert quantities["mean calibrated p of the middle half, input side"] == "mean_p_calibrated_middle_input"
    for side in ("output", "input"):
        part = table[(table.layer == "dense1") & (table.state == "final") & (table.side == side)]
        ranked = sorted(zip(part["rank"], part.p, part.p_calibrated, strict=True))
        places = {
            "the 15 largest": ranked[-15:],
            "the middle half": [row for row in ranked if 0.25 <= row[0] <= 0.75],
            "the 15 smallest": ranked[:15],
        }
        assert len(places["the middle half"]) == 21
        for place, chosen in places.items():
            assert found[f"mean p of {place}, {side} side"] == pytest.approx(np.mean([row[1] for row in chosen]))
            assert found[f"mean calibrated p of {place}, {side} side"] == pytest.approx(
                np.mean([row[2] for row in chosen])
            )


def test_what_is_written_is_read_again(tmp_path):
    rows = [("a", "fit, final", 0.123456789, 1.0, float("nan"))]
    summary = [
        Row("a", "mlp dense1", "ks_p", "KS p-value, plain", 0.5, told=True),
        Row("a", "vgg19 dense1", "weights_not_available", "weights, why"),
    ]
    found = statistics.figure_numbers(rows, summary)
    for name, table in (("curves", found.curves), ("summary", found.summary)):
        write_table(table, tmp_path / f"{name}.csv", float_format=f"%.{found.digits}g")
    assert (tmp_path / "curves.csv").read_bytes() == b'panel,series,x,x_high,y\na,"fit, final",0.12345679,1,\n'
    assert (tmp_path / "summary.csv").read_text() == (
        "panel,series,quantity,label,value,reference,told\n"
        'a,mlp dense1,ks_p,"KS p-value, plain",0.5,,True\n'
        'a,vgg19 dense1,weights_not_available,"weights, why",,,False\n'
    )
    # Where no network has weights there are columns all the same.
    empty = statistics.figure_numbers([], summary).curves
    assert list(empty.columns) == ["panel", "series", "x", "x_high", "y"]
