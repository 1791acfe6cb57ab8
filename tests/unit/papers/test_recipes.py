"""Recipes: learning rates against hand values, and what each paper's plan has."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

from deepspectra.data.preprocessing import IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.data.tasks import load_kernel_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import architecture
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import initialise_default, initialise_gaussian, initialise_glorot, parameters_of
from deepspectra.papers.recipes import RECIPES, linear_decay
from deepspectra.train.training import Plan, train

TRAINING = {"epochs": 300, "batch_size": 128, "learning_rate": 0.003, "final_learning_rate": 3e-5}
TRAINING |= {"decay_start": 0.5, "decay_end": 0.9, "momentum": 0.9, "weight_decay": 5e-4}


@pytest.fixture
def cifar10(tmp_path):
    source = np.random.default_rng(0)
    path = tmp_path / "cifar10.h5"
    with h5py.File(path, "w") as file:
        for part, count in (("train", 20), ("test", 12)):
            file[f"{part}_images"] = source.integers(0, 256, (count, 32, 32, 3), np.uint8)
            file[f"{part}_labels"] = source.integers(0, 10, count, np.uint8)
    return path


def test_the_learning_rate_falls_as_published():
    """0.003 and 0.00003 differ by 0.00297; an epoch of the decay takes a 120th of it."""
    rates = dict(enumerate(linear_decay(TRAINING), start=1))
    assert len(rates) == 300
    by_hand = {1: 0.003, 150: 0.003, 151: 0.003, 152: 0.00297525, 210: 0.00153975, 211: 0.001515}
    by_hand |= {270: 0.00005475, 271: 0.00003, 300: 0.00003}
    assert (rates[150], rates[300]) == (0.003, 3e-5)
    for epoch, rate in by_hand.items():
        assert rates[epoch] == pytest.approx(rate, rel=1e-9), epoch


def test_few_epochs_too_begin_at_the_first_rate():
    assert linear_decay(TRAINING | {"epochs": 1}) == (0.003,)
    rates = linear_decay(TRAINING | {"epochs": 5})
    np.testing.assert_allclose(rates, [0.003, 0.003, 0.003, 0.0022575, 0.0007725])


def test_lenet_as_baskerville_trains_it(cifar10):
    network = {"data": "cifar10", "architecture": "lenet", "hidden": [], "activation": "relu", "seed": 4}
    recipe = RECIPES["baskerville2022"](network | {"images": 15, "test_images": None}, TRAINING, cifar10)
    assert recipe.train.inputs.shape == (15, 3, 32, 32)
    assert recipe.test.inputs.shape == (12, 3, 32, 32)
    assert recipe.train.inputs.dtype == torch.float32
    plan = recipe.plan
    assert (plan.loss, plan.weight_decay, plan.l2, plan.momentum, plan.batch_size) == (
        "cross_entropy",
        5e-4,
        0,
        0.9,
        128,
    )
    assert (plan.seed, plan.crop, plan.output_scale) == (4, None, 1)
    assert plan.learning_rates == linear_decay(TRAINING)
    assert plan.shifts.margin == 4
    np.testing.assert_allclose(plan.shifts.border, -np.array(IMAGENET_MEAN) / IMAGENET_DEVIATION)
    expected = architecture("lenet").build(network, 3072, 10)
    initialise_default(expected, 4)
    for name, array in parameters_of(expected).items():
        np.testing.assert_array_equal(parameters_of(recipe.model)[name], array)


def test_a_network_as_thamm_trains_it(cifar10):
    network = {"architecture": "mlp", "hidden": [8], "crop": 28, "l2": 1e-4, "alpha": 2.0, "seed": 5}
    training = {"images": 10, "test_images": 6, "epochs": 3, "batch_size": 32, "learning_rate": 0.1}
    recipe = RECIPES["thamm2024"](network, training | {"decay": 0.5, "momentum": 0.95}, cifar10)
    plan = recipe.plan
    np.testing.assert_allclose(plan.learning_rates, [0.1, 0.05, 0.025])
    assert (plan.loss, plan.weight_decay, plan.l2, plan.momentum) == ("cross_entropy", 0, 1e-4, 0.95)
    assert (plan.batch_size, plan.seed, plan.crop, plan.output_scale, plan.shifts) == (32, 5, 28, 2.0, None)
    assert (len(recipe.train.inputs), len(recipe.test.inputs)) == (10, 6)
    np.testing.assert_allclose(recipe.train.inputs.std((1, 2, 3), correction=0), 1, rtol=1e-5)
    expected = architecture("mlp").build(network, 3 * 28**2, 10)
    initialise_glorot(expected, 5)
    np.testing.assert_array_equal(
        parameters_of(recipe.model)["dense1/weight"], parameters_of(expected)["dense1/weight"]
    )


SPHERE = {"data": "sphere", "input_dimension": 20, "hidden": [30, 25], "activation": "arctan", "seed": 6}
IMAGES = {"data": "cifar10", "classes": ["ship", "frog"], "removed_components": 2, "seed": 7}
IMAGES |= {"hidden": [15], "activation": "cosine"}
ADAM = {"samples": 40, "test_samples": 24, "epochs": 300, "batch_size": 32, "learning_rate": 0.01}


@pytest.mark.parametrize("network", [SPHERE, IMAGES], ids=["sphere", "cifar10"])
def test_a_network_as_fan_trains_it(tmp_path, network):
    """Adam at one rate on the mean squared error, with nothing that other papers add; samples are rounded once."""
    path = None
    if network is IMAGES:
        source = np.random.default_rng(0)
        path = tmp_path / "cifar10.h5"
        with h5py.File(path, "w") as file:
            for part, count in (("train", 100), ("test", 60)):
                file[f"{part}_images"] = source.integers(0, 256, (count, 32, 32, 3), np.uint8)
                file[f"{part}_labels"] = np.resize(np.array([6, 8, 8, 6, 0], np.uint8), count)
    recipe = RECIPES["fan2020"](network, ADAM, path)
    assert recipe.plan == Plan(
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
    for samples, wide, count in ((recipe.train, exact.train, 40), (recipe.test, exact.test, 24)):
        assert samples.inputs.shape == (count, dimension)
        assert samples.targets.shape == (count, 1)
        assert samples.inputs.dtype == samples.targets.dtype == torch.float32
        np.testing.assert_array_equal(samples.inputs, wide.inputs.numpy().astype(np.float32))
        np.testing.assert_array_equal(samples.targets, wide.targets.numpy().astype(np.float32))
    expected = kernel_network(dimension, network["hidden"], activation(network["activation"]))
    initialise_gaussian(expected, network["seed"])
    assert parameters_of(recipe.model).keys() == parameters_of(expected).keys()
    for name, array in parameters_of(expected).items():
        np.testing.assert_array_equal(parameters_of(recipe.model)[name], array)
        assert array.dtype == np.float32
    with torch.no_grad():
        assert torch.equal(recipe.model(recipe.test.inputs), expected(recipe.test.inputs))


def test_a_network_learns_one_neuron_as_fan_trains_it():
    """With twice as many points as there are dimensions: the training error vanishes, as in the paper, and what is
    left of unseen points is less than a constant leaves of them."""
    recipe = RECIPES["fan2020"](SPHERE, ADAM | {"epochs": 100, "test_samples": 500}, None)
    history = train(recipe.model, recipe.train, recipe.test, recipe.plan)
    assert history[-1, 2] < 1e-3 * float(recipe.train.targets.var())
    assert history[-1, 3] < 0.8 * float(recipe.test.targets.var())
