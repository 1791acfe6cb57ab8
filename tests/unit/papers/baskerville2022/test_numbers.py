"""Numbers of figures and of the table, from small files such as the jobs before leave them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from deepspectra.papers.baskerville2022.curvature_figures import gather_panels
from deepspectra.papers.baskerville2022.curvature_statistics import analyse_spectrum
from deepspectra.papers.baskerville2022.process_spectra import draw_process_spectra
from deepspectra.papers.baskerville2022.random_matrices import (
    compare_gauss_newton_ratios,
    compare_process_densities,
    compare_process_ratios,
    compare_spacings,
    jackknife_error,
)
from deepspectra.papers.baskerville2022.tables import tabulate_networks
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.nulls import goe_levels
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

NAMES = ["mlp/final_test_hessian", "mlp/initial_test_hessian"]
SUMMARY = ["panel", "series", "quantity", "label", "value", "reference", "error", "told"]


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    """Tables of two spectra, and files that go with them."""
    folder, rng = tmp_path_factory.mktemp("spectra"), np.random.default_rng(1)
    levels = [goe_levels(40, rng) for _ in range(4)]
    arrays = {"eigenvalues": np.concatenate(levels), "lengths": np.full(4, 40)}
    arrays |= {"bounds": np.full(4, 1e-9), "left_out": np.zeros(4, int), "unresolved": np.zeros(4)}
    store.write(folder / "resolved.h5", arrays, parameters={"parameters": 100})
    published = []
    for batch, values in enumerate(levels):
        noise = 1e-12 * rng.standard_normal(55)
        arrays = {"eigenvalues": np.sort([*values, *noise, *np.zeros(5)]), "exact_zeros": np.array([5])}
        store.write(folder / f"{batch}.h5", arrays, parameters={})
        published.append(str(folder / f"{batch}.h5"))
    store.write(folder / "zeros.h5", {"exact_zeros": np.array([10, 30])}, parameters={})
    store.write(folder / "ensemble.h5", {"levels": np.stack(levels)}, parameters={})
    for backbone in ("resnet34", "other"):
        features = {"train_features": np.zeros((5, 7), np.float32)}
        store.write(folder / f"{backbone}.h5", features, parameters={"backbone": backbone, "title": backbone.title()})
    files = {"published": published, "resolved": [str(folder / "resolved.h5")], "zeros": [str(folder / "zeros.h5")]}
    curves, summaries = [], []
    for state in ("final", "initial"):
        found = analyse_spectrum(files | {"published_whole": [], "resolved_whole": []}, 1 / 3, 1, 0.0, 0.5, 7)
        for table, paths, name in zip(found, (curves, summaries), (f"{state}_curves", state), strict=True):
            table.to_csv(folder / f"{name}.csv", index=False)
            paths.append(str(folder / f"{name}.csv"))
    pd.DataFrame({"epoch": [1, 2], "test_accuracy": [0.5, 0.75]}).to_csv(folder / "history.csv", index=False)
    return folder, {"curves": curves, "summaries": summaries}


def test_panels_are_gathered_with_the_variants_of_their_statistic(spectra):
    folder, files = spectra
    panels = {
        letter: {"spectrum": name, "scope": "batch", "statistic": statistic}
        for letter, name, statistic in (("b", NAMES[0], "unfolded"), ("c", NAMES[1], "density"))
    }
    inputs = files | {"ensemble": [str(folder / "ensemble.h5")], "features": [str(folder / "other.h5")]}
    numbers = gather_panels(inputs, {"panels": panels, "spectra": NAMES})
    curves, summary = numbers.curves, numbers.summary
    assert set(curves.panel) == {"a", "b", "c"}
    assert set(curves[curves.panel == "b"].statistic) == {
        "unfolded share below",
        *(f"unfolded{cut}{reference}" for cut in ("", " without cut-off") for reference in ("", " reference")),
    }
    assert set(curves[curves.panel == "c"].spectrum) == {NAMES[1]}
    assert set(summary[summary.panel == "a"].quantity) == {"matrices", "parameters", "semicircle_ks"}
    row = summary[summary.quantity == "other_features"].iloc[0]
    assert (row.label, row.value) == ("features of Other", 7)
    assert pd.isna(row.panel)
    assert numbers.digits == 10
    inputs = files | {"ensemble": [], "features": [str(folder / "resnet34.h5")]}
    assert "features" in set(gather_panels(inputs, {"panels": panels, "spectra": NAMES}).summary.quantity)


def test_the_table_has_a_row_for_each_spectrum_and_scores_after_training_alone(spectra):
    folder, files = spectra
    inputs = files | {"histories": [str(folder / "history.csv")], "features": []}
    (table,) = tabulate_networks(inputs, {"spectra": NAMES, "networks": ["mlp"]})
    assert table.frame.state.tolist() == ["final", "initial"]
    assert table.frame.test_accuracy[0] == 0.75
    assert pd.isna(table.frame.test_accuracy[1])
    assert table.frame.resolved_eigenvalues.tolist() == [40, 40]
    assert table.frame.published_eigenvalues.tolist() == [40, 40]
    assert table.frame.published_spacings_ks_reference.notna().all()
    assert table.shown["matrices, published / resolved"].tolist() == ["4 / 4"] * 2
    assert table.shown["weights"].tolist() == ["trained", "untrained"]
    assert any("mlp test accuracy 75.0 %" in note for note in table.notes)


def test_large_matrices_are_near_the_exact_law(tmp_path):
    rng = np.random.default_rng(3)
    levels = np.stack([goe_levels(300, rng) for _ in range(20)])
    store.write(tmp_path / "levels.h5", {"levels": levels}, parameters={})
    ensemble = {"dimension": 300, "matrices": 20, "seed": 1}
    numbers = compare_spacings({"spectra": [str(tmp_path / "levels.h5")]}, {"ensemble": ensemble})
    assert list(numbers.summary) == SUMMARY
    values = numbers.summary.set_index("quantity")
    assert values.value["exact_ks"] < 1.5 / values.value["spacings"] ** 0.5
    assert values.value["mean_ratio"] == pytest.approx(GOE_MEAN, abs=4 * values.error["mean_ratio"])
    assert values.told.all()


PROCESS = {"dimension": 40, "samples": 4, "first_derivative": 1.0, "degenerate": 10, "outliers": 3, "bins": 10}
PROCESS |= {"seed": 1, "outlier_scales": {"e": 10.0, "f": 5.0}}
PROCESS |= {"second_derivatives": dict(zip("abcdef", (1e-4, 0.1, 10.0, 1e-3, 0.1, 0.01), strict=True))}


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    path = tmp_path_factory.mktemp("process") / "process.h5"
    arrays, floors = draw_process_spectra(PROCESS)
    store.write(path, arrays, parameters=PROCESS, noise_floor=floors)
    return arrays, {"spectra": [str(path)]}


def test_changes_of_a_process_use_the_same_random_numbers(process):
    arrays, _ = process
    np.testing.assert_allclose(
        np.sort(np.abs(arrays["d/changed"]), axis=1)[:, 10:], np.sort(np.abs(arrays["d/plain"]), axis=1), atol=1e-12
    )
    assert arrays["e/changed"].max() > 2 * arrays["e/plain"].max()
    assert arrays["e/outliers"].min() >= 10


def test_densities_and_ratios_of_processes(process):
    _, files = process
    densities, ratios = compare_process_densities(files, PROCESS), compare_process_ratios(files, PROCESS)
    atom = densities.curves[densities.curves.series == "atom"]
    assert (atom.panel.tolist(), atom.y.tolist()) == (["d"], [pytest.approx(0.2)])
    for numbers in (densities, ratios):
        assert list(numbers.summary) == SUMMARY
        second = numbers.summary[numbers.summary.quantity == "second_derivative"]
        assert dict(zip(second.panel, second.value, strict=True)) == PROCESS["second_derivatives"]
        assert set(second.label) == {"k''(0)"}
    changed = ratios.summary[ratios.summary.series == "changed"]
    zeros = changed[changed.quantity == "zero_levels"].set_index("panel").value
    assert zeros.to_dict() == {"d": pytest.approx(0.2), "e": 0, "f": 0}
    assert set(changed[changed.quantity == "inner_mean_ratio"].panel) == {"e", "f"}


def test_the_jackknife_s_error_of_a_mean_is_the_mean_s():
    """Of groups, whose means are independent; and for a distance it is the scatter of repetitions."""
    rng = np.random.default_rng(5)
    samples = rng.normal(size=(60, 7))
    groups = np.array([samples[group::6].mean() for group in range(6)])
    assert jackknife_error(samples, np.mean, 6) == pytest.approx(groups.std(ddof=1) / 6**0.5)

    def distance(part):
        return stats.kstest(part.ravel(), stats.norm(0.5).cdf).statistic

    drawn = rng.normal(size=(200, 100, 5))
    errors = [jackknife_error(part, distance, 10) for part in drawn]
    assert np.mean(np.square(errors)) ** 0.5 == pytest.approx(np.std([distance(part) for part in drawn]), rel=0.25)


def test_levels_that_are_as_small_as_rounding_are_not_taken_for_zeros(process, tmp_path):
    arrays = {name: array.copy() for name, array in process[0].items()}
    arrays["d/changed"][0, np.abs(arrays["d/changed"][0]).argmax()] = 0
    store.write(tmp_path / "p.h5", arrays, parameters=PROCESS, noise_floor=dict.fromkeys(arrays, 1e-9))
    with pytest.raises(UserError, match="cannot be told from others"):
        compare_process_densities({"spectra": [str(tmp_path / "p.h5")]}, PROCESS)


def test_a_goe_spectrum_is_inside_the_goe_band(tmp_path):
    levels = goe_levels(90, np.random.default_rng(2))
    parameters = {"outputs": 10, "parameters": 1000, "unresolved_spacings": 0.0}
    arrays = {"eigenvalues": levels, "errors": np.linspace(1e-12, 1e-9, 90)}
    store.write(tmp_path / "r.h5", arrays, parameters=parameters, noise_floor=1e-9)
    numbers = compare_gauss_newton_ratios({"spectra": [str(tmp_path / "r.h5")]}, {"batch_size": 10, "seed": 1})
    assert list(numbers.summary) == SUMMARY
    values = numbers.summary.set_index("quantity")
    assert values.value["p_value"] > 0.01
    assert values.value["tenths_outside"] <= 3
    assert (values.value["eigenvalues"], values.reference["eigenvalues"]) == (90, 90)
    assert values.value["error_bound"] == 1e-9
    errors = numbers.curves[numbers.curves.series == "bound"]
    assert errors.y.tolist() == arrays["errors"][::-1].tolist()
    band = numbers.curves[numbers.curves.panel == "c"].pivot(index="x", columns="series", values="y")
    assert (band.orthogonal_lower < band.orthogonal_upper).all()


def test_zeros_are_counted_and_resolved_eigenvalues_are_in_the_published_unit(spectra):
    """Four matrices of P = 100 with five exact zeros each as published; two batches counted, with 10 and 30."""
    _, files = spectra
    table = pd.read_csv(files["summaries"][0]).set_index(["series", "quantity"]).value
    for series, low, mean, high in (("published", 0.05, 0.05, 0.05), ("counted", 0.1, 0.2, 0.3)):
        found = [table[series, f"exact_zeros_{end}"] for end in ("smallest", "mean", "largest")]
        assert found == pytest.approx([low, mean, high])
    assert table["published", "below_unfolded_cut_mean"] == pytest.approx(0.05)
    assert table["published", "below_ratio_cut_mean"] == pytest.approx(0.6)
    assert table["resolved", "full_batches"] == 7
    # The fixture's unit is one half.
    assert table["resolved", "error_bound"] == pytest.approx(0.5e-9)
    curves = pd.read_csv(files["curves"][0])
    below = curves[curves.statistic == "unfolded share below"]
    assert dict(zip(below.x, below.y, strict=True))[1e-20] == pytest.approx(0.05)
    assert below.y.iloc[-1] == pytest.approx(0.6)
    shown = curves[(curves.statistic == "density") & (curves.y > 0)].groupby("series")
    spread = {series: bars.x_high.max() - bars.x.min() for series, bars in shown}
    assert spread["resolved"] < 0.7 * np.ptp(np.concatenate([goe_levels(40, np.random.default_rng(1))])) / 10
