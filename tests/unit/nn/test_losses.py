"""Losses and their curvature in the outputs, against automatic differentiation and extended precision."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from torch.func import hessian

from deepspectra.nn.losses import batch_loss, curvature_factor
from deepspectra.runtime.errors import UserError


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_factors_make_the_hessian_in_the_outputs(loss):
    outputs = 3 * torch.randn(5, 4, dtype=torch.float64)
    targets = torch.randint(4, (5,)) if loss == "cross_entropy" else torch.randn(5, 4, dtype=torch.float64)
    factor = curvature_factor(loss, outputs)
    whole = hessian(lambda values: batch_loss(loss, values, targets))(outputs)
    for sample in range(5):
        torch.testing.assert_close(factor[sample] @ factor[sample].T, whole[sample, :, sample], rtol=0, atol=1e-14)


@pytest.mark.parametrize("sure", [0, 1, 2])
def test_a_sure_answer_keeps_its_small_curvature(sure):
    """At probabilities of 1e-26, diag(p) - p p' written out would be rounding noise; the factor has all digits."""
    outputs = torch.tensor([[0.0, 1.0, 0.5]], dtype=torch.float64)
    outputs[0, sure] = 60.0
    factor = curvature_factor("cross_entropy", outputs)[0]
    with mpmath.workdps(60):
        weights = [mpmath.exp(mpmath.mpf(value)) for value in outputs[0].tolist()]
        p = [weight / mpmath.fsum(weights) for weight in weights]
        expected = [[float((p[i] if i == j else 0) - p[i] * p[j]) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose((factor @ factor.T).numpy(), expected, rtol=1e-13)
    # And so does what automatic differentiation makes of the loss, for the right label.
    whole = hessian(lambda values: batch_loss("cross_entropy", values, torch.tensor([sure])))(outputs)
    np.testing.assert_allclose(whole[0, :, 0].numpy(), expected, rtol=1e-13)


def test_the_loss_is_torchs():
    outputs, targets = 3 * torch.randn(5, 4, dtype=torch.float64), torch.randint(4, (5,))
    expected = torch.nn.functional.cross_entropy(outputs, targets, reduction="sum")
    torch.testing.assert_close(batch_loss("cross_entropy", outputs, targets), expected)
    values = torch.randn(5, 4, dtype=torch.float64)
    expected = torch.nn.functional.mse_loss(outputs, values) * 5
    torch.testing.assert_close(batch_loss("squared", outputs, values), expected)


def test_an_unknown_loss_is_refused():
    for function in (
        lambda: batch_loss("hinge", torch.zeros(1, 2), None),
        lambda: curvature_factor("hinge", torch.zeros(1, 2)),
    ):
        with pytest.raises(UserError, match="no loss 'hinge'; known are cross_entropy, squared"):
            function()
