"""The recipe of fan2020: its plan, samples and initial weights, and that a network learns by it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import initialise_gaussian, parameters_of
from deepspectra.papers.fan2020.recipe import recipe as make_recipe
from deepspectra.train.training import Plan, train

SPHERE = {"data": "sphere", "input_dimension": 20, "hidden": [30, 25], "activation": "arctan", "seed": 6}
IMAGES = {"data": "cifar10", "classes": ["ship", "frog"], "removed_components": 2, "seed": 7}
IMAGES |= {"hidden": [15], "activation": "cosine"}
ADAM = {"samples": 40, "test_samples": 24, "epochs": 300, "batch_size": 32, "learning_rate": 0.01}


@pytest.mark.parametrize("network", [SPHERE, IMAGES], ids=["sphere", "cifar10"])
def test_a_network_as_fan_trains_it(tmp_path, network):
    """Adam at one rate on the mean squared error, with nothing that other papers add; samples are rounded once."""
    path = None
    if network is IMAGES:
        rng = np.random.default_rng(0)
        path = tmp_path / "cifar10.h5"
        with h5py.File(path, "w") as file:
            for part, count in (("train", 100), ("test", 60)):
                file[f"{part}_images"] = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
                file[f"{part}_labels"] = np.resize(np.array([6, 8, 8, 6, 0], np.uint8), count)
    found = make_recipe(network, ADAM, path)
    assert found.plan == Plan(
        learning_rates=(0.01,) * 300,
        batch_size=32,
        optimiser="adam",
        momentum=0.0,
        loss="squared",
        l2=0.0,
        weight_decay=0.0,
        output_scale=1.0,
        crop=None,
        shifts=None,
        seed=network["seed"],
    )
    dimension = 20 if network is SPHERE else 3072
    exact = load_kernel_task(network, ADAM, path)
    for samples, wide, count in ((found.train, exact.train, 40), (found.test, exact.test, 24)):
        assert samples.inputs.shape == (count, dimension)
        assert samples.targets.shape == (count, 1)
        assert samples.inputs.dtype == samples.targets.dtype == torch.float32
        np.testing.assert_array_equal(samples.inputs, wide.inputs.numpy().astype(np.float32))
        np.testing.assert_array_equal(samples.targets, wide.targets.numpy().astype(np.float32))
    expected = kernel_network(dimension, network["hidden"], activation(network["activation"]))
    initialise_gaussian(expected, network["seed"])
    assert parameters_of(found.model).keys() == parameters_of(expected).keys()
    for name, array in parameters_of(expected).items():
        np.testing.assert_array_equal(parameters_of(found.model)[name], array)
        assert array.dtype == np.float32
    with torch.no_grad():
        assert torch.equal(found.model(found.test.inputs), expected(found.test.inputs))


def test_a_network_learns_one_neuron_as_fan_trains_it():
    """With twice as many points as there are dimensions: the training error vanishes, as in the paper, and what is
    left of unseen points is less than a constant leaves of them."""
    found = make_recipe(SPHERE, ADAM | {"epochs": 100, "test_samples": 500}, None)
    history = train(found.model, found.train, found.test, found.plan)
    assert history[-1, 2] < 1e-3 * float(found.train.targets.var())
    assert history[-1, 3] < 0.8 * float(found.test.targets.var())
