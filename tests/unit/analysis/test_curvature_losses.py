"""The curvature of each loss is that of its Hessian, by automatic differentiation; what is no sum is refused."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from deepspectra.analysis.curvature.spectrum import curvature
from deepspectra.runtime.errors import UserError
from tests.unit.analysis.explicit import assert_spectrum, called, classifier, explicit


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(1)


LOSSES = {
    "torch's own": (functional.cross_entropy, "labels", lambda f, t: functional.cross_entropy(f, t)),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.1), "labels", lambda f, t: functional.cross_entropy(f, t)),
    "weighted": (
        nn.CrossEntropyLoss(torch.tensor([1.0, 2, 3, 4], dtype=torch.float64), reduction="sum"),
        "labels",
        lambda f, t: (1.0 + t) * functional.cross_entropy(f, t),
    ),
    "squared": ("squared", "values", lambda f, t: ((f - t) ** 2).mean()),
    "mean squared": (nn.MSELoss(), "values", lambda f, t: ((f - t) ** 2).mean()),
    "Poisson": (nn.PoissonNLLLoss(), "values", lambda f, t: (f.exp() - t * f).mean()),
    "yes or no": (functional.binary_cross_entropy_with_logits, "shares", lambda f, t: functional.softplus(f).mean()),
    "my own": (lambda f, t: (f - t).cosh().log().sum(), "values", lambda f, t: (f - t).cosh().log().sum()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_have_the_curvature_of_their_hessians(name):
    loss, kind, value = LOSSES[name]
    model, inputs, labels = classifier()
    targets = {"labels": labels, "values": torch.randn(7, 4, dtype=torch.float64), "shares": torch.rand(7, 4)}[kind]
    found = curvature(model, loss, inputs, targets)
    assert_spectrum(found, explicit(model, called(model, inputs), lambda n, f: value(f, targets[n])))


def drop(ignored, weights=None, smoothing=0.0):
    """The loss of one sample: nothing if it is left out; else, by definition, that of the smoothed label."""

    def value(outputs, label):
        if label == ignored:
            return 0 * outputs.sum()
        weight = torch.ones(len(outputs), dtype=outputs.dtype) if weights is None else weights
        own = -weight * functional.log_softmax(outputs, dim=0)
        return (1 - smoothing) * own[label] + smoothing * own.mean()

    return value


WEIGHTS = torch.tensor([1.0, 2, 3, 4], dtype=torch.float64)
OPTIONS = [
    {"ignore_index": 0},
    {"ignore_index": 0, "label_smoothing": 0.2},
    {"ignore_index": 0, "weight": WEIGHTS, "label_smoothing": 0.2},
    {"ignore_index": 2, "weight": WEIGHTS},
    {"weight": WEIGHTS},
]


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_every_option_of_torchs_cross_entropy(options, reduction):
    """As a module, and as a function with the same options."""
    model, inputs, labels = classifier()
    assert {0, 2} <= set(labels.tolist())
    value = drop(options.get("ignore_index", -100), options.get("weight"), options.get("label_smoothing", 0.0))
    matrix = explicit(model, called(model, inputs), lambda n, f: value(f, labels[n]))
    whole = nn.CrossEntropyLoss(**options, reduction=reduction)
    for loss in (whole, partial(functional.cross_entropy, **options, reduction=reduction)):
        if reduction == "mean" and "weight" in options:
            with pytest.raises(UserError, match="divides by the weights of its samples"):
                curvature(model, loss, inputs, labels, draws=99)
        else:
            assert_spectrum(curvature(model, loss, inputs, labels, draws=99), matrix)


def test_labels_that_torch_leaves_out_by_itself():
    model, inputs, labels = classifier()
    labels[2] = -100
    kept = curvature(model, "cross_entropy", inputs[labels >= 0], labels[labels >= 0], draws=99).spectrum
    for loss in ("cross_entropy", nn.CrossEntropyLoss(), functional.cross_entropy):
        found = curvature(model, loss, inputs, labels, draws=99).spectrum
        assert found.eigenvalues == pytest.approx(kept.eigenvalues)
    with pytest.raises(UserError, match=r"from 0 to 3 \(or 1: left out\); found int64 from -100 to"):
        curvature(model, nn.CrossEntropyLoss(ignore_index=1), inputs, labels, draws=99)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_shares_of_classes_and_places_of_torchs_cross_entropy(reduction):
    """Shares of classes as targets; and classes along axis 1 with places behind them, of which some are left out."""
    model, inputs, _ = classifier()
    shares = torch.rand(7, 4, dtype=torch.float64)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    matrix = explicit(model, called(model, inputs), lambda n, f: -(shares[n] * functional.log_softmax(f, dim=0)).sum())
    assert_spectrum(curvature(model, loss, inputs, shares, draws=99), matrix)
    placed = nn.Sequential(model, nn.Unflatten(1, (2, 2))).eval()
    labels = torch.tensor([[0, 1], [1, 1], [0, 0], [1, 0], [5, 0], [1, 5], [0, 1]])

    def value(n, f):
        own = -functional.log_softmax(f, dim=0)
        kept = [own[label, place] for place, label in enumerate(labels[n].tolist()) if label != 5]
        return sum(kept) / (len(kept) if reduction == "mean" else 1)

    found = curvature(placed, nn.CrossEntropyLoss(ignore_index=5, reduction=reduction), inputs, labels, draws=99)
    assert_spectrum(found, explicit(placed, called(placed, inputs), value))


def test_squared_errors_of_torch():
    model, inputs, _ = classifier()
    targets = torch.randn(7, 4, dtype=torch.float64)
    for loss, value in (
        (nn.MSELoss(reduction="sum"), lambda n, f: ((f - targets[n]) ** 2).sum()),
        (functional.mse_loss, lambda n, f: ((f - targets[n]) ** 2).mean()),
        (partial(functional.mse_loss, reduction="sum"), lambda n, f: ((f - targets[n]) ** 2).sum()),
    ):
        assert_spectrum(
            curvature(model, loss, inputs, targets, draws=99), explicit(model, called(model, inputs), value)
        )
    with pytest.raises(UserError, match=r"MSELoss returns \(1, 4\) for one sample; expected one number"):
        curvature(model, nn.MSELoss(reduction="none"), inputs, targets, draws=99)
