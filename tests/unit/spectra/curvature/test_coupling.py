"""The two parts of a piecewise linear Hessian together, entry by entry, against differentiating twice."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.spectra.curvature import coupling
from deepspectra.spectra.curvature.coupling import couplings, factor_rows, record
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.piecewise import active_parameters

from .conftest import batch, convolutional, network


def strided():
    """What a plain LeNet does not have: padding, stride, dilation, averages, a rectangular kernel, overlaps."""
    layers = [nn.Conv2d(2, 4, (3, 2), stride=2, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Identity()]
    layers += [nn.Conv2d(4, 3, 2, dilation=2, bias=False), nn.ReLU(), nn.MaxPool2d(2, stride=1, ceil_mode=True)]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(6), nn.ReLU(inplace=True), nn.Linear(6, 5))


CASES = [
    (lambda: network([6, 12, 8]), (40,), 10, "cross_entropy"),
    (lambda: network([8, 10, 7], 13, 3), (13,), 3, "squared"),
    (lambda: convolutional(10), (3, 10, 10), 6, "cross_entropy"),
    (strided, (2, 15, 14), 5, "cross_entropy"),
    (strided, (2, 15, 14), 5, "squared"),
]


def prepared(make, shape, outputs, loss):
    model, (inputs, targets) = make(), batch(5, shape, outputs)
    if loss == "squared":
        targets = torch.randn(5, outputs, dtype=torch.float64)
    model(inputs.to(next(model.parameters()).dtype))
    return model.double().eval(), inputs, targets


def assembled(steps, targets, loss, active):
    factor = factor_rows(steps, loss, active)
    matrix = factor @ factor.T
    for row, column, block in couplings(steps, targets, loss, active):
        assert row + len(block) <= column
        matrix[row : row + len(block), column : column + block.shape[1]] += block
        matrix[column : column + block.shape[1], row : row + len(block)] += block.T
    return matrix


@pytest.mark.parametrize("numbers", [None, 2000])
@pytest.mark.parametrize("case", CASES)
def test_together_they_are_the_hessian(case, numbers, monkeypatch):
    """In few blocks and in many, of all parameters and of the active ones."""
    if numbers:
        monkeypatch.setattr(coupling, "_NUMBERS", numbers)
    (model, inputs, targets), loss = prepared(*case), case[-1]
    expected = hessian(model, inputs, targets, loss)
    close = {"rtol": 0, "atol": 1e-14 * float(expected.abs().max())}
    steps = record(model, inputs)
    whole = {name: torch.ones_like(parameter, dtype=torch.bool) for name, parameter in model.named_parameters()}
    torch.testing.assert_close(assembled(steps, targets, loss, whole), expected, **close)
    torch.testing.assert_close(factor_rows(steps, loss, whole), gauss_newton_factor(model, inputs, loss), **close)
    active = active_parameters(model, inputs)
    mask = torch.cat([part.reshape(-1) for part in active.values()])
    assert not mask.all()
    torch.testing.assert_close(assembled(steps, targets, loss, active), expected[mask][:, mask], **close)
    model.requires_grad_(False)
    torch.testing.assert_close(
        assembled(record(model, inputs), targets, loss, active), expected[mask][:, mask], **close
    )
