"""The recipe of thamm2024."""

from __future__ import annotations

import numpy as np

from deepspectra.nn.architectures import architecture
from deepspectra.nn.networks import initialise_glorot, parameters_of
from deepspectra.papers.thamm2024.recipe import recipe as make_recipe


def test_a_network_as_thamm_trains_it(cifar10):
    network = {"architecture": "mlp", "hidden": [8], "crop": 28, "l2": 1e-4, "alpha": 2.0, "seed": 5}
    training = {"images": 10, "test_images": 6, "epochs": 3, "batch_size": 32, "learning_rate": 0.1}
    found = make_recipe(network, training | {"decay": 0.5, "momentum": 0.95}, cifar10)
    plan = found.plan
    np.testing.assert_allclose(plan.learning_rates, [0.1, 0.05, 0.025])
    assert (plan.loss, plan.weight_decay, plan.l2, plan.momentum) == ("cross_entropy", 0, 1e-4, 0.95)
    assert (plan.batch_size, plan.seed, plan.crop, plan.output_scale, plan.shifts) == (32, 5, 28, 2.0, None)
    assert (len(found.train.inputs), len(found.test.inputs)) == (10, 6)
    np.testing.assert_allclose(found.train.inputs.std((1, 2, 3), correction=0), 1, rtol=1e-5)
    expected = architecture("mlp").build(network, 3 * 28**2, 10)
    initialise_glorot(expected, 5)
    np.testing.assert_array_equal(parameters_of(found.model)["dense1/weight"], parameters_of(expected)["dense1/weight"])
