"""What controls show: on data whose answer is known, and bands on data that a control is right about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from deepspectra.data.tasks import Samples
from deepspectra.nn.losses import curvature_factor
from deepspectra.papers.baskerville2022.control_spectra import Batches, network_controls, softmax_controls
from deepspectra.papers.baskerville2022.controls import control_rows, control_tables, extent_rows
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import mean_ratio, mean_ratio_by_rank
from deepspectra.runtime import store
from deepspectra.spectra.curvature.controls import factor_levels, softmax_factor
from deepspectra.spectra.curvature.gauss_newton import gram_spectrum

BATCHES = Batches(size=16, there=6, drawn=12, vectors=3)


def by_name(arrays, values="levels", lengths="lengths"):
    """Levels of each control, a list of batches."""
    names = [name.removesuffix(f"_{lengths}") for name in arrays if name.endswith(f"_{lengths}")]
    names = [name for name in names if f"{name}_{values}" in arrays]
    ends = {name: np.cumsum(arrays[f"{name}_{lengths}"])[:-1] for name in names}
    return {name: np.split(arrays[f"{name}_{values}"], ends[name]) for name in names}


def regression(scale, seed=1, features=60, classes=6):
    """Softmax regression on inputs that are not Gaussian (two values each), as sure as ``scale`` makes it."""
    rng = torch.Generator().manual_seed(seed)
    inputs = torch.randint(2, (400, features), generator=rng).double()
    model = nn.Sequential(nn.Linear(features, classes)).double().eval()
    with torch.no_grad():
        model[0].weight.copy_(scale * torch.randn(classes, features, generator=rng) / features**0.5)
        model[0].bias.copy_(-model[0].weight.sum(1) / 2)
        labels = model(inputs).argmax(1)
    return model, Samples(inputs, labels)


@pytest.fixture(scope="module")
def sure():
    """Spectra of a network that is sure of some samples and not of others, and of its controls."""
    model, samples = regression(30.0)
    batches = BATCHES._replace(there=25, drawn=100, vectors=10)
    factors = curvature_factor("cross_entropy", model(samples.inputs).detach())
    parts = (slice(first, first + 16) for first in range(0, 400, 16))
    spectra = [factor_levels(softmax_factor(samples.inputs[part], factors[part])) for part in parts]
    arrays = softmax_controls(model, samples, batches, seed=1)
    return spectra, arrays


def test_confidences_of_different_size_lower_the_lowest_tenth_and_any_data_of_these_moments_show_it(sure):
    """The mechanism: small levels sit on few samples, and repel less. It is not the samples' total strength that
    differs, but that of the classes within a sample: equal traces change little, comparable probabilities all."""
    spectra, arrays = sure
    found = by_name(arrays)
    assert set(found) == {"gaussian", "classwise", "equal", "uniform"}
    lowest = {name: mean_ratio_by_rank(parts, 1)[0] for name, parts in found.items()}
    data = mean_ratio_by_rank(spectra, 1)[0]
    assert data.value < GOE_MEAN - 0.05
    assert abs(lowest["gaussian"].value - data.value) < 3 * np.hypot(lowest["gaussian"].error, data.error)
    assert lowest["equal"].value < GOE_MEAN - 0.05
    assert lowest["uniform"].value > lowest["equal"].value + 0.1
    assert np.log10(arrays["strengths"].max() / arrays["strengths"].min()) > 5
    over = {
        name: np.array([part[: len(part) // 10].mean() for part in parts])
        for name, parts in by_name(arrays, "extents", "extent_lengths").items()
    }
    assert set(over) == {"data", "gaussian", "classwise", "equal", "uniform"}
    assert max(over[name].mean() for name in ("data", "gaussian", "equal")) < 2
    wider = over["uniform"] - over["data"]
    assert wider.mean() > 4 * wider.std(ddof=1) / len(wider) ** 0.5


def test_controls_keep_the_factors_of_the_batch_and_draw_inputs_anew():
    """Draws of one batch differ; a longer series begins with a shorter one."""
    model, samples = regression(3.0)
    long, short = (softmax_controls(model, samples, BATCHES._replace(drawn=count), 1) for count in (12, 7))
    one, other = by_name(long)["gaussian"], by_name(short)["gaussian"]
    assert (len(one), len(other)) == (12, 7)
    for first, second in zip(one, other, strict=False):
        np.testing.assert_allclose(first, second, rtol=1e-9)
    assert not np.allclose(one[0], one[6])
    # tr H = sum over samples of tr S_n |x_n|^2, with a bias of 1: batch 0 and its second draw have the same tr S_n.
    expected = (samples.inputs[:96].mean(0).square().sum() + samples.inputs.var(0, correction=0).sum() + 1).item()
    traces = np.array([levels.sum() for levels in one[:6]]) / long["strengths"].sum(1)
    np.testing.assert_allclose(traces, expected, rtol=0.2)


def test_a_class_of_one_sample_has_the_law_of_all():
    model, samples = regression(3.0)
    labels = samples.targets.clamp(max=4)
    labels[0] = 5
    arrays = softmax_controls(model, Samples(samples.inputs, labels), BATCHES, 1)
    assert len(by_name(arrays)["classwise"]) == 12


@pytest.mark.parametrize("kind", ["hessian", "gauss_newton"])
def test_other_networks_take_gaussian_inputs_as_their_own(kind):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 1)).double().eval()
    samples = Samples(torch.randn(96, 5, dtype=torch.float64), torch.randn(96, 1, dtype=torch.float64))
    arrays = network_controls(kind, model, samples, "squared", BATCHES, seed=1)
    spectra, over = by_name(arrays), by_name(arrays, "extents", "extent_lengths")
    assert set(spectra) == {"gaussian"}
    assert len(spectra["gaussian"]) == 12
    assert {name: len(parts) for name, parts in over.items()} == (
        {"gaussian": 3, "data": 3} if kind == "gauss_newton" else {}
    )
    if kind == "gauss_newton":
        # P = 43 parameters, batches of 16 residuals.
        assert all(len(levels) <= 16 for levels in spectra["gaussian"])
        own = gram_spectrum(model, samples.inputs[:16], "squared").eigenvalues
        assert len(over["data"][0]) == len(own)


def test_bands_hold_as_many_tenths_as_they_say():
    """Data and control of one law: a share of 0.05 outside; the control alone has twice as many matrices."""
    rng, outside, tenths = np.random.default_rng(1), 0, 0
    for _ in range(40):
        data, control = ([goe_levels(60, rng) for _ in range(count)] for count in (12, 24))
        rows = control_rows(control, 12, mean_ratio_by_rank(data, 1), 1)
        outside += next(row.value for row in rows if getattr(row, "quantity", "") == "tenths_outside")
        tenths += 10
    assert 0.02 < outside / tenths < 0.10


def test_a_control_of_unknown_error_has_no_band():
    data = mean_ratio_by_rank([goe_levels(60, np.random.default_rng(1))], 1)
    rows = control_rows([goe_levels(60, np.random.default_rng(2))], 1, data, 1)
    assert {row.statistic for row in rows if hasattr(row, "statistic")} == {"deciles"}


@pytest.mark.parametrize(
    ("kept", "parts"), [((0, 0), range(10)), ((0.1, 0.01), range(1, 9)), ((0.11, 0), range(2, 10))]
)
def test_tenths_that_hold_the_data_s_own_levels_have_no_band(kept, parts):
    spectra = [goe_levels(60, np.random.default_rng(seed)) for seed in range(20)]
    rows = control_rows(spectra, 20, mean_ratio_by_rank(spectra, 1), 1, kept)
    places = {
        name: [row.x for row in rows if getattr(row, "statistic", "") == name] for name in ("deciles", "deciles low")
    }
    assert places == {"deciles": [part / 10 for part in range(10)], "deciles low": [part / 10 for part in parts]}
    outside = next(row for row in rows if getattr(row, "quantity", "") == "tenths_outside")
    assert outside.reference == len(parts) / 20


def test_participation_is_a_mean_over_batches_by_decile():
    rows = extent_rows([np.arange(20.0), np.arange(20.0) + 2])
    curve = [row for row in rows if hasattr(row, "statistic")]
    assert [row.y for row in curve] == [0.5 + 1 + 2 * part for part in range(10)]
    assert all(row.error == pytest.approx(1.0) for row in curve)
    numbers = {row.quantity: row.value for row in rows if hasattr(row, "quantity")}
    assert numbers == {"participation_lowest": 1.5, "participation_highest": 19.5, "participation_batches": 2}
    few = [row.y for row in extent_rows([np.ones(4)]) if hasattr(row, "statistic")]
    assert np.isnan(few).sum() == 6


def test_tables_of_controls_from_files(sure, tmp_path):
    spectra, arrays = sure
    lengths = np.array([len(levels) for levels in spectra])
    resolved = {"eigenvalues": np.concatenate(spectra), "lengths": lengths}
    store.write(tmp_path / "resolved.h5", resolved, parameters={})
    store.write(tmp_path / "controls.h5", arrays, parameters={})
    curves, numbers = control_tables([str(tmp_path / "resolved.h5")], [str(tmp_path / "controls.h5")], 2, 1)
    assert set(curves.series) == {"resolved", *CONTROLS.values()}
    assert set(curves.statistic) == {"deciles", "deciles low", "deciles high", "participation"}
    assert set(curves.scope) == set(numbers.scope) == {"batch"}
    values = numbers.set_index(["series", "quantity"]).value
    assert values["GOE, equal density", "matrices"] == 50
    assert values["Gaussian inputs", "matrices"] == 100
    assert values["resolved", "lowest_tenth"] == pytest.approx(mean_ratio_by_rank(spectra, 1)[0].value)
    assert values["Gaussian inputs", "mean_ratio"] == pytest.approx(mean_ratio(by_name(arrays)["gaussian"], 1).value)
    assert values["resolved", "strength_decades"] > 2
    # The data are what the control says, and not what comparable probabilities or the density alone would make.
    assert values["Gaussian inputs", "tenths_outside"] <= 2
    assert values[CONTROLS["uniform"], "tenths_outside"] >= 1
    assert values[CONTROLS["mapped"], "tenths_outside"] >= 1
    assert not isinstance(numbers.told.iloc[0], str)
    without, _ = control_tables([str(tmp_path / "resolved.h5")], [], 1, 1)
    assert set(without.series) == {"GOE, equal density"}
    for table in control_tables([str(tmp_path / "resolved.h5")], [], 0, 1):
        assert isinstance(table, pd.DataFrame)
        assert len(table) == 0
