"""Softmax regression over many samples, against automatic differentiation and in blocks of samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.spectra.curvature import dense, whole_reduced
from deepspectra.spectra.curvature.dense import hessian, softmax_regression_hessian
from deepspectra.spectra.curvature.whole_reduced import reduced_softmax_hessian, resolved_softmax_spectrum


@pytest.mark.parametrize("block", [7, 1000])
def test_blocks_are_those_of_automatic_differentiation(block, monkeypatch):
    monkeypatch.setattr(dense, "_SAMPLES", block)
    model = nn.Sequential(nn.Linear(6, 4)).double().eval()
    inputs, labels = torch.randn(30, 6, dtype=torch.float64), torch.randint(4, (30,))
    found = softmax_regression_hessian(inputs, model(inputs).detach())
    expected = hessian(model, inputs, labels, "cross_entropy")
    # There the weights come first and the biases last.
    order = torch.cat([torch.arange(24).reshape(4, 6), torch.arange(24, 28)[:, None]], 1)
    torch.testing.assert_close(found, expected[order.reshape(-1)][:, order.reshape(-1)], rtol=0, atol=1e-12)
    assert (found == found.T).all()


def test_a_sure_answer_keeps_its_small_curvature():
    inputs = torch.ones(1, 1, dtype=torch.float64)
    small = torch.exp(torch.tensor(-80.0, dtype=torch.float64))
    for outputs in ([80.0, 0.0], [0.0, 80.0]):
        found = softmax_regression_hessian(inputs, torch.tensor([outputs], dtype=torch.float64))
        signs = torch.tensor([1, 1, -1, -1], dtype=torch.float64)
        torch.testing.assert_close(found, small * torch.outer(signs, signs))


@pytest.mark.parametrize("block", [7, 1000])
def test_the_reduced_matrix_has_the_same_eigenvalues_that_are_not_zero(block, monkeypatch):
    """With a feature that is always dark, which the bias cannot be told from, and one that is twice another."""
    monkeypatch.setattr(dense, "_SAMPLES", block)
    monkeypatch.setattr(whole_reduced, "_SAMPLES", block)
    inputs = torch.randn(40, 6, dtype=torch.float64)
    inputs[:, 2], inputs[:, 4] = -1, 2 * inputs[:, 3]
    outputs = torch.randn(40, 5, dtype=torch.float64)
    rank = 5
    reduced = reduced_softmax_hessian(inputs, outputs)
    assert reduced.shape == (4 * rank, 4 * rank)
    full = np.linalg.eigvalsh(softmax_regression_hessian(inputs, outputs).numpy())
    expected = np.sort(full[np.argsort(-np.abs(full))[: 4 * rank]])
    np.testing.assert_allclose(np.linalg.eigvalsh(reduced.numpy()), expected, rtol=0, atol=1e-12 * expected[-1])
    assert np.abs(full).min() < 1e-12 * expected[-1]
    resolved = resolved_softmax_spectrum(inputs, outputs)
    np.testing.assert_allclose(resolved.eigenvalues, expected, rtol=0, atol=resolved.bound)
    assert (resolved.left_out, resolved.parameters, resolved.method) == (0, 5 * 7, "class_pairs")
