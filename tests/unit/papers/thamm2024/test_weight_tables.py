"""The tables of one network against the statistics that they consist of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from deepspectra.papers.thamm2024.weight_statistics import weight_tables
from deepspectra.rmt.calibration import false_discovery, monte_carlo_p_value
from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur
from deepspectra.rmt.levels import level_statistics, number_variance, vector_ks
from deepspectra.runtime import store
from deepspectra.spectra.singular_values import decompose
from deepspectra.spectra.weights.judging import LevelJudge, bulk_ends
from deepspectra.spectra.weights.nulls import LevelNull

from .conftest import DRAWS, LAYERS, UNFOLDING

# Of half-window 3: 2 a + 1.
MARGIN = 7


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
        ends = bulk_ends(values, max(LAYERS[row.layer]), MARGIN)
        assert (row.below_bulk, row.above_bulk) == (ends[0] - MARGIN, ends[1] - MARGIN)
        judge = LevelJudge(
            LevelNull(*(null[f"{row.unfolding}/{field}"] for field in LevelNull._fields)), null["lengths"]
        )
        bulk = judge.variances(number_variance(found.unfolded, null["lengths"], ends), ends)
        everywhere = judge.variances(found.number_variances)
        assert (row.p_bulk, row.p_bulk_error) == judge.spacings(found, ends)
        assert (row.variance_p_all, row.variance_p_all_error) == (everywhere.p, everywhere.error)
        np.testing.assert_array_equal([row.variance_p, row.variance_slope], [bulk.p, bulk.slope])
        assert row.fit_distance == fit_modified_marchenko_pastur(values).distance


def test_the_distance_to_the_initial_law_is_that_of_eigenvalues_to_marchenko_and_pastur(studied):
    """Of dense layers: eigenvalues over the longer side and the variance of Glorot's entries, by their density."""
    levels = studied.tables["levels"].set_index(["layer", "state", "unfolding"]).initial_law_distance
    for layer, shape in LAYERS.items():
        smaller, larger = sorted(shape)
        ratio = smaller / larger
        low, high = ((1 - sign * ratio**0.5) ** 2 for sign in (1, -1))
        # x = low + (high - low) sin^2: the density's roots become smooth.
        angle = np.linspace(0, np.pi / 2, 20001)
        x = low + (high - low) * np.sin(angle) ** 2
        rate = (high - low) ** 2 * (np.sin(angle) * np.cos(angle)) ** 2 / (np.pi * ratio * np.maximum(x, 1e-300))
        law = integrate.cumulative_simpson(rate, x=angle, initial=0)
        for state in ("initial", "final"):
            found = levels[layer, state, "gaussian"]
            if layer.startswith("conv"):
                assert np.isnan(found)
                continue
            values = studied.found[layer, state].singular_values ** 2 * sum(shape) / 2 / larger
            assert found == pytest.approx(
                stats.kstest(values, lambda v, x=x, law=law: np.interp(v, x, law)).statistic, abs=1e-4
            )


def test_curves_hold_spectra_spacings_and_number_variances_with_their_null(studied):
    curves = studied.tables["curves"]
    for (layer, state), part in studied.found.items():
        of = curves[(curves.layer == layer) & (curves.state == state)]
        found = level_statistics(part.singular_values, UNFOLDING, studied.null[layer]["lengths"])
        names = ("number_variance", "number_variance_all", "null_low", "null_high", "null_median")
        lines = {(name, series) for name in UNFOLDING for series in names}
        lines |= {("", "singular_value"), ("gaussian", "spacing")}
        assert set(zip(of.unfolding, of.series, strict=True)) == lines
        np.testing.assert_array_equal(of[of.series == "singular_value"].y, part.singular_values)
        np.testing.assert_array_equal(of[of.series == "spacing"].y, found["gaussian"].spacings)
        for name in UNFOLDING:
            line = of[(of.series == "number_variance_all") & (of.unfolding == name)]
            np.testing.assert_array_equal(line.y, found[name].number_variances)
            np.testing.assert_array_equal(line.x, studied.null[layer]["lengths"])
            line = of[(of.series == "number_variance") & (of.unfolding == name)]
            ends = bulk_ends(part.singular_values, max(LAYERS[layer]), MARGIN)
            expected = number_variance(found[name].unfolded, line.x.to_numpy(), ends)
            np.testing.assert_array_equal(line.y, expected)
            assert len(line) > 0


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
            # Plain p-values stand in only where no random vector reaches the statistic.
            reached = np.array([(studied.null[dimension] >= statistic).any() for statistic in statistics])
            expected = false_discovery(np.where(reached, calibrated, np.minimum(p, calibrated)))
            np.testing.assert_array_equal(of.q, expected)


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


@pytest.fixture
def analyse(tmp_path, studied):
    """Tables of a network of two layers whose final weights are given."""

    def of_weights(weights):
        found = {layer: decompose(matrix) for layer, matrix in weights.items()}
        values = {f"{layer}/final": part.singular_values for layer, part in found.items()}
        vectors = {
            f"{layer}/final/{side}": getattr(part, f"{side}_vectors")
            for layer, part in found.items()
            for side in ("output", "input")
        }
        store.write(tmp_path / "values.h5", values, parameters={"available": True, "note": None})
        store.write(tmp_path / "vectors.h5", vectors, parameters={})
        files = {"values": tmp_path / "values.h5", "vectors": tmp_path / "vectors.h5", "nulls": studied.nulls}
        return weight_tables("mlp", LAYERS, ["final"], UNFOLDING, **files)

    return of_weights


@pytest.mark.parametrize("what", ["zero", "of equal values"])
def test_a_matrix_without_statistics_is_named_and_the_others_go_on(analyse, what, caplog):
    rng = np.random.default_rng(2)
    spoiled = np.zeros(LAYERS["dense1"]) if what == "zero" else 0.5 * np.eye(*LAYERS["dense1"])
    tables = analyse({"dense1": spoiled, "dense2": rng.standard_normal(LAYERS["dense2"])})
    levels = tables["levels"].set_index("layer")
    note = levels.loc["dense1", "note"]
    assert note.startswith("not analysed: ")
    assert "mlp, dense1, final weights: not analysed" in caplog.text
    assert levels.loc["dense2", ["p", "p_calibrated"]].notna().all(axis=None)
    assert set(tables["vectors"].layer) == {"dense2"}
    assert set(tables["curves"][tables["curves"].layer == "dense1"].series) == {"singular_value"}


def test_a_damaged_null_is_no_fault_of_the_matrix(analyse, studied, tmp_path):
    """It ends the job: the file must be made again."""
    file = studied.nulls["levels_60x40"]
    before = file.read_bytes()
    try:
        file.write_bytes(before[:1000])
        with pytest.raises(store.StoreError, match="levels_60x40"):
            analyse({layer: np.random.default_rng(2).standard_normal(shape) for layer, shape in LAYERS.items()})
    finally:
        file.write_bytes(before)


def test_vectors_of_a_common_space_have_no_tests(analyse):
    """A matrix of lower rank: any vectors of its kernel would do, those of the other values are its own."""
    rng = np.random.default_rng(2)
    weights = {layer: rng.standard_normal(shape) for layer, shape in LAYERS.items()}
    weights["dense1"][:4] = 0
    tables = analyse(weights)
    vectors = tables["vectors"].set_index("layer")
    for side in ("output", "input"):
        of = vectors.loc["dense1"][vectors.loc["dense1"].side == side]
        assert of.p.isna().tolist() == of.q.isna().tolist() == [True] * 4 + [False] * 36
    assert vectors.loc["dense2"].p.notna().all()
    assert (tables["levels"][tables["levels"].layer == "dense1"].below_bulk >= 4).all()


def test_a_structured_vector_is_found_with_its_rank(analyse):
    """A direction of four outputs above the noise, and nothing else."""
    rng = np.random.default_rng(2)
    weights = {layer: rng.standard_normal(shape) for layer, shape in LAYERS.items()}
    output = np.zeros(40)
    output[:4] = 0.5
    direction = rng.standard_normal(60)
    weights["dense1"] += 40 * np.outer(output, direction / np.linalg.norm(direction))
    rows = analyse(weights)["levels"].set_index("layer").loc["dense1"]
    assert set(rows.vectors_output) == {1}
    assert set(rows.ranks_output) == {"rank 1"}
    assert set(rows.vectors_input) == {0}
    assert set(rows.ranks_input) == {""}
