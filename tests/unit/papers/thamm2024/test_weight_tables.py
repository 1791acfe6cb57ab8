"""The tables of one network against the statistics that they consist of."""

from __future__ import annotations

import numpy as np

from deepspectra.rmt.calibration import monte_carlo_p_value
from deepspectra.rmt.levels import level_statistics, vector_ks

from .conftest import DRAWS, LAYERS, UNFOLDING


def test_rows_of_levels_are_the_statistics_and_their_calibration(studied):
    levels = studied.tables["levels"]
    assert list(levels.groupby(["layer", "state", "unfolding"], sort=False).size()) == [1] * 12
    for row in levels.itertuples():
        null = studied.null[row.layer]
        values = studied.found[row.layer, row.state].singular_values
        found = level_statistics(values, UNFOLDING, null["lengths"])[row.unfolding]
        assert (row.outputs, row.inputs) == LAYERS[row.layer]
        assert (row.statistic, row.p) == (found.spacing_statistic, found.spacing_p)
        drawn = null[f"{row.unfolding}/spacing_statistics"]
        assert row.p_calibrated == float(monte_carlo_p_value(np.asarray(row.statistic), drawn).value)
        assert (row.null_draws, row.unresolved) == (DRAWS, 0)


def test_curves_hold_spectra_spacings_and_number_variances_with_their_null(studied):
    curves = studied.tables["curves"]
    for (layer, state), part in studied.found.items():
        of = curves[(curves.layer == layer) & (curves.state == state)]
        found = level_statistics(part.singular_values, UNFOLDING, studied.null[layer]["lengths"])
        lines = {(name, series) for name in UNFOLDING for series in ("number_variance", "null_low", "null_high")}
        lines |= {(name, "null_median") for name in UNFOLDING} | {("", "singular_value"), ("gaussian", "spacing")}
        assert set(zip(of.unfolding, of.series, strict=True)) == lines
        np.testing.assert_array_equal(of[of.series == "singular_value"].y, part.singular_values)
        np.testing.assert_array_equal(of[of.series == "spacing"].y, found["gaussian"].spacings)
        for name in UNFOLDING:
            line = of[(of.series == "number_variance") & (of.unfolding == name)]
            np.testing.assert_array_equal(line.y, found[name].number_variances)
            np.testing.assert_array_equal(line.x, studied.null[layer]["lengths"])


def test_vectors_of_both_sides_are_tested(studied):
    vectors = studied.tables["vectors"]
    for (layer, state), part in studied.found.items():
        for side, dimension in zip(("output", "input"), LAYERS[layer], strict=True):
            of = vectors[(vectors.layer == layer) & (vectors.state == state) & (vectors.side == side)]
            statistics, p = vector_ks(getattr(part, f"{side}_vectors"))
            assert set(of.dimension) == {dimension}
            np.testing.assert_array_equal(of.statistic, statistics)
            np.testing.assert_array_equal(of.p, p)
            calibrated = monte_carlo_p_value(statistics, studied.null[dimension]).value
            np.testing.assert_array_equal(of.p_calibrated, calibrated)
            np.testing.assert_array_equal(of.singular_value, part.singular_values)


def test_without_weights_there_are_rows_that_say_why(without_weights, studied):
    tables, _ = without_weights
    (row,) = tables["levels"].to_dict("records")
    assert row["note"] == "weights not available here (no network)"
    assert (row["network"], row["layer"], row["state"], row["unfolding"]) == ("vgg19", "dense1", "final", "gaussian")
    assert np.isnan(row["p"])
    for name, table in tables.items():
        assert list(table.columns) == list(studied.tables[name].columns)
    assert tables["curves"].empty
    assert tables["vectors"].empty
