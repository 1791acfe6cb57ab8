"""The registry of figures: every name resolves, and the numbers of each follow from small files without Snakemake."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import deepspectra
from deepspectra.config.loading import load_settings
from deepspectra.data.samples import gaussian_samples
from deepspectra.nn.activations import activation
from deepspectra.papers.fan2020.draws import draw_kernels
from deepspectra.papers.fan2020.gram_averages import gram_arrays
from deepspectra.papers.fan2020.items import ITEMS
from deepspectra.planning.networks import sums_are_compared
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime import store
from deepspectra.runtime.seeds import stream_seed
from deepspectra.spectra.kernels.decompositions import decompose_initial
from deepspectra.spectra.kernels.equivalents import initial_matrices
from deepspectra.spectra.kernels.networks import random_network_kernels

FOLDER = Path(deepspectra.__file__).parents[3] / "config"
SMOKE = load_settings(FOLDER)["smoke"]
PAPER = SMOKE.fan2020
SAMPLES, DIMENSION, WIDTH, DEPTH, SEED = 60, 40, 90, 2, 5
GAUSSIAN = {"samples": SAMPLES, "input_dimension": DIMENSION, "width": WIDTH, "depth": DEPTH, "seed": SEED}
GAUSSIAN |= {"activation": "arctan", "bins": 12, "curve_points": 120, "dtype": "float32", "accumulation": "float64"}


def function(name):
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(f"deepspectra.papers.fan2020.{module}"), attribute)


def test_items_stand_in_the_order_of_the_paper_and_all_their_names_resolve():
    assert list(ITEMS) == [f"figure_{i}" for i in (1, 2, 3)] + [f"figure_s{i}" for i in range(1, 7)] + [
        "figure_scaling",
        "figure_components",
    ]
    for item in ITEMS.values():
        assert callable(function(item.numbers))
        assert callable(function(item.drawing))
        assert len(item.title) > 40
        assert len(item.note) > 40
        for setting in item.shaped_by(PAPER):
            node = PAPER
            for part in setting.split("."):
                node = node[part] if isinstance(node, dict) else getattr(node, part)


def test_spectra_and_files_are_those_of_the_networks():
    network = PAPER.figure_3.network
    names = [network, *(f"{network}_seed{seed}" for seed in PAPER.figure_3.seeds)]
    assert ITEMS["figure_3"].spectra(PAPER) == names
    assert ITEMS["figure_s5"].spectra(PAPER) == [network]
    files = {"spectra": [f"spectra/fan2020/{network}.h5"], "history": [f"networks/{network}_history.csv"], "data": []}
    courses = {"weights": [f"networks/{name}.h5" for name in names]}
    courses |= {"histories": [f"networks/{name}_history.csv" for name in names]}
    courses |= {"further_spectra": [f"spectra/fan2020/{name}.h5" for name in names[1:]]}
    assert ITEMS["figure_3"].inputs(PAPER) == files | courses
    assert ITEMS["figure_s5"].inputs(PAPER) == files | {"weights": [], "histories": [], "further_spectra": []}
    assert ITEMS["figure_s6"].inputs(PAPER)["data"] == ["resources/data/cifar10.h5"]
    seeds = [entry["seed"] for entry in ITEMS["figure_3"].parameters(PAPER)["seeds"]]
    assert seeds == [PAPER.network(network).seed, *PAPER.figure_3.seeds]
    drawn = [f"draws_{inputs}" for inputs in ("gaussian", "images_10", "images_0")]
    assert ITEMS["figure_scaling"].spectra(PAPER) == drawn
    assert ITEMS["figure_1"].spectra(PAPER) == ["figure_1"]
    assert ITEMS["figure_1"].inputs(PAPER)["laws"] == ["laws/fan2020/figure_1.h5"]
    assert ITEMS["figure_s4"].spectra(PAPER) == ["figure_1", "figure_2", "draws_gaussian"]
    assert ITEMS["figure_s4"].inputs(PAPER)["draws"] == ["spectra/fan2020/draws_gaussian.h5"]
    assert ITEMS["figure_s1"].inputs(PAPER) == {"images": ["resources/data/cifar10.h5"]}
    assert ITEMS["figure_s1"].spectra(PAPER) == []
    layers = len(PAPER.network(network).hidden)
    kernels = [f"conjugate_{layer}" for layer in range(1, layers + 1)]
    assert PAPER.network(network).kernel_names == [*kernels, "tangent"]
    assert ITEMS["figure_s5"].parameters(PAPER)["kernels"] == kernels
    assert ITEMS["figure_3"].parameters(PAPER)["kernels"] == [kernels[-1], "tangent"]


def test_sums_of_more_digits_than_the_networks_are_compared():
    assert not sums_are_compared(SMOKE, "figure_1")
    exact = PAPER.figure_1.model_copy(update={"accumulation": "float64", "dtype": "float32"})
    paper = PAPER.model_copy(update={"figure_1": exact})
    assert sums_are_compared(SMOKE.model_copy(update={"fan2020": paper}), "figure_1")


def test_the_memory_of_image_figures_grows_with_the_pairs():
    small, large = (PAPER.model_copy(update={"figure_2": PAPER.figure_2.model_copy(update={"samples": n})})
                    for n in (100, 10_000))  # fmt: skip
    memory = ITEMS["figure_s1"].memory_mb
    assert memory(large) - memory(small) > 8 * 4 * (10_000**2 - 100**2) / 1e6


def test_the_registry_needs_no_heavy_library():
    code = (
        "import sys, deepspectra.papers.fan2020.items; "
        "print([name for name in ('torch', 'pandas', 'scipy', 'numpy', 'matplotlib') if name in sys.modules])"
    )
    path = str(Path(deepspectra.__file__).parents[1])
    result = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


@pytest.fixture(scope="module")
def gaussian_file(tmp_path_factory):
    """Spectra of a small random network, such as decompose_kernels leaves them; beside it, what average_gram does."""
    folder = tmp_path_factory.mktemp("kernels")
    x = gaussian_samples(DIMENSION, SAMPLES, SEED)
    matrices = initial_matrices(x, [WIDTH] * DEPTH, activation("arctan"), SEED, accumulation=torch.float64)
    store.write(folder / "kernels.h5", matrices, parameters={}, seed=SEED, dtype="float32")
    decompose_initial(folder / "kernels.h5", folder / "spectra.h5", DEPTH, compared=True)
    arrays = gram_arrays(matrices["input"], matrices["sensitivities"], {"activation": "arctan", "depth": DEPTH})
    store.write(folder / "laws.h5", arrays, parameters={})
    return folder / "spectra.h5"


def laws(spectra):
    return spectra.with_name("laws.h5")


def test_kernels_at_initialisation_come_close_to_their_limits(gaussian_file):
    files, given = {"spectra": [gaussian_file], "laws": [laws(gaussian_file)]}, GAUSSIAN | {"published_share": 1.0}
    numbers = function(ITEMS["figure_1"].numbers)(files, given)
    assert list(numbers.curves) == ["panel", "series", "x", "x_high", "y"]
    value = numbers.summary.set_index(["panel", "series", "quantity"]).value
    for kernel in (("a", "input"), ("b", "conjugate"), ("c", "tangent")):
        assert value[(*kernel, "ks_distance")] < 0.2
    sigma, eigenvalues = activation("arctan"), store.read(gaussian_file, {"tangent": (SAMPLES,)})["tangent"]
    shift, _ = tangent_coefficients(DEPTH, sigma.b_sigma, sigma.a_sigma)
    assert value["c", "tangent", "smallest_eigenvalue_over_r_plus"] == pytest.approx(eigenvalues[0] / shift)
    assert 1e-9 < value["c", "tangent", "kernel_change"] < 1e-5
    assert set(numbers.curves[numbers.curves.panel == "c"].series) >= {
        "published",
        "histogram",
        "limit",
        "mean",
        "lemma",
        "gram_law",
    }
    # Even of 60 samples, whose inner products are 0.16.
    for kernel in (("b", "conjugate"), ("c", "tangent")):
        assert value[(*kernel, "ks_distance_to_gram_law")] < 0.06
        assert value[(*kernel, "gram_law_points_not_converged")] == 0
    assert value["c", "tangent", "ks_distance_to_wide_gram_law"] > value["c", "tangent", "ks_distance_to_gram_law"]


@pytest.fixture(scope="module")
def layers_of_networks(gaussian_file):
    """Figure S4's numbers, and what its further networks were drawn with."""
    figures = {"figure_1": GAUSSIAN, "figure_2": {k: v for k, v in GAUSSIAN.items() if k != "input_dimension"}}
    sizes = [{"samples": n, "draws": 3, "width": 2 * n, "input_dimension": n // 3} for n in (36, 72)]
    entry = {"depth": DEPTH, "activation": "arctan", "dtype": "float32", "seed": 4, "sizes": sizes}
    arrays, floors = draw_kernels(entry, None, lambda: None)
    draws = gaussian_file.with_name("draws.h5")
    store.write(draws, arrays, parameters=entry, noise_floor=floors)
    files = {"spectra": [gaussian_file] * 2, "laws": [laws(gaussian_file)] * 2, "draws": [draws]}
    return function(ITEMS["figure_s4"].numbers)(files, {"figures": figures, "draws": entry}), entry


def test_further_networks_tell_the_layer_furthest_from_its_limit(layers_of_networks):
    numbers, entry = layers_of_networks
    told = numbers.summary[numbers.summary.panel == "draws"].set_index(["quantity", "at"]).value
    size = entry["sizes"][-1]
    n, sigma = size["samples"], activation("arctan")
    kernels = [conjugate_kernel(MarchenkoPasturInput(3.0), [0.5] * DEPTH, sigma.b_sigma, k) for k in (1, 2)]
    assert len(told) == 2 * size["draws"]
    for draw in range(size["draws"]):
        own = stream_seed(entry["seed"], n, draw)
        network = random_network_kernels(gaussian_samples(n // 3, n, own), [2 * n] * DEPTH, sigma, own)
        layers = [np.linalg.eigvalsh(matrix.double().numpy()) for matrix in network.grams[-DEPTH:]]
        distances = [
            stats.kstest(values, limit_law(kernel).cdf).statistic
            for values, kernel in zip(layers, kernels, strict=True)
        ]
        assert told["largest_ks_distance", draw] == pytest.approx(max(distances), abs=1e-9)
        assert told["growth", draw] == pytest.approx(layers[1][-1] / layers[0][-1])


def test_every_layer_of_every_network_has_its_panel(layers_of_networks):
    numbers, _ = layers_of_networks
    panels = [f"figure_{network}_{layer}" for network in (1, 2) for layer in (1, 2)]
    assert list(dict.fromkeys(numbers.curves.panel)) == panels
    rows = numbers.summary[numbers.summary.quantity == "ks_distance"]
    assert rows["at"].tolist() == [1, 2, 1, 2]
    assert (rows.value < 0.2).all()
    rows = numbers.summary[numbers.summary.quantity == "ks_distance_to_gram_law"]
    assert rows["at"].tolist() == [1, 2, 1, 2]
    assert (rows.value < 0.05).all()


def test_trained_spectra_are_read_with_outputs_and_history(tmp_path):
    rng, samples, tests = np.random.default_rng(0), 50, 20
    kernels = ["conjugate_1", "conjugate_2", "tangent"]
    arrays = {"eigenvalues/input": np.linspace(0.5, 1.5, samples), "projection": rng.normal(size=samples)}
    floors = {"input": 1e-9}
    for state in ("initial", "final"):
        for kernel in kernels:
            arrays[f"eigenvalues/{state}/{kernel}"] = np.sort(rng.uniform(0.1, 3, samples))
            arrays[f"label_shares/{state}/{kernel}"] = rng.dirichlet(np.ones(samples))
            floors[f"{state}/{kernel}"] = 1e-9
    targets = {"train": np.sign(rng.normal(size=(samples, 1))), "test": np.sign(rng.normal(size=(tests, 1)))}
    for part, y in targets.items():
        arrays |= {f"{part}_targets": y, f"initial/{part}_outputs": 0 * y - 0.1, f"final/{part}_outputs": 0.9 * y}
    store.write(tmp_path / "spectra.h5", arrays, parameters={}, noise_floor=floors)
    pd.DataFrame({"epoch": [1, 2, 3], "test_loss": [3.0, 2.0, 0.5]}).to_csv(tmp_path / "history.csv", index=False)
    parameters = {
        "item": {"bins": 10, "curve_points": 100},
        "kernels": kernels,
        "seeds": [],
        "network": {"activation": "arctan", "hidden": [60, 60], "input_dimension": None, "classes": ["cat", "dog"]},
        "training": {"samples": samples, "test_samples": tests},
    }
    files = {
        "spectra": [tmp_path / "spectra.h5"],
        "history": [tmp_path / "history.csv"],
        "weights": [],
        "histories": [],
    }
    numbers = function(ITEMS["figure_s6"].numbers)(files, parameters)
    summary = numbers.summary
    fit = summary[summary.panel == "fit"].set_index(["series", "quantity"]).value
    assert fit["train", "mean_squared_error_after"] == pytest.approx(0.01)
    assert fit["test", "accuracy_after"] == 1
    for part, y in targets.items():
        assert fit[part, "r_squared_after"] == pytest.approx(1 - 0.01 / np.var(y))
        assert fit[part, "r_squared_before"] == pytest.approx(1 - np.mean((y + 0.1) ** 2) / np.var(y))
    assert fit["test", "r_squared_last_third_lowest"] == pytest.approx(1 - 0.5 / np.var(targets["test"]))
    told = summary[summary.told].quantity
    assert set(told) == {
        *("ks_distance_before", "ks_distance_after", "label_share_before", "label_share_after"),
        *("r_squared_after", "accuracy_before", "accuracy_after"),
        *(f"share_beyond_conjugate_{state}" for state in ("before", "after")),
        *(f"ks_distance_to_conjugate_{state}" for state in ("before", "after")),
    }
    assert summary[summary.quantity == "outliers_after"]["at"].tolist()[:2] == [1, 2]
    assert summary[summary.quantity == "outliers_after"]["at"].isna().tolist() == [False, False, True]
    told = summary.set_index(["series", "quantity"]).value
    for state, name in (("before", "initial"), ("after", "final")):
        part, whole = (arrays[f"eigenvalues/{name}/{kernel}"] for kernel in ("conjugate_2", "tangent"))
        share = (whole.sum() - part.sum()) / whole.sum()
        assert told["tangent", f"share_beyond_conjugate_{state}"] == pytest.approx(share)
        expected = stats.ks_2samp(part, whole).statistic
        assert told["tangent", f"ks_distance_to_conjugate_{state}"] == pytest.approx(expected)
    points = numbers.curves[numbers.curves.panel == "projection"]
    np.testing.assert_array_equal(points.y, arrays["projection"])
