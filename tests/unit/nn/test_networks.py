"""Initial weights, standardised images, and parameters as arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import architecture
from deepspectra.nn.architectures.lenet import lenet
from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import (
    INITIAL_STREAM,
    initialise_default,
    initialise_gaussian,
    initialise_glorot,
    load_parameters,
    parameters_of,
)
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.seeds import generator


@pytest.mark.parametrize("name", ["mlp", "lenet"])
def test_default_weights_are_torchs_own_whatever_was_drawn_before(name):
    """Bit-identical with layers created while torch's global generator has the same seed."""

    def build():
        return architecture(name).build({"hidden": [7, 5], "activation": "relu"}, 3072, 10)

    with torch.random.fork_rng():
        torch.manual_seed(generator(9, INITIAL_STREAM).initial_seed())
        expected = parameters_of(build())
    model, other = build(), build()
    torch.manual_seed(123)
    before = torch.get_rng_state()
    initialise_default(model, 9)
    assert torch.equal(torch.get_rng_state(), before)
    for key, array in parameters_of(model).items():
        np.testing.assert_array_equal(array, expected[key], err_msg=key)
    initialise_default(other, 10)
    assert not torch.equal(model.output.weight, other.output.weight)


def test_default_weights_and_biases_have_the_range_of_their_inputs():
    model = lenet()
    initialise_default(model, 1)
    for name, inputs in {"conv1": 75, "conv2": 150, "dense1": 400, "dense2": 35, "output": 50}.items():
        layer = getattr(model, name)
        for values in (layer.weight.detach(), layer.bias.detach()):
            assert float(values.abs().max()) <= inputs**-0.5 * (1 + 1e-6)
        assert float(layer.weight.detach().abs().max()) > 0.97 * inputs**-0.5
        assert float(layer.weight.detach().std()) == pytest.approx((3 * inputs) ** -0.5, rel=0.1)
        assert layer.bias.detach().any()
    with pytest.raises(ValueError, match="BatchNorm1d are not known"):
        initialise_default(torch.nn.BatchNorm1d(3), 1)


def test_glorot_weights_have_the_right_range_and_biases_are_zero():
    model = minialexnet(28)
    initialise_glorot(model, 1)
    for name, array in parameters_of(model).items():
        if name.endswith("bias"):
            assert not array.any()
            continue
        outputs, inputs, *window = array.shape
        bound = math.sqrt(6 / ((outputs + inputs) * math.prod(window)))
        assert abs(array).max() <= bound
        assert array.std() == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert abs(array).max() > 0.99 * bound


def test_initial_weights_follow_the_seed():
    first, same, other = (feed_forward([6]) for _ in range(3))
    for model, seed in ((first, 1), (same, 1), (other, 2)):
        initialise_glorot(model, seed)
    assert torch.equal(first.dense1.weight, same.dense1.weight)
    assert not torch.equal(first.dense1.weight, other.dense1.weight)


def test_gaussian_weights_are_standard_and_independent():
    """Moments of N(0, 1) within five standard deviations in each layer; layers of equal shape are uncorrelated."""
    model = kernel_network(100, (150, 150, 150), activation("arctan"))
    initialise_gaussian(model, 3)
    weights = {key: array.astype(np.float64) for key, array in parameters_of(model).items()}
    for array in weights.values():
        for power, (mean, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
            assert abs(np.mean(array**power) - mean) < 5 * np.sqrt(variance / array.size)
    second, third = weights["dense2/weight"], weights["dense3/weight"]
    # Place by place, transposed, and below in the order of drawing.
    for left, right in ((second, third), (second.T, third), (weights["dense1/weight"], second[:, :100])):
        assert abs(np.mean(left * right)) < 5 / np.sqrt(left.size)
    flat = [array.ravel()[:150] for array in weights.values()]
    products = (np.array(flat) @ np.transpose(flat) / 150)[np.triu_indices(4, 1)]
    assert np.abs(products).max() < 5 / np.sqrt(150)


def test_gaussian_weights_follow_the_seed_whatever_was_drawn_before():
    first, same, other = (kernel_network(6, (5, 4), activation("arctan")) for _ in range(3))
    torch.manual_seed(1)
    initialise_gaussian(first, 8)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    initialise_gaussian(same, 8)
    assert torch.equal(torch.get_rng_state(), before)
    initialise_gaussian(other, 9)
    for key, array in parameters_of(first).items():
        np.testing.assert_array_equal(array, parameters_of(same)[key])
        assert np.abs(array - parameters_of(other)[key]).min() > 0


def test_parameters_go_out_and_in_again():
    first, second = feed_forward([6]), feed_forward([6])
    load_parameters(second, parameters_of(first))
    images = torch.randn(3, 3, 32, 32)
    assert torch.equal(first(images), second(images))
    with pytest.raises(UserError, match=r"has the parameters dense1/bias, .*; found values of none"):
        load_parameters(second, {})
