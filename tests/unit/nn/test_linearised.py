"""Linearised networks: exact where the network is linear in the weight, of second order where it is not."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.linearised import linearised
from deepspectra.nn.networks import initialise_glorot


def network(seed=1):
    model = feed_forward([20, 16, 12], inputs=48).double()
    initialise_glorot(model, seed)
    return model


def test_the_difference_is_of_second_order():
    """With tanh, because ReLU's kinks would hide the order: halving the step quarters the difference."""
    model = network()
    for name in ("dense1_relu", "dense2_relu", "dense3_relu"):
        setattr(model, name, torch.nn.Tanh())
    parameters = dict(model.named_parameters())
    images = torch.randn(30, 3, 4, 4, dtype=torch.float64)
    weight = parameters["dense2.weight"].detach().clone()
    direction = torch.randn_like(weight)
    differences = []
    for epsilon in (1e-2, 5e-3, 2.5e-3):
        with torch.no_grad():
            parameters["dense2.weight"].copy_(weight + epsilon * direction)
            outputs = linearised(model, parameters, weight, "dense2")(images)
            differences.append(float((outputs - model(images)).abs().max()))
    assert differences[0] > 1e-6
    assert differences[0] / differences[1] == pytest.approx(4, rel=0.1)
    assert differences[1] / differences[2] == pytest.approx(4, rel=0.05)


def test_relu_networks_too_have_the_gradient_of_finite_differences():
    model = network()
    parameters = dict(model.named_parameters())
    images = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    initial = parameters["dense2.weight"].detach() + 0.1 * torch.randn(16, 20, dtype=torch.float64)
    final = parameters["dense2.weight"].detach().clone()
    outputs = linearised(model, parameters, initial, "dense2")(images)
    values = []
    for step in (1e-7, -1e-7):
        with torch.no_grad():
            parameters["dense2.weight"].copy_(initial + step * (final - initial))
            values.append(model(images))
    mean, change = (values[0] + values[1]) / 2, (values[0] - values[1]) / 2e-7
    torch.testing.assert_close(outputs, mean + change, atol=1e-6, rtol=0)


def test_a_network_is_linear_in_its_last_hidden_layer_without_activation():
    """The output layer enters linearly, so there the linearised network equals the network."""
    model = network()
    parameters = dict(model.named_parameters())
    initial = torch.randn_like(parameters["output.weight"])
    images = torch.randn(7, 3, 4, 4, dtype=torch.float64)
    torch.testing.assert_close(linearised(model, parameters, initial, "output")(images), model(images))


def test_convolutions_can_be_linearised():
    model = minialexnet(28)
    initialise_glorot(model, 1)
    parameters = dict(model.named_parameters())
    initial = parameters["conv2.weight"].detach().clone()
    images = torch.randn(2, 3, 28, 28)
    torch.testing.assert_close(linearised(model, parameters, initial, "conv2")(images), model(images).detach())


def test_frozen_layers_change_nothing():
    """No gradient is taken: whether a parameter has one does not matter, the linearised layer's own included."""
    images = torch.randn(7, 3, 4, 4, dtype=torch.float64)
    model = network()
    initial = model.get_parameter("dense2.weight").detach() + 0.1
    expected = linearised(model, dict(model.named_parameters()), initial, "dense2")(images)
    for name in ("dense1.weight", "dense2.weight", "output.bias"):
        model.get_parameter(name).requires_grad_(False)
    assert torch.equal(linearised(model, dict(model.named_parameters()), initial, "dense2")(images), expected)


def test_a_weight_that_two_layers_share_is_linearised_in_both():
    """W W x around W0: W0 W0 x + (D W0 + W0 D) x."""
    first, second = torch.nn.Linear(3, 3, bias=False), torch.nn.Linear(3, 3, bias=False)
    second.weight = first.weight
    model = torch.nn.Sequential(OrderedDict(dense1=first, dense2=second)).double()
    weight, initial = first.weight.detach(), torch.randn(3, 3, dtype=torch.float64)
    x, change = torch.randn(5, 3, dtype=torch.float64), weight - initial
    found = linearised(model, dict(model.named_parameters()), initial, "dense1")(x)
    expected = x @ (initial @ initial + change @ initial + initial @ change).T
    torch.testing.assert_close(found, expected)
