"""Resolved spectra: the error bound against 50 digits, the choice of method, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import sizes
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum
from deepspectra.spectra.curvature.spectra import choose_method, resolved_spectrum

from .conftest import batch, convolutional, network
from .exact import gauss_newton_eigenvalues, hessian_eigenvalues


class Noise(nn.Module):
    """Draws in evaluation mode too."""

    def forward(self, inputs):
        return inputs + torch.randn_like(inputs)


def augmented_weights(model):
    return [
        torch.cat([layer.weight, layer.bias[:, None]], 1).detach().numpy()
        for layer in model.children()
        if isinstance(layer, nn.Linear)
    ]


@pytest.mark.parametrize("labels", ["random", "right"])
@pytest.mark.parametrize(("hidden", "scale"), [([], 1), ([], 8), ([4, 4], 1), ([3, 6], 4), ([3], 12), ([4], 20)])
def test_errors_are_below_the_bound_which_is_not_idle(hidden, scale, labels):
    """By every method that serves. Large weights make outputs sure: where they are right too, all curvature is as small
    as 1e-47 at worst, and what rounding leaves has to be smaller still."""
    model = network(hidden, 6, 4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= scale
    inputs = 3 * torch.randn(5, 6, dtype=torch.float64) / (1 if scale < 10 else 3)
    targets = torch.randint(4, (5,)) if labels == "random" else model(inputs).argmax(1)
    exact = hessian_eigenvalues(augmented_weights(model), inputs, targets)
    for method in (choose_method("hessian", model)[0], "dense"):
        found = resolved_spectrum("hessian", model, inputs, targets, "cross_entropy", method)
        # Each is one of the exact ones, and none is missing but what the bound may hide.
        error = np.abs(found.eigenvalues[:, None] - exact).min(axis=1).max()
        assert 1e-5 * found.bound < error < found.bound < 1e-10 * np.abs(exact).max()
        clear = exact[np.abs(exact) > 2 * found.bound]
        assert np.abs(clear[:, None] - found.eigenvalues).min(axis=1).max() < found.bound
        assert len(clear) <= len(found.eigenvalues) <= (np.abs(exact) > 0).sum()
        assert found.parameters == len(exact)


@pytest.mark.parametrize(("hidden", "scale"), [([], 1), ([], 30), ([4, 4], 1), ([6], 6), ([5], 8)])
def test_levels_of_gauss_newton_matrices_have_errors_of_their_own(hidden, scale):
    """Each is one of the exact ones to its own error, and none that is not zero is missing. The smallest lie up to
    40 decades below the largest."""
    model = network(hidden, 9, 4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= scale
    inputs = torch.randn(5, 9, dtype=torch.float64)
    exact = gauss_newton_eigenvalues(augmented_weights(model), inputs)
    found = resolved_spectrum("gauss_newton", model, inputs, torch.zeros(5).long(), "cross_entropy")
    true = exact[-len(found.eigenvalues) :]
    assert (np.abs(found.eigenvalues - true) <= found.errors).all()
    assert len(found.eigenvalues) + found.left_out == 15
    assert (found.left_out, found.unresolved_spacings) == (0, 0)


def test_methods_agree_and_say_why():
    model, (inputs, labels) = network([6, 30]), batch()
    found = resolved_spectrum("hessian", model, inputs, labels, "cross_entropy")
    dense = resolved_spectrum("hessian", model, inputs, labels, "cross_entropy", "dense")
    assert (found.method, dense.method, dense.reason) == ("piecewise", "dense", "asked for")
    assert "linear in each layer" in found.reason
    np.testing.assert_allclose(found.eigenvalues, dense.eigenvalues, rtol=0, atol=found.bound + dense.bound)
    gram = resolved_spectrum("gauss_newton", model, inputs, labels, "cross_entropy")
    dense = resolved_spectrum("gauss_newton", model, inputs, labels, "cross_entropy", "dense")
    assert len(gram.eigenvalues) == 12 * 9
    np.testing.assert_allclose(gram.eigenvalues, dense.eigenvalues, rtol=0, atol=gram.bound + dense.bound)


def test_the_method_follows_from_the_network():
    smooth = nn.Sequential(nn.Linear(40, 30), nn.Tanh(), nn.Linear(30, 10))
    assert choose_method("hessian", network([]))[0] == "gram"
    assert choose_method("hessian", network([10]))[0] == "piecewise"
    assert choose_method("hessian", convolutional())[0] == "piecewise"
    assert choose_method("hessian", smooth)[0] == "dense"
    assert choose_method("gauss_newton", smooth)[0] == "gram"
    wide = nn.Sequential(nn.Linear(40, 300), nn.Tanh(), nn.Linear(300, 10))
    with pytest.raises(UserError) as error:
        choose_method("hessian", wide)
    for words in ("layer 1 (Tanh) is not piecewise linear", "15310 parameters", "Gauss-Newton", "ask for method dense"):
        assert words in str(error.value)


def test_a_smooth_network_goes_by_the_whole_matrix():
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).double().eval()
    inputs, labels = batch(4, (6,), 3)
    found = resolved_spectrum("hessian", model, inputs, labels, "cross_entropy")
    expected = torch.autograd.functional.hessian(
        lambda vector: torch.nn.functional.cross_entropy(
            torch.func.functional_call(model, spectra_parameters(model, vector), (inputs,)), labels, reduction="sum"
        ),
        torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()]),
    )
    values = torch.linalg.eigvalsh(expected).numpy()
    close = 1e-14 * np.abs(values).max()
    np.testing.assert_allclose(found.eigenvalues, values[np.abs(values) > found.bound], rtol=0, atol=close)


def spectra_parameters(model, vector):
    parts = vector.split([parameter.numel() for parameter in model.parameters()])
    return {
        name: part.view(parameter.shape)
        for (name, parameter), part in zip(model.named_parameters(), parts, strict=True)
    }


def test_spacings_below_their_errors_are_counted():
    values = np.array([0.5, 1.0, 1.001, 2.0, 3.0])
    found = ResolvedSpectrum(values, np.full(5, 0.01), 0, 5, "gram", "")
    assert (found.unresolved_spacings, found.bound) == (0.25, 0.01)
    assert ResolvedSpectrum(values[:1], np.full(1, 0.01), 0, 5, "gram", "").unresolved_spacings == 0
    assert ResolvedSpectrum(values[:0], np.zeros(0), 0, 5, "gram", "").bound == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, x, y: (m.float(), x, y), "in float64"),
        (lambda m, x, y: (m, x.float(), y), "in float64"),
        (lambda m, x, y: (m, x[:0], y[:0]), "a batch needs samples; there are 0"),
        (lambda m, x, y: (m, x, y[:3]), r"found outputs \(12, 10\), targets \(3,\)"),
        (lambda m, x, y: (m.train(), x, y), "evaluation mode"),
        (lambda m, x, y: (m, x, y[:, None]), r"found outputs \(12, 10\), targets \(12, 1\)"),
        (lambda m, x, y: (m, x, y + 5), "labels must be int64 from 0 to 9"),
        (lambda m, x, y: (m, x, y.double()), "labels must be int64 from 0 to 9"),
        (
            lambda m, x, y: (nn.Sequential(nn.Linear(40, 10)).double().eval(), x[:, None], y),
            "outputs must have the shape",
        ),
        (lambda m, x, y: (nn.Sequential(m, Noise()).eval(), x, y), "two passes of the same batch differ"),
        (lambda m, x, y: (m.requires_grad_(False), x, y), "no parameter of this Sequential is trainable"),
        (lambda m, x, y: (m, x * np.inf, y), "not finite"),
    ],
)
def test_bad_batches_are_refused(change, words):
    model, inputs, labels = change(network([6]), *batch())
    with pytest.raises(UserError, match=words):
        resolved_spectrum("hessian", model, inputs, labels, "cross_entropy")


@pytest.mark.parametrize(
    ("kind", "method", "words"),
    [
        ("hessian", "gram", "only for networks that are linear"),
        ("gauss_newton", "piecewise", "is for Hessians"),
        ("hessian", "lanczos", "no method 'lanczos'; known are gram, piecewise, dense"),
    ],
)
def test_methods_that_do_not_serve(kind, method, words):
    with pytest.raises(UserError, match=words):
        resolved_spectrum(kind, network([6]), *batch(), "cross_entropy", method)


def test_a_network_of_zeros_has_its_last_biases():
    model = network([6], 5, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    found = resolved_spectrum(
        "gauss_newton", model, torch.zeros(2, 5, dtype=torch.float64), torch.zeros(2, 2, dtype=torch.float64), "squared"
    )
    assert len(found.eigenvalues) == 2


def test_more_samples_than_parameters_go_by_the_smaller_matrix():
    model = network([], 4, 1)
    inputs, targets = torch.randn(30, 4, dtype=torch.float64), torch.randn(30, 1, dtype=torch.float64)
    found = resolved_spectrum("hessian", model, inputs, targets, "squared")
    assert (len(found.eigenvalues), found.left_out, found.parameters) == (5, 0, 5)


def test_matrices_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(sizes, "LARGEST_MATRIX", 50)
    with pytest.raises(UserError, match="Gram matrix of 12 samples would have 108 rows, more than the 50"):
        resolved_spectrum("gauss_newton", network([6]), *batch(), "cross_entropy")
