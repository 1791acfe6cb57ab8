"""Reduced Hessians against dense ones: the same number of non-zero eigenvalues, and the same values."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.dense import hessian
from deepspectra.spectra.curvature.piecewise import active_parameters, on_input_basis, reduced_hessian

from .conftest import assert_same_spectrum, batch, convolutional, network, nonzero_eigenvalues


def active_count(model, inputs):
    """Parameters that are active in a batch, with the first layer on the basis of its inputs."""
    return sum(int(mask.sum()) for mask in active_parameters(*on_input_basis(model, inputs)).values())


@pytest.mark.parametrize(
    ("hidden", "count"),
    [([], 12), ([10, 20], 12), ([6, 30, 30], 12), ([5, 60, 60, 3], 2), ([5, 40], 3), ([30, 6], 50)],
)
def test_dense_networks_with_cross_entropy(hidden, count):
    model, (inputs, labels) = network(hidden), batch(count)
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    expected = hessian(model, inputs, labels, "cross_entropy")
    assert_same_spectrum(found, expected)
    assert len(found) <= active_count(model, inputs) < len(expected)


def test_the_largest_layer_is_projected_where_that_pays():
    """60 x 60 weights among a few hundred others, and a batch of two: only their coupling and Jacobian matter."""
    model, (inputs, labels) = network([5, 60, 60, 3]), batch(2)
    assert len(reduced_hessian(model, inputs, labels, "cross_entropy")) < active_count(model, inputs)


def test_null_directions_are_left_out():
    """Those of outputs, to which softmax is blind, of units that few samples reach, and of equal gradients behind."""
    model, (inputs, labels) = network([10, 20]), batch(12)
    rows, active = len(reduced_hessian(model, inputs, labels, "cross_entropy")), active_parameters(model, inputs)
    behind = int(active["output.weight"].any(0).sum()) + 1
    assert rows <= active_count(model, inputs) - behind
    # One output, three units in the last layer: of any sample, one of at most eight patterns of gradients.
    model, inputs = network([12, 30, 3], 13, 1), torch.randn(20, 13, dtype=torch.float64)
    targets = torch.randn(20, 1, dtype=torch.float64)
    found = reduced_hessian(model, inputs, targets, "squared")
    expected = hessian(model, inputs, targets, "squared")
    assert_same_spectrum(found, expected)
    assert len(found) - len(nonzero_eigenvalues(expected)) < 40 < active_count(model, inputs) - len(found)


def test_regression_with_one_output():
    model = network([10, 12, 8], 13, 1)
    inputs, targets = torch.randn(16, 13, dtype=torch.float64), torch.randn(16, 1, dtype=torch.float64)
    found = reduced_hessian(model, inputs, targets, "squared")
    assert_same_spectrum(found, hessian(model, inputs, targets, "squared"))


def test_convolutions_with_pooling():
    model, (inputs, labels) = convolutional(), batch(6, (3, 14, 14), 6)
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    assert_same_spectrum(found, hessian(model, inputs, labels, "cross_entropy"))
    assert active_count(model, inputs) < sum(parameter.numel() for parameter in model.parameters())


def test_a_convolution_whose_dense_layer_is_projected():
    layers = [nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(50, 60), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(60, 3, bias=False)).double().eval()
    inputs, labels = batch(4, (1, 12, 12), 3)
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    assert len(found) < active_count(model, inputs)
    assert_same_spectrum(found, hessian(model, inputs, labels, "cross_entropy"))


def test_the_function_on_the_basis_is_the_same():
    model, (inputs, _) = network([6, 30]), batch(12)
    again, coordinates = on_input_basis(model, inputs)
    assert coordinates.shape == (12, 12)
    torch.testing.assert_close(again(coordinates), model(inputs))
    # With more samples than inputs there is nothing to gain.
    many, _ = batch(50)
    assert on_input_basis(model, many)[1] is many


def test_parameters_that_are_inactive_have_zero_rows():
    """And active ones do not."""
    model, (inputs, labels) = network([8, 20]), batch(3)
    with torch.no_grad():
        model.dense1.bias[2] = -1e3  # dead on every sample
    active = active_parameters(model, inputs)
    assert not active["dense1.weight"][2].any()
    assert not active["dense1.bias"][2]
    assert not active["dense2.weight"][:, 2].any()
    assert not active["dense1.weight"][:, (inputs == 0).all(0)].any()
    rows = hessian(model, inputs, labels, "cross_entropy")
    mask = torch.cat([part.reshape(-1) for part in active.values()])
    assert (rows[~mask] == 0).all()
    assert (rows[mask].abs().sum(1) > 0).all()


@pytest.mark.parametrize("zeroed", ["output", "dense2", "a column"])
def test_weights_of_zero_close_no_way(zeroed):
    """A network whose last layer begins at zero has a second derivative where it has no first one."""
    model, (inputs, labels) = network([6, 8]), batch(5)
    with torch.no_grad():
        if zeroed == "a column":
            model.output.weight[:, 2] = 0
        else:
            model.get_submodule(zeroed).weight.zero_()
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    assert_same_spectrum(found, hessian(model, inputs, labels, "cross_entropy"))


def test_linear_layers_without_activation_between_them():
    model = nn.Sequential(nn.Linear(40, 6), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 10)).double().eval()
    inputs, labels = batch(5)
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    assert_same_spectrum(found, hessian(model, inputs, labels, "cross_entropy"))


def test_a_layer_that_stands_in_two_places():
    """An activation may; a layer with weights may not, since the network is not linear in them."""
    relu, shared = nn.ReLU(), nn.Linear(6, 6)
    model = nn.Sequential(nn.Linear(40, 6), relu, nn.Linear(6, 8), relu, nn.Linear(8, 10)).double().eval()
    inputs, labels = batch(5)
    found = reduced_hessian(model, inputs, labels, "cross_entropy")
    assert_same_spectrum(found, hessian(model, inputs, labels, "cross_entropy"))
    tied = nn.Sequential(nn.Linear(40, 6), relu, shared, relu, shared).double().eval()
    with pytest.raises(UserError, match="layers share parameters"):
        reduced_hessian(tied, inputs, labels, "cross_entropy")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)), r"layer 1 \(Tanh\) is not piecewise linear"),
        (nn.Linear(4, 2), "it is a Linear, not a plain sequence"),
        (
            nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular")),
            "padding other than equally many zeros",
        ),
    ],
)
def test_networks_that_cannot_be_reduced(model, words):
    with pytest.raises(UserError, match=words):
        reduced_hessian(model.double().eval(), torch.zeros(2, 4, dtype=torch.float64), torch.zeros(2).long(), "squared")
