"""Accuracies of full and linearised networks, from files as the workflow leaves them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.data.standardised import load_standardised
from deepspectra.nn.architectures import architecture
from deepspectra.nn.networks import initialise_glorot, load_parameters, parameters_of
from deepspectra.papers.thamm2024.linearisation import linearised_accuracies
from deepspectra.runtime import store

NETWORK = {"architecture": "mlp", "hidden": [16, 12], "crop": None, "l2": 0.0, "alpha": 2.0, "seed": 5}
IMAGES = {"train": 20, "test": 12}


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_the_linearisation_is_the_first_order_around_the_layers_initial_weights(tmp_path, cifar10, size):
    """f(W0) + Df(W0) (W - W0), the derivative by finite differences; the network itself where the layer stays."""
    model = architecture("mlp").build(NETWORK, 3072, 10)
    initialise_glorot(model, 5)
    initial = parameters_of(model)
    change = np.random.default_rng(1).standard_normal(initial["dense2/weight"].shape).astype(np.float32)
    final = initial | {"dense2/weight": initial["dense2/weight"] + size * change}
    states = {f"initial/{name}": array for name, array in initial.items()}
    states |= {f"final/{name}": array for name, array in final.items()}
    store.write(tmp_path / "weights.h5", states, parameters={})
    found = linearised_accuracies(NETWORK, "dense2", tmp_path / "weights.h5", cifar10, IMAGES)
    assert list(found)[:2] == ["alpha", "relative_displacement"]
    samples = load_standardised(cifar10, "train", IMAGES["train"])
    for state, weights in (("initial", initial), ("final", final)):
        load_parameters(model, weights)
        with torch.no_grad():
            scores = torch.log_softmax(2.0 * model(samples.inputs).double(), dim=1)
        expected = -scores[torch.arange(20), samples.targets].mean() / 4
        assert found[f"{state}_loss"] == pytest.approx(float(expected), rel=1e-5)
    moved = size * np.linalg.norm(change) / np.linalg.norm(final["dense2/weight"])
    assert found["relative_displacement"] == pytest.approx(moved, rel=1e-5)

    def outputs(share, inputs):
        weights = initial["dense2/weight"] + share * size * change
        load_parameters(model, initial | {"dense2/weight": weights.astype(np.float32)})
        with torch.no_grad():
            return model(inputs)

    for part, count in IMAGES.items():
        samples = load_standardised(cifar10, part, count)
        slope = (outputs(1e-2, samples.inputs) - outputs(-1e-2, samples.inputs)) / 2e-2
        linear = outputs(0.0, samples.inputs) + slope
        for name, expected in (("full", outputs(1.0, samples.inputs)), ("linearised", linear)):
            right = int((expected.argmax(1) == samples.targets).sum())
            assert found[f"{name}_{part}"] == right / count


def test_a_network_whose_training_diverged_is_a_row_without_accuracies(tmp_path, cifar10):
    """Its file has no final weights."""
    model = architecture("mlp").build(NETWORK, 3072, 10)
    states = {f"initial/{name}": array for name, array in parameters_of(model).items()}
    diverged = {"diverged": {"epoch": 2, "learning_rate": 0.001}}
    store.write(tmp_path / "weights.h5", states, parameters=diverged)
    found = linearised_accuracies(NETWORK, "dense2", tmp_path / "weights.h5", cifar10, IMAGES)
    store.write(
        tmp_path / "weights.h5",
        states | {name.replace("initial", "final"): states[name] for name in states},
        parameters={},
    )
    other = linearised_accuracies(NETWORK, "dense2", tmp_path / "weights.h5", cifar10, IMAGES)
    assert list(found) == list(other)
    assert found.pop("alpha") == 2
    assert all(np.isnan(value) for value in found.values())
