"""The plotted numbers and summaries of pennington2017, from small simulations."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from deepspectra.nn.activations.families.rectifier import rectifier, rectifier_zeta
from deepspectra.papers.pennington2017.items import ITEMS
from deepspectra.papers.pennington2017.settings import Pennington2017
from deepspectra.papers.pennington2017.simulations import simulate_data_covariance, simulate_random_features
from deepspectra.papers.pennington2017.statistics import (
    compare_with_limit,
    compare_with_theory,
    distance_error,
    evaluate_activations,
    homogeneity_gap,
    ridge_training_loss,
)
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store
from deepspectra.runtime.seeds import generator
from deepspectra.spectra.random_features import data_covariance_eigenvalues

COVARIANCE = {"phi": 1.0, "psi": 1.5, "alphas": [-1.0, 1.0], "input_dimensions": [12, 48], "layers": 3, "seed": 1}
COVARIANCE |= {"pooled_eigenvalues": 2000, "bins": 20}
PANELS = {"a": {"phi": 0.5, "psi": 0.25}, "b": {"phi": 0.5, "psi": 0.75}}
MEMORISATION = {"panels": PANELS, "betas": [-math.inf, -2.0, 0.0], "simulated_points": 3, "curve_points": 20, "seed": 2}
MEMORISATION |= {"smallest_gamma": 1e-12, "largest_gamma": 10.0, "input_dimension": 48, "smaller_dimension": 12}
PAPER = Pennington2017.model_validate(
    {"figure_1": COVARIANCE, "figure_2": MEMORISATION, "figure_3": {"largest_argument": 4.0, "points": 41}}
)


def write(folder, item, arrays):
    """Simulated spectra, each where the item looks for it."""
    for name, content in zip(ITEMS[item].spectra(PAPER), arrays, strict=True):
        path = folder / f"spectra/pennington2017/{name}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        store.write(path, content, parameters={})
    return {name: [str(folder / path) for path in paths] for name, paths in ITEMS[item].inputs(PAPER).items()}


@pytest.fixture(scope="module")
def covariance(tmp_path_factory):
    arrays = [simulate_data_covariance(COVARIANCE, alpha)[1] for alpha in COVARIANCE["alphas"]]
    files = write(tmp_path_factory.mktemp("spectra"), "figure_1", arrays)
    return compare_with_limit(files, ITEMS["figure_1"].parameters(PAPER))


@pytest.fixture(scope="module")
def memorisation(tmp_path_factory):
    arrays = [simulate_random_features(MEMORISATION, *panel)[1] for panel in PANELS.items()]
    files = write(tmp_path_factory.mktemp("spectra"), "figure_2", arrays)
    return compare_with_theory(files, ITEMS["figure_2"].parameters(PAPER))


def test_realisations_are_pooled_from_streams_of_their_own():
    zeta, arrays = simulate_data_covariance(COVARIANCE, 1.0)
    assert zeta == rectifier_zeta(1.0)
    assert {name: array.shape for name, array in arrays.items() if "first" in name} == {
        "n0_12/first": (250, 8),
        "n0_48/first": (63, 32),
    }
    again = data_covariance_eigenvalues(rectifier(1.0), zeta, (12, 8, 12), 3, generator(1, 2000, 12, 7))
    np.testing.assert_array_equal(arrays["n0_12/last"][7], again["last"])


def test_every_alpha_has_its_number_beside_its_name(covariance):
    curves = covariance.curves
    named = curves[curves.series.str.contains("alpha=")]
    assert (named.alpha == named.series.str.rpartition("=")[2].astype(float)).all()
    assert curves[~curves.series.str.contains("alpha=")].alpha.isna().all()
    found = curves.groupby("panel").series.unique().map(sorted).to_dict()
    names = ["alpha=-1", "alpha=1", "sampling"]
    assert found == {
        "a": sorted([*names, "equivalent alpha=-1", "equivalent alpha=1"]),
        "b": sorted([*names, "equivalent"]),
    }
    assert (curves.groupby(["panel", "series"]).x.unique().map(list).map(tuple) == (12, 48)).all()


def test_distances_fall_with_width_where_the_spectrum_converges(covariance):
    ratios = covariance.summary.set_index(["quantity", "panel", "series"]).value["ratio_of_largest_to_smallest_width"]
    assert (ratios["a"] < 0.8).all()
    assert ratios["b", "alpha=1"] < 0.8 < ratios["b", "alpha=-1"]
    # A linear first layer is its own Gaussian equivalent.
    summary = covariance.summary[covariance.summary.quantity.str.startswith("l1_distance")]
    linear = summary[(summary.panel == "a") & (summary.series == "alpha=-1")]
    np.testing.assert_allclose(linear.value, linear.reference, rtol=1e-12)
    assert (summary.told == (summary.quantity == "l1_distance_at_largest_width")).all()


def test_simulated_losses_lie_on_the_theory(memorisation):
    curves, summary = memorisation.curves, memorisation.summary
    assert curves.groupby(["panel", "series", "beta"]).size().to_dict() == {
        (panel, series, beta): count
        for panel, beta in product(PANELS, MEMORISATION["betas"])
        for series, count in (("theory", 20), ("simulation", 3))
    }
    values = summary.set_index(["quantity", "panel", "series"]).value
    assert (values["largest_deviation_from_theory"] < 0.1).all()
    assert (values["deviation_from_ridgeless_limit"] < 1e-3).all()
    assert (values["theory_falls_with_beta"] == 1).all()
    ridgeless = summary[summary.quantity == "deviation_from_ridgeless_limit"]
    assert set(ridgeless["at"]) == {1e-12}


def test_quintics_of_one_beta_are_compared_at_every_gamma(memorisation, tmp_path_factory):
    """By hand from the simulated spectra: each quintic's largest gap, and the spread at each gamma."""
    arrays = {panel: simulate_random_features(MEMORISATION, panel, shape)[1] for panel, shape in PANELS.items()}
    summary, gaps = memorisation.summary, {}
    for panel, shape in PANELS.items():
        for name in ("simulated", "smaller"):
            for i, beta in enumerate(MEMORISATION["betas"]):
                zeta = 1 / (1 + 10.0**beta)
                law = NonlinearLaw(1.0, zeta, shape["phi"], shape["psi"])
                losses = np.array([
                    [np.mean((gamma / (values + gamma)) ** 2) for gamma in arrays[panel]["gamma"]]
                    for values in arrays[panel][name][i]
                ])  # fmt: skip
                gaps[panel, name, i] = np.abs(losses - law.training_loss(arrays[panel]["gamma"])).max(axis=1)
                row = summary[(summary.panel == panel) & (summary.series == f"beta={beta:g}")].set_index("quantity")
                column = "value" if name == "simulated" else "reference"
                assert row[column]["spread_of_quintics"] == pytest.approx(losses.std(axis=0, ddof=1).max())
                assert row.value["quintics"] == 3
        rows = summary[(summary.panel == panel) & (summary.quantity == "largest_deviation_of_quintic")]
        assert rows["at"].tolist() == [1, 2, 3]
        for name, column in (("simulated", "value"), ("smaller", "reference")):
            np.testing.assert_allclose(rows[column], np.max([gaps[panel, name, i] for i in range(3)], axis=0))
    # A point of the figure is one of these losses.
    (largest,) = summary[(summary.panel == "a") & (summary.series == "beta=0")
                         & (summary.quantity == "largest_deviation_from_theory")].value  # fmt: skip
    assert largest <= max(gaps["a", "simulated", 2]) * (1 + 1e-12)


def test_smaller_matrices_have_the_same_quintics_and_other_weights():
    _, arrays = simulate_random_features(MEMORISATION, "a", PANELS["a"])
    assert arrays["smaller"].shape == (3, 3, 24)
    assert arrays["simulated"].shape == (3, 3, 96)
    # Deviations of larger matrices are smaller.
    law = NonlinearLaw(1.0, 0.5, **PANELS["a"])
    gamma = arrays["gamma"]
    worst = [
        np.abs(ridge_training_loss(arrays[name][2][:, None, :], gamma) - law.training_loss(gamma)).max()
        for name in ("simulated", "smaller")
    ]
    assert worst[0] < worst[1]


def test_eq_23_holds_for_the_law_and_for_no_other_scaling(memorisation):
    summary = memorisation.summary
    assert (summary[summary.quantity == "homogeneity_gap"].value < 1e-8).all()
    gamma = np.array([1e-3, 0.1, 1.0])
    law = NonlinearLaw(1.0, 0.3, 0.5, 0.75)
    assert homogeneity_gap(law, law.training_loss(2 * gamma), gamma) > 0.01


def test_the_error_of_a_distance_is_that_of_repetitions():
    """Jackknife of ten groups against the standard deviation of independent repetitions."""
    rng, edges = np.random.default_rng(4), np.linspace(0, 1, 6)
    probabilities = np.array([0.0, 0.3, 0.1, 0.3, 0.1, 0.2, 0.0])
    draws = rng.uniform(size=(300, 40, 50))
    distances = [np.abs(np.histogram(draw, edges)[0] / draw.size - probabilities[1:-1]).sum() for draw in draws]
    errors = [distance_error(draw, edges, probabilities) for draw in draws]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(distances), rel=0.12)
    assert math.isnan(distance_error(draws[0][:1], edges, probabilities))


def test_a_smaller_dimension_that_is_none_is_refused():
    for dimension, words in ((48, "smaller_dimension must be below input_dimension"), (10, "smaller_dimension / psi")):
        with pytest.raises(ValueError, match=words):
            Pennington2017.model_validate(
                {
                    "figure_1": COVARIANCE,
                    "figure_2": MEMORISATION | {"smaller_dimension": dimension},
                    "figure_3": {"largest_argument": 4.0, "points": 41},
                }
            )


def test_theory_is_the_law_s_training_loss(memorisation):
    curves = memorisation.curves
    part = curves[(curves.panel == "b") & (curves.series == "theory") & (curves.beta == 0)]
    np.testing.assert_array_equal(part.y, NonlinearLaw(1.0, 0.5, 0.5, 0.75).training_loss(part.x.to_numpy()))


def test_four_functions_have_their_constants_and_a_gap_where_one_jumps():
    numbers = evaluate_activations({}, ITEMS["figure_3"].parameters(PAPER))
    summary = numbers.summary
    functions = summary.groupby("quantity").series.apply(list)
    assert sorted(functions.index) == ["eta", "gaussian_mean", "zeta"]
    assert (functions.map(tuple) == ("f1", "f2", "f3", "f4")).all()
    np.testing.assert_allclose(summary.value, summary.reference, atol=1e-12)
    missing = numbers.curves[numbers.curves.y.isna()]
    assert missing[["panel", "series", "x"]].to_numpy().tolist() == [["b", "f3", 0.0]]
    assert len(numbers.curves) == 2 * 4 * 41


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6)])
@pytest.mark.parametrize("gamma", [1e-3, 0.3, 20.0])
def test_the_training_loss_is_the_residual_of_ridge_regression(shape, gamma):
    """Eq. 20-21: independent targets of unit variance, one output; the mean over targets is that over unit vectors.

    The regression is solved here as least squares with gamma as further equations, without any eigenvalue.
    """
    y = np.random.default_rng(7).normal(size=shape)
    features, m = shape
    stacked = np.vstack([y.T, math.sqrt(m * gamma) * np.eye(features)])
    weights = np.linalg.lstsq(stacked, np.vstack([np.eye(m), np.zeros((features, m))]), rcond=None)[0]
    expected = np.sum((np.eye(m) - y.T @ weights) ** 2) / m
    eigenvalues = np.linalg.eigvalsh(y.T @ y / m)
    assert ridge_training_loss(eigenvalues, gamma) == pytest.approx(expected, rel=1e-9)
    # And eq. 21 as it stands, with the inverse.
    q = np.linalg.inv(y.T @ y / m + gamma * np.eye(m))
    assert gamma**2 * np.trace(q @ q) / m == pytest.approx(expected, rel=1e-9)


def test_the_training_loss_takes_many_gammas_at_once():
    eigenvalues = np.array([0.0, 1.0, 3.0])
    gammas = np.array([[1.0, 2.0], [1e-12, 1e12]])
    losses = ridge_training_loss(eigenvalues, gammas)
    assert losses.shape == (2, 2)
    assert losses[0, 0] == pytest.approx((1 + 1 / 4 + 1 / 16) / 3)
    assert losses[1] == pytest.approx([1 / 3, 1], rel=1e-9)
    assert ridge_training_loss(eigenvalues, 1.0) == losses[0, 0]
