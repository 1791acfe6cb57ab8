"""Hessians against forward and reverse differentiation, twice, of torch's own losses."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacfwd, jacrev
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian, mean_gradient_square

from .conftest import batch, convolutional, network

OWN = {
    "cross_entropy": lambda outputs, targets: functional.cross_entropy(outputs, targets, reduction="sum"),
    # Sum over samples, mean over outputs.
    "squared": lambda outputs, targets: functional.mse_loss(outputs, targets) * len(outputs),
}


def smooth():
    return nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 5)).double().eval()


@pytest.mark.parametrize(
    ("make", "shape", "outputs", "loss"),
    [
        (lambda: network([6, 12]), (40,), 10, "cross_entropy"),
        (lambda: convolutional(10), (3, 10, 10), 6, "cross_entropy"),
        (smooth, (12,), 5, "cross_entropy"),
        (smooth, (12,), 5, "squared"),
        (lambda: network([8, 10], 13, 1), (13,), 1, "squared"),
    ],
)
def test_differentiation_by_other_modes(make, shape, outputs, loss):
    model, (inputs, targets) = make(), batch(6, shape, outputs)
    if loss == "squared":
        targets = torch.randn(6, outputs, dtype=torch.float64)
    parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def of_vector(vector):
        parts = vector.split([parameter.numel() for parameter in parameters.values()])
        moved = {name: part.view_as(parameters[name]) for name, part in zip(parameters, parts, strict=True)}
        return OWN[loss](functional_call(model, moved, (inputs,)), targets)

    found, here = hessian(model, inputs, targets, loss), parameters_to_vector(parameters.values())
    # torch's own squared error has no forward derivative of its backward pass.
    for mode in (jacrev, jacfwd) if loss == "cross_entropy" else (jacrev,):
        expected = mode(jacrev(of_vector))(here)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-13 * float(expected.abs().max()))


def test_parameters_that_outputs_do_not_depend_on_have_rows_of_zeros():
    """Between others that they do depend on."""
    model, (inputs, labels) = smooth(), batch(6, (12,), 5)
    expected = hessian(model, inputs, labels, "cross_entropy")
    model[0].register_parameter("idle", nn.Parameter(torch.ones(3, dtype=torch.float64)))
    found, first = hessian(model, inputs, labels, "cross_entropy"), model[0].weight.numel() + model[0].bias.numel()
    idle = (torch.arange(len(found)) >= first) & (torch.arange(len(found)) < first + 3)
    assert (found[idle] == 0).all()
    torch.testing.assert_close(found[~idle][:, ~idle], expected, rtol=0, atol=0)


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_mean_of_squared_gradients_is_jacobians(outputs):
    """Of one output, it is 2 n times smaller than the Gauss-Newton matrix of the summed squared error."""
    model, (inputs, _) = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, outputs)).double(), batch(6, (12,), 1)
    jacobian = torch.cat(
        [part.flatten(2) for part in jacrev(functional_call, 1)(model, named(model), (inputs,)).values()], 2
    )
    found = mean_gradient_square(model, inputs)
    torch.testing.assert_close(found, jacobian.flatten(0, 1).T @ jacobian.flatten(0, 1) / 6, rtol=0, atol=1e-14)
    if outputs == 1:
        factor = gauss_newton_factor(model, inputs, "squared")
        torch.testing.assert_close(2 * 6 * found, factor @ factor.T, rtol=0, atol=1e-13)


def test_the_mean_square_of_gradients_leaves_out_frozen_parameters():
    model, inputs = smooth(), torch.randn(6, 12, dtype=torch.float64)
    whole = mean_gradient_square(model, inputs)
    count = model[0].weight.numel()
    model[0].weight.requires_grad_(False)
    torch.testing.assert_close(mean_gradient_square(model, inputs), whole[count:, count:])


def named(model):
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def test_images_whose_channels_lie_last_in_memory():
    """torch cannot batch second derivatives of max pooling there: rows go one at a time, to the same numbers."""
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3)).double().eval()
    inputs = torch.randn(4, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0])
    expected = hessian(model, inputs, labels, "cross_entropy")
    found = hessian(model, inputs.contiguous(memory_format=torch.channels_last), labels, "cross_entropy")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def test_outputs_without_trainable_parameters_have_no_curvature():
    model = nn.Sequential(nn.Linear(3, 2)).double().eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    model.unused = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    model.forward = lambda values: model[0](values)
    inputs = torch.ones(4, 3, dtype=torch.float64)
    assert hessian(model, inputs, torch.zeros(4, dtype=torch.int64), "cross_entropy").tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("logit", [20.0, 25.0])
def test_confident_mistakes_keep_their_digits(logit):
    """p (1 - p) of two classes at input 1, where the network is sure of the wrong one."""
    model = nn.Linear(1, 2, bias=False).double().eval()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[logit], [0.0]], dtype=torch.float64))
    found = hessian(model, torch.ones(1, 1, dtype=torch.float64), torch.tensor([1]), "cross_entropy")
    expected = math.exp(-logit) / (1 + math.exp(-logit)) ** 2
    torch.testing.assert_close(
        found, expected * torch.tensor([[1, -1], [-1, 1]], dtype=torch.float64), rtol=1e-13, atol=0
    )
