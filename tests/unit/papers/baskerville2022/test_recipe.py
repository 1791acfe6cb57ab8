"""The recipe of baskerville2022: learning rates against hand values, and what else its plan has."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.nn.networks import initialise_default, parameters_of
from deepspectra.papers.baskerville2022.recipe import linear_decay
from deepspectra.papers.baskerville2022.recipe import recipe as make_recipe

TRAINING = {"epochs": 300, "batch_size": 128, "learning_rate": 0.003, "final_learning_rate": 3e-5}
TRAINING |= {"decay_start": 0.5, "decay_end": 0.9, "momentum": 0.9, "weight_decay": 5e-4}


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
    found = make_recipe(network | {"images": 15, "test_images": None}, TRAINING, cifar10)
    assert found.train.inputs.shape == (15, 3, 32, 32)
    assert found.test.inputs.shape == (12, 3, 32, 32)
    assert found.train.inputs.dtype == torch.float32
    plan = found.plan
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
        np.testing.assert_array_equal(parameters_of(found.model)[name], array)
