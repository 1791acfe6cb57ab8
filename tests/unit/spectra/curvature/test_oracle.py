"""One oracle for whatever module is accepted: its Hessian and Gauss-Newton matrix by reverse differentiation alone.

Every method either gives the oracle's spectrum or refuses the network by name. The oracle differentiates torch's own
losses, knows no layers and no formulas, and takes the trainable parameters as one vector.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import parametrizations, prune

from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import names
from deepspectra.nn.architectures.lenet import lenet
from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import gauss_newton, layer_formulas
from deepspectra.spectra.curvature.spectra import Method, resolved_spectrum

OWN = {
    "cross_entropy": lambda outputs, targets: functional.cross_entropy(outputs, targets, reduction="sum"),
    # Sum over samples, mean over outputs.
    "squared": lambda outputs, targets: functional.mse_loss(outputs, targets) * len(outputs),
}
SAMPLES = 4


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


class Functional(nn.Module):
    """A network with a forward of its own."""

    def __init__(self, forward, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.own = forward

    def forward(self, inputs):
        return self.own(self, inputs)


class Doubled(nn.Linear):
    """What a subclass may do."""

    def forward(self, inputs):
        return 2 * super().forward(inputs) ** 2


def mlp(*hidden, inputs=6, outputs=3):
    return feed_forward(hidden, inputs, outputs)


def scalars():
    """Two scalar layers that share their weight."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    model[1].weight = model[0].weight
    return model


def tied_transposed():
    layer = nn.Linear(6, 3, bias=False)
    return Functional(
        lambda own, x: own.layer(functional.linear(torch.tanh(own.layer(x)), own.layer.weight.T)), layer=layer
    )


def shared(between, size=6):
    layer = nn.Linear(size, size)
    return nn.Sequential(layer, *([between] if between else []), layer)


def frozen(model, *names):
    for name in names:
        model.get_parameter(name).requires_grad_(False)
    return model


def only(model, *names):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
    return model


def pruned(model, layer):
    prune.l1_unstructured(model.get_submodule(layer), "weight", 0.5)
    return model


def with_parametrisation(add, model, layer):
    add(model.get_submodule(layer))
    return model


def hooked(model, layer):
    model.get_submodule(layer).register_forward_hook(lambda layer, given, output: output**2)
    return model


class Attention(nn.Module):
    """A transformer of one block for indices (batch, places): word table tied with the readout, places learnt."""

    def __init__(self, words=7, width=4, places=3):
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Parameter(torch.randn(places, width))
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.normal, self.wide, self.narrow = nn.LayerNorm(width), nn.Linear(width, 5), nn.Linear(5, width)
        self.readout = nn.Linear(width, words, bias=False)
        self.readout.weight = self.words.weight

    def forward(self, inputs):
        state = self.words(inputs) + self.places
        weights = torch.softmax(self.query(state) @ self.key(state).transpose(1, 2), dim=2)
        state = self.normal(state + weights @ self.value(state))
        return self.readout((state + self.narrow(functional.gelu(self.wide(state)))).mean(1))


def encoder():
    layer = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)
    return Functional(lambda own, x: own.last(own.layer(x.view(-1, 3, 4)).mean(1)), layer=layer, last=nn.Linear(4, 3))


def image_layers(*layers, left, classes=3):
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(left, classes))


def normalised():
    model = image_layers(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Tanh(), nn.AvgPool2d(3), nn.Flatten(), nn.BatchNorm1d(4), left=4
    )
    model.train()
    for _ in range(3):
        model(torch.randn(9, 2, 5, 5))
    return model


def on_places():
    """Dense layers on several places of a sample."""
    return nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3), nn.Flatten(), nn.Linear(6, 3))


def residual():
    return Functional(
        lambda own, x: own.last(torch.relu(own.second(torch.relu_(own.first(x))) + own.skip(x)).mean((2, 3))),
        first=nn.Conv2d(2, 4, 3, stride=2, padding=1, bias=False),
        second=nn.Conv2d(4, 4, 3, padding=1, groups=2),
        skip=nn.Conv2d(2, 4, 1, stride=2),
        last=nn.Linear(4, 3),
    )


def mixing():
    """Samples that see each other in evaluation mode too."""
    return Functional(
        lambda own, x: own.last(torch.tanh(own.first(x)).cumsum(0)), first=nn.Linear(6, 4), last=nn.Linear(4, 3)
    )


IMAGES, WORDS = (2, 5, 5), "words"
#: Name -> network, shape of a sample, outputs, losses, and the methods beside "dense" that serve its Hessian
#: (None where torch itself lacks a second derivative).
CASES = {
    "softmax regression": (lambda: mlp(), (6,), 3, ("cross_entropy", "squared"), {"gram", "piecewise"}),
    "mlp": (lambda: mlp(5, 4), (6,), 3, ("cross_entropy", "squared"), {"piecewise"}),
    "one output": (lambda: mlp(5, 4, outputs=1), (6,), 1, ("squared",), {"piecewise"}),
    "tanh": (lambda: feed_forward([5, 4], 6, 3, "tanh"), (6,), 3, ("cross_entropy",), set()),
    "ntk_mlp": (lambda: kernel_network(6, [5, 4], activation("erf"), 2), (6,), 2, ("squared",), set()),
    "lenet": (
        lambda: only(lenet(side=16, outputs=3), "conv1.bias", "conv2.bias", "output.weight"),
        (3, 16, 16),
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "minialexnet": (
        lambda: only(minialexnet(7, 3), "conv2.bias", "output.bias"),
        (3, 7, 7),
        3,
        ("cross_entropy",),
        set(),
    ),
    "tied": (scalars, (1,), 1, ("squared",), set()),
    "tied and transposed": (tied_transposed, (6,), 3, ("cross_entropy", "squared"), set()),
    "shared with ReLU": (lambda: shared(nn.ReLU()), (6,), 6, ("cross_entropy",), set()),
    "shared with nothing between": (lambda: shared(None), (6,), 6, ("squared",), set()),
    "frozen bias": (lambda: frozen(mlp(), "output.bias"), (6,), 3, ("cross_entropy",), {"gram", "piecewise"}),
    "frozen first bias": (lambda: frozen(mlp(5, 4), "dense1.bias"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "frozen first weight": (lambda: frozen(mlp(5, 4), "dense1.weight"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "frozen amid": (lambda: frozen(mlp(5, 4), "dense2.weight", "output.bias"), (6,), 3, ("squared",), {"piecewise"}),
    "only one bias": (lambda: only(mlp(5, 4), "dense2.bias"), (6,), 3, ("cross_entropy",), {"piecewise"}),
    "pruned": (lambda: pruned(mlp(5, 4), "dense2"), (6,), 3, ("cross_entropy",), set()),
    "pruned regression": (lambda: pruned(mlp(), "output"), (6,), 3, ("cross_entropy",), set()),
    "weight norm": (
        lambda: with_parametrisation(parametrizations.weight_norm, mlp(), "output"),
        (6,),
        3,
        ("squared",),
        None,
    ),
    "older weight norm": (
        lambda: with_parametrisation(torch.nn.utils.weight_norm, mlp(), "output"),
        (6,),
        3,
        ("squared",),
        None,
    ),
    "spectral norm": (
        lambda: with_parametrisation(parametrizations.spectral_norm, mlp(4), "dense1"),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "hook": (lambda: hooked(mlp(), "output"), (6,), 3, ("squared",), set()),
    "subclass": (lambda: nn.Sequential(Doubled(6, 3)), (6,), 3, ("cross_entropy",), set()),
    "nested": (
        lambda: nn.Sequential(nn.Sequential(nn.Linear(6, 5), nn.ReLU()), nn.Linear(5, 3)),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "unused layer": (
        lambda: Functional(lambda own, x: own.used(x), used=nn.Linear(6, 3), idle=nn.Linear(6, 3)),
        (6,),
        3,
        ("cross_entropy",),
        set(),
    ),
    "another layer's weight": (
        lambda: Functional(
            lambda own, x: own.last(functional.linear(own.first(x), own.last.weight.T)),
            first=nn.Linear(6, 3),
            last=nn.Linear(6, 3),
        ),
        (6,),
        3,
        ("squared",),
        set(),
    ),
    "in place": (
        lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
        (6,),
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "samples mix": (mixing, (6,), 3, ("cross_entropy",), set()),
    "transformer": (Attention, WORDS, 7, ("cross_entropy",), set()),
    "torch's encoder": (encoder, (12,), 3, ("cross_entropy",), set()),
    "several places": (on_places, (2, 6), 3, ("cross_entropy",), set()),
    "layer norm of two axes": (
        lambda: nn.Sequential(nn.LayerNorm((2, 6)), nn.Flatten(), nn.Linear(12, 3)),
        (2, 6),
        3,
        ("cross_entropy",),
        set(),
    ),
    "group norm": (
        lambda: image_layers(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.Tanh(), left=36),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "batch norm": (normalised, IMAGES, 3, ("cross_entropy",), set()),
    "residual": (residual, IMAGES, 3, ("cross_entropy",), set()),
    "groups": (
        lambda: image_layers(nn.Conv2d(2, 4, 3, groups=2), nn.ReLU(), left=36),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "many places": (
        lambda: image_layers(nn.Conv2d(2, 3, 2, groups=1), nn.ReLU(), left=48),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "stride, dilation, zeros": (
        lambda: image_layers(
            nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), nn.ReLU(), nn.MaxPool2d(2), left=12
        ),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "padded to the same size": (
        lambda: image_layers(nn.Conv2d(2, 3, 3, padding="same"), nn.ReLU(), nn.AvgPool2d(2), left=12),
        IMAGES,
        3,
        ("cross_entropy",),
        {"piecewise"},
    ),
    "padded unequally": (
        lambda: image_layers(nn.Conv2d(2, 3, 2, padding="same"), nn.ReLU(), nn.AvgPool2d(2), left=12),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "circular": (
        lambda: image_layers(
            nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.AvgPool2d(2), left=12
        ),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
    "transposed convolution": (
        lambda: image_layers(nn.ConvTranspose2d(2, 2, 2), nn.Tanh(), left=72),
        IMAGES,
        3,
        ("cross_entropy",),
        set(),
    ),
}
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
    expected = {kind: oracle(kind, *made_up) for kind in ("hessian", "gauss_newton")}
    serve = {"hessian": set() if served is None else served | {"dense"}, "gauss_newton": {"gram", "dense"}}
    for kind, serves in serve.items():
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
    parts = torch.cat(list(gauss_newton.gauss_newton_parts(model, inputs, loss)), dim=1)
    torch.testing.assert_close(parts @ parts.T, whole, **close)


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
