"""Hessians, Gauss-Newton matrices and resolved spectra against curvlinops, an independent package (MIT).

It differentiates torch's own losses, where ours are written out, and knows neither bases nor activation patterns.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from curvlinops import GGNLinearOperator, HessianLinearOperator
from torch import nn

from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram
from deepspectra.spectra.curvature.spectra import resolved_spectrum

from .conftest import assert_same_spectrum, batch, network


def softmax_regression():
    return network([], 200), *batch(12, (200,)), "cross_entropy"


def deep_network():
    return network([10, 40, 30]), *batch(12), "cross_entropy"


def convolutions_as_in_lenet():
    layers = [nn.Conv2d(3, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(24, 35), nn.ReLU(), nn.Linear(35, 20), nn.ReLU(), nn.Linear(20, 6)]
    return nn.Sequential(*layers).double().eval(), *batch(8, (3, 16, 16), 6), "cross_entropy"


def regression_as_of_bike():
    inputs, targets = torch.randn(24, 13, dtype=torch.float64), torch.rand(24, 1, dtype=torch.float64)
    return network([20, 40, 30], 13, 1), inputs, targets, "squared"


def regression_with_several_outputs():
    """The squared error is a mean over them."""
    targets = torch.randn(8, 3, dtype=torch.float64)
    return network([10, 30], 20, 3), batch(8, (20,))[0], targets, "squared"


def smooth_network():
    layers = [nn.Linear(20, 30), nn.Tanh(), nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 5)]
    return nn.Sequential(*layers).double().eval(), *batch(12, (20,), 5), "cross_entropy"


#: Cases, and the methods that serve their Hessian.
CASES = {
    softmax_regression: ("gram", "piecewise", "dense"),
    deep_network: ("piecewise", "dense"),
    convolutions_as_in_lenet: ("piecewise", "dense"),
    regression_as_of_bike: ("piecewise", "dense"),
    regression_with_several_outputs: ("piecewise", "dense"),
    smooth_network: ("dense",),
}


def whole_matrix(operator, model, inputs, targets, loss):
    """What an operator of curvlinops multiplies by, in our normalisation: sum over samples, mean over outputs."""
    own = {"cross_entropy": nn.CrossEntropyLoss, "squared": nn.MSELoss}[loss](reduction="sum")
    matrix = operator(model, own, list(model.parameters()), [(inputs, targets)])
    matrix = matrix @ torch.eye(matrix.shape[1], dtype=torch.float64)
    return matrix.detach() / (targets.shape[1] if loss == "squared" else 1)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.__name__)
def case(request):
    """A network with its batch and loss, its Hessian and Gauss-Newton matrix by curvlinops, and the methods of each."""
    torch.manual_seed(1)
    made = request.param()
    matrices = {
        "hessian": whole_matrix(HessianLinearOperator, *made),
        "gauss_newton": whole_matrix(GGNLinearOperator, *made),
    }
    return made, matrices, {"hessian": CASES[request.param], "gauss_newton": ("gram", "dense")}


def test_whole_matrices(case):
    (model, inputs, targets, loss), expected, _ = case
    factor = gauss_newton_factor(model, inputs, loss)
    for found, wanted in (
        (hessian(model, inputs, targets, loss), expected["hessian"]),
        (factor @ factor.T, expected["gauss_newton"]),
    ):
        assert float((found - wanted).abs().max() / wanted.abs().max()) < 1e-13


def test_gram_matrices(case):
    (model, inputs, _, loss), expected, _ = case
    assert_same_spectrum(gauss_newton_gram(model, inputs, loss), expected["gauss_newton"])


@pytest.mark.parametrize("kind", ["hessian", "gauss_newton"])
def test_resolved_spectra_by_every_method_that_serves(case, kind):
    """As many non-zero eigenvalues, none of them near what counts as zero, equal to 1e-10 of the largest, and in fact
    to the bound of either solution: that of the whole matrix is no more exact."""
    made, expected, methods = case
    values = np.linalg.eigvalsh((expected[kind] + expected[kind].T).numpy() / 2)
    for method in methods[kind]:
        found = resolved_spectrum(kind, *made, method=method)
        large = np.abs(values) > found.bound
        assert len(found.eigenvalues) == large.sum() < found.parameters == len(values)
        # The zeros of the whole matrix are rounding noise, of the size of the bound, and the rest is far above it.
        assert np.abs(found.eigenvalues).min() > 100 * found.bound
        error = np.abs(found.eigenvalues - values[large]).max()
        assert error / 2 < found.bound < 1e-10 * np.abs(values).max()
