"""Gram matrices of Gauss-Newton factors, against the dense matrix and against the closed form."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import layer_formulas
from deepspectra.spectra.curvature.columns import columns_backward, cut_pass
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.gauss_newton import gauss_newton_gram

from .conftest import assert_same_spectrum, batch, convolutional, network


class Residual(nn.Module):
    """A block as in a residual network: batch normalisation, stride, padding, and a sum of two paths."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False)
        self.normalise = nn.BatchNorm2d(6)
        self.second = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(3, 6, 1, stride=2)
        self.last = nn.Linear(6, 5)

    def forward(self, images):
        hidden = self.second(torch.relu(self.normalise(self.first(images)))) + self.shortcut(images)
        return self.last(torch.relu(hidden).mean((2, 3)))


def residual():
    model = Residual().double()
    model.train()
    model(torch.randn(20, 3, 8, 8, dtype=torch.float64))
    with torch.no_grad():
        model.normalise.weight.uniform_(0.5, 2)
    return model.eval()


@pytest.mark.parametrize("hidden", [[], [20], [6, 30]])
def test_dense_networks(hidden):
    model, (inputs, _) = network(hidden), batch()
    factor = gauss_newton_factor(model, inputs, "cross_entropy")
    torch.testing.assert_close(gauss_newton_gram(model, inputs, "cross_entropy"), factor.T @ factor, rtol=0, atol=1e-12)
    assert_same_spectrum(gauss_newton_gram(model, inputs, "cross_entropy"), factor @ factor.T)


@pytest.mark.parametrize("block", [None, 500])
def test_convolutions_whole_and_in_blocks(block, monkeypatch):
    if block:
        monkeypatch.setattr(layer_formulas, "_BLOCK", block)
    for model, side in ((convolutional(), 14), (residual(), 8)):
        inputs, _ = batch(6, (3, side, side))
        factor = gauss_newton_factor(model, inputs, "cross_entropy")
        found = gauss_newton_gram(model, inputs, "cross_entropy")
        torch.testing.assert_close(found, factor.T @ factor, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("bias", [True, False])
def test_convolutions_with_few_places_need_no_factor(bias, monkeypatch):
    """Outputs of 2 x 2 and of 1 x 1 places, as the last blocks of a residual network have."""
    layers = [nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=bias), nn.Tanh(), nn.Conv2d(64, 8, 2, bias=bias)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 5)).double().eval()
    inputs, _ = batch(6, (3, 4, 4))
    factor = gauss_newton_factor(model, inputs, "cross_entropy")
    without, places = layer_formulas._add_pairs_of_places, []
    monkeypatch.setattr(
        layer_formulas, "_add_pairs_of_places", lambda *given: (places.append(given[1].shape[2]), without(*given))
    )
    found = gauss_newton_gram(model, inputs, "cross_entropy")
    assert sorted(places)[-2:] == [1, 4]
    torch.testing.assert_close(found, factor.T @ factor, rtol=1e-11, atol=1e-13)


def test_layers_are_reported_one_by_one():
    model, (inputs, _) = network([20]), batch()
    seen = []

    def report(layers):
        for layer in layers:
            seen.append(layer)
            yield layer

    found = gauss_newton_gram(model, inputs, "cross_entropy", report)
    assert seen[::-1] == [layer for layer in model if isinstance(layer, nn.Linear)]
    torch.testing.assert_close(found, gauss_newton_gram(model, inputs, "cross_entropy"), rtol=0, atol=0)


def test_softmax_regression_in_closed_form():
    """Entry (n, c), (m, d) of the Gram matrix: (x_n . x_m + 1) (A_n' A_m)_cd, and as the spectrum of the Hessian
    sum of S_n (x) x_n x_n'."""
    model, (inputs, labels) = network([]), batch()
    inputs_and_one = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=torch.float64)], 1)
    p = torch.softmax(model(inputs), 1).detach()
    curvature = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    closed = torch.einsum("ncd,ni,nj->cidj", curvature, inputs_and_one, inputs_and_one).reshape(410, 410)
    assert_same_spectrum(gauss_newton_gram(model, inputs, "cross_entropy"), closed)
    assert_same_spectrum(hessian(model, inputs, labels, "cross_entropy"), closed)


def test_a_linear_model_with_squared_loss_has_its_gauss_newton_matrix_as_hessian():
    model = network([], 13, 1)
    inputs, targets = torch.randn(9, 13, dtype=torch.float64), torch.randn(9, 1, dtype=torch.float64)
    factor = gauss_newton_factor(model, inputs, "squared")
    torch.testing.assert_close(hessian(model, inputs, targets, "squared"), factor @ factor.T)
    assert_same_spectrum(gauss_newton_gram(model, inputs, "squared"), factor @ factor.T)


def test_frozen_parameters_do_not_count():
    """Of two layers one is frozen: what is left is the other's part, whatever the frozen one does."""
    model, (inputs, _) = network([6, 30]), batch()
    whole, parts = gauss_newton_gram(model, inputs, "cross_entropy"), []
    for name in ("dense1", "dense2", "output"):
        model.requires_grad_(False).get_submodule(name).requires_grad_()
        parts.append(gauss_newton_gram(model, inputs, "cross_entropy"))
    torch.testing.assert_close(sum(parts), whole, rtol=0, atol=1e-13)
    with pytest.raises(UserError, match="no parameter of this Sequential is trainable"):
        gauss_newton_gram(model.requires_grad_(False), inputs, "cross_entropy")


def test_work_in_place_does_not_spoil_what_was_recorded():
    model = nn.Sequential(nn.Linear(40, 8), nn.ReLU(inplace=True), nn.Linear(8, 3)).double().eval()
    inputs, _ = batch()
    factor = gauss_newton_factor(model, inputs, "cross_entropy")
    found = gauss_newton_gram(model, inputs, "cross_entropy")
    torch.testing.assert_close(found, factor.T @ factor, rtol=0, atol=1e-13)


class Overwriting(nn.Module):
    """Its first layer's input, which only the weight's gradient needs, is overwritten later."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(40, 8), nn.Linear(48, 3)
        self.first.weight.requires_grad_(False)

    def forward(self, inputs):
        hidden = inputs * 1
        left = torch.tanh(self.first(hidden))
        return self.last(torch.cat([left, hidden.add_(1)], dim=1))


def test_a_layer_whose_input_was_overwritten_goes_by_autograd():
    model, (inputs, _) = Overwriting().double().eval(), batch()
    _, calls = cut_pass(model, inputs, [model.first, model.last])
    assert [call.is_spoilt for call in calls] == [True, False]
    factor = gauss_newton_factor(model, inputs, "cross_entropy")
    found = gauss_newton_gram(model, inputs, "cross_entropy")
    torch.testing.assert_close(found, factor.T @ factor, rtol=0, atol=1e-13)


def test_gradients_a_layer_at_a_time_are_those_of_one_pass():
    """Of a residual network, where paths meet again behind the cuts."""
    model, (inputs, _) = residual(), batch(6, (3, 8, 8))
    layers = [model.first, model.normalise, model.second, model.shortcut, model.last]
    left, handles = [], [layer.register_forward_hook(lambda *given: left.append(given[2])) for layer in layers]
    whole = model(inputs)
    for handle in handles:
        handle.remove()
    columns = torch.randn(3, *whole.shape, dtype=torch.float64)
    outputs, calls = cut_pass(model, inputs, layers)
    torch.testing.assert_close(outputs, whole)
    found = list(columns_backward(outputs, columns, calls))
    assert not calls
    for column, *gradients in zip(columns, *(call.gradients for call in found[::-1]), strict=True):
        expected = torch.autograd.grad(whole, left, column, retain_graph=True)
        torch.testing.assert_close(tuple(gradients), expected)


def test_what_would_be_wrong_in_silence_is_refused():
    with pytest.raises(UserError, match="evaluation mode"):
        gauss_newton_gram(network([]).train(), batch()[0], "cross_entropy")
    mixed = residual()
    mixed.normalise.train()
    with pytest.raises(UserError, match="and normalise is not"):
        gauss_newton_gram(mixed, batch(6, (3, 8, 8))[0], "cross_entropy")


def test_thousands_of_groups_do_not_round_a_large_sum_each():
    """Of samples that hardly differ: their Gram matrix is close to one of rank one, and no eigenvalue is negative."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv1d(3000, 3000, 1, groups=3000), nn.Flatten(), nn.Linear(3000, 2)).double().eval()
    inputs = 1 + 1e-9 * torch.randn(8, 3000, 1, dtype=torch.float64)
    gram = gauss_newton_gram(model, inputs, "cross_entropy")
    values = torch.linalg.eigvalsh(gram)
    assert float(values[0]) > -3 * torch.finfo(torch.float64).eps * float(values[-1])
