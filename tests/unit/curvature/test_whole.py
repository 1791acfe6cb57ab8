"""Softmax regression over many samples, against automatic differentiation and in blocks of samples."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.curvature import whole
from deepspectra.curvature.dense import hessian
from deepspectra.curvature.whole import softmax_regression_hessian


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("block", [7, 1000])
def test_blocks_are_those_of_automatic_differentiation(bias, block, monkeypatch):
    monkeypatch.setattr(whole, "_SAMPLES", block)
    model = nn.Sequential(nn.Linear(6, 4, bias=bias)).double().eval()
    inputs, labels = torch.randn(30, 6, dtype=torch.float64), torch.randint(4, (30,))
    found = softmax_regression_hessian(inputs, model(inputs).detach(), bias=bias)
    expected = hessian(model, inputs, labels, "cross_entropy")
    # There the weights come first and the biases last.
    order = torch.arange(24).reshape(4, 6)
    order = torch.cat([order, torch.arange(24, 28)[:, None]], 1) if bias else order
    torch.testing.assert_close(found, expected[order.reshape(-1)][:, order.reshape(-1)], rtol=0, atol=1e-12)
    assert (found == found.T).all()


def test_a_sure_answer_keeps_its_small_curvature():
    inputs = torch.ones(1, 1, dtype=torch.float64)
    small = torch.exp(torch.tensor(-80.0, dtype=torch.float64))
    for outputs in ([80.0, 0.0], [0.0, 80.0]):
        found = softmax_regression_hessian(inputs, torch.tensor([outputs], dtype=torch.float64), bias=False)
        torch.testing.assert_close(found, small * torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64))
