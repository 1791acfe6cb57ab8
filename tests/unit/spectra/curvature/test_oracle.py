"""One oracle for whatever module is accepted: its Hessian and Gauss-Newton matrix by reverse differentiation alone.

Every method either gives the oracle's spectrum or refuses the network by name. The oracle differentiates torch's own
losses, knows no layers and no formulas, and takes the trainable parameters as one vector.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from deepspectra.nn.architectures import names
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import gauss_newton, layer_formulas
from deepspectra.spectra.curvature.spectra import Method, resolved_spectrum

from .networks import CASES, WORDS, scalars

OWN = {
    "cross_entropy": lambda outputs, targets: functional.cross_entropy(outputs, targets, reduction="sum"),
    # Sum over samples, mean over outputs.
    "squared": lambda outputs, targets: functional.mse_loss(outputs, targets) * len(outputs),
}
SAMPLES = 4
#: Networks whose Hessian takes a backward pass for each of thousands of parameters.
TOO_LARGE = {"bert", "wide on places"}


def rows_of(outputs, parameters):
    """The gradient of each output, as rows; of an output without a graph it is zero."""
    zero = [torch.zeros_like(parameter) for parameter in parameters]
    rows = []
    for output in outputs.reshape(-1):
        graph = output.requires_grad
        found = torch.autograd.grad(output, parameters, retain_graph=True, materialize_grads=True) if graph else zero
        rows.append(torch.cat([gradient.reshape(-1) for gradient in found]))
    return torch.stack(rows)


def oracle(kind, model, inputs, targets, loss):
    """All non-zero eigenvalues that the curvature can have, ascending, and P."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    # The fused kernel of attention has no second derivative.
    with sdpa_kernel(SDPBackend.MATH):
        outputs = model(inputs)
    if kind == "hessian":
        value = OWN[loss](outputs, targets)
        slopes = torch.autograd.grad(value, parameters, create_graph=True, materialize_grads=True)
        whole = rows_of(torch.cat([slope.reshape(-1) for slope in slopes]), parameters)
        return np.linalg.eigvalsh(whole.numpy()), whole.shape[1]
    jacobian = rows_of(outputs, parameters).reshape(*outputs.shape, -1)
    rows = []
    for own, slopes, target in zip(outputs.detach(), jacobian, targets, strict=True):
        curvature = torch.autograd.functional.hessian(lambda f, t=target: OWN[loss](f[None], t[None]), own)
        weights, directions = torch.linalg.eigh(curvature)
        rows.append(weights.clamp_min(0).sqrt()[:, None] * (directions.T @ slopes))
    return torch.linalg.svdvals(torch.cat(rows)).numpy()[::-1] ** 2, jacobian.shape[2]


RUNS = [(name, loss) for name, case in CASES.items() for loss in case[3]]


def made(name, loss):
    torch.manual_seed(1)
    make, shape, outputs, _, served = CASES[name]
    model = make().double().eval()
    if shape == WORDS:
        inputs = torch.randint(outputs, (SAMPLES, 3))
    else:
        inputs = torch.randn(SAMPLES, *shape, dtype=torch.float64)
    targets = torch.randint(outputs, (SAMPLES,))
    if loss == "squared":
        targets = torch.randn(SAMPLES, outputs, dtype=torch.float64)
    return (model, inputs, targets, loss), served


def assert_is_oracle(found, expected, parameters):
    """As many levels above their errors as the oracle has above its own, each within both errors of the oracle's."""
    noise = 1e-13 * np.abs(expected).max()
    clear = expected[np.abs(expected) > 100 * noise]
    assert found.parameters == parameters
    kept = np.abs(found.eigenvalues) > 100 * noise
    assert kept.sum() == len(clear)
    assert (np.abs(found.eigenvalues[kept] - clear) <= found.errors[kept] + noise).all()
    assert found.bound < 1e-11 * np.abs(expected).max()


def test_every_architecture_is_here():
    assert set(names()) <= set(CASES) | {"ntk_mlp"}


@pytest.mark.parametrize(("name", "loss"), RUNS)
def test_every_method_gives_the_oracle_or_refuses(name, loss):
    made_up, served = made(name, loss)
    kinds = ("gauss_newton",) if name in TOO_LARGE else ("hessian", "gauss_newton")
    expected = {kind: oracle(kind, *made_up) for kind in kinds}
    serve = {"hessian": set() if served is None else served | {"dense"}, "gauss_newton": {"gram", "dense"}}
    for kind in kinds:
        serves = serve[kind]
        if serves:
            assert_is_oracle(resolved_spectrum(kind, *made_up), *expected[kind])
        for method in get_args(Method):
            if method in serves:
                assert_is_oracle(resolved_spectrum(kind, *made_up, method=method), *expected[kind])
            else:
                with pytest.raises(UserError):
                    resolved_spectrum(kind, *made_up, method=method)


@pytest.mark.parametrize("name", CASES)
def test_gram_matrices_in_small_blocks_and_by_autograd_alone(name, monkeypatch):
    """The same, entry by entry, from formulas and from gradients, whatever is held at once."""
    (model, inputs, _, loss), _ = made(name, CASES[name][3][0])
    whole = gauss_newton.gauss_newton_gram(model, inputs, loss)
    close = {"rtol": 0, "atol": 1e-13 * float(whole.abs().max())}
    monkeypatch.setattr(layer_formulas, "_BLOCK", 50)
    monkeypatch.setattr(gauss_newton, "_HELD", 50)
    torch.testing.assert_close(gauss_newton.gauss_newton_gram(model, inputs, loss), whole, **close)
    for formulas in (layer_formulas.FORMULAS, {}):
        monkeypatch.setattr(gauss_newton, "FORMULAS", formulas)
        parts = torch.cat(list(gauss_newton.gauss_newton_parts(model, inputs, loss)), dim=1)
        torch.testing.assert_close(parts @ parts.T, whole, **close)


@pytest.mark.parametrize("places", [1, 2, 5])
@pytest.mark.parametrize("way", ["_add_pairs_of_places", "_add_pairs_of_samples"])
def test_products_of_columns_without_columns(way, places, monkeypatch):
    """By pairs of places or of samples, in one block or in several."""
    patches = torch.randn(7, 6, places, dtype=torch.float64)
    gradients = torch.randn(7, 3, 4, places, dtype=torch.float64)
    columns = torch.einsum("nkct,nst->nkcs", gradients, patches).reshape(21, -1)
    for block in (1 << 20, 50):
        monkeypatch.setattr(layer_formulas, "_BLOCK", block)
        monkeypatch.setattr(layer_formulas, "_CACHED", block)
        monkeypatch.setattr(layer_formulas, "_BAND", min(block, 6))
        gram = torch.zeros(21, 21, dtype=torch.float64)
        getattr(layer_formulas, way)(gram, patches, gradients)
        torch.testing.assert_close(layer_formulas.mirror_bands(gram), columns @ columns.T)


def test_formulas_serve_what_they_can_and_the_audit_stops_what_they_cannot(monkeypatch):
    """Which parameters go by autograd; without the audit these would be wrong in silence."""
    seen = []
    by_autograd = gauss_newton._by_autograd
    monkeypatch.setattr(
        gauss_newton,
        "_by_autograd",
        lambda *given: (seen.append({id(one) for one in given[3]}), by_autograd(*given))[1],
    )
    expected = {
        "mlp": set(),
        "residual": set(),
        "batch norm": set(),
        "several places": set(),
        "groups": set(),
        "layer norm of two axes": set(),
        "padded to the same size": set(),
        "transformer": {"words.weight", "places"},
        "bert": set(),
        "padded words": {"twice.weight"},
        "sequences": set(),
        "volumes": set(),
        "unused layer": set(),
        "pruned": {"dense2.weight_orig"},
        "tied and transposed": {"layer.weight"},
        "another layer's weight": {"last.weight"},
        "circular": {"0.weight", "0.bias"},
        "frozen amid": set(),
        "samples mix": {"first.weight", "first.bias"},
    }
    for name, wanted in expected.items():
        (model, inputs, _, loss), _ = made(name, CASES[name][3][0])
        seen.clear()
        gauss_newton.gauss_newton_gram(model, inputs, loss)
        assert {key for key, one in model.named_parameters() if id(one) in seen[0]} == wanted, name


def test_two_scalar_layers_that_share_a_weight():
    """f = w^2 x at w = x = 1: f' = 2, so that the Gauss-Newton matrix of (f - t)^2 is 2 f'^2 = 8; at t = 0 the Hessian
    of w^4 is 12."""
    model = scalars().double().eval()
    with torch.no_grad():
        model[0].weight.fill_(1)
    batch = model, torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64), "squared"
    assert resolved_spectrum("gauss_newton", *batch).eigenvalues == pytest.approx([8])
    assert resolved_spectrum("hessian", *batch).eigenvalues == pytest.approx([12])
