"""What has no curvature is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from deepspectra.analysis.curvature.spectrum import curvature
from deepspectra.runtime.errors import UserError
from tests.unit.analysis.explicit import INPUTS, Whole, classifier


def with_nan():
    model = classifier()[0]
    model[2].weight.data[0, 0] = float("nan")
    return model


class Drawn(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 4)

    def forward(self, inputs):
        return self.layer(functional.dropout(inputs))


def stages(*layers):
    return nn.Sequential(*layers).double().eval()


LABELS = torch.arange(7) % 4
REFUSED = {
    "no module": (lambda: (len, "squared", INPUTS), r"the model is a builtin_function_or_method; expected a torch"),
    "training": (lambda: (classifier()[0].train(), "squared", INPUTS), "and Sequential is not; call eval"),
    "batch norm": (
        lambda: (
            stages(nn.Linear(6, 4), nn.BatchNorm1d(4, track_running_stats=False)),
            "squared",
            INPUTS,
        ),
        r"fails on sample 0 alone after 0 \(Linear\)",
    ),
    "batch norm at places": (
        lambda: (
            stages(nn.Linear(6, 4), nn.BatchNorm1d(2, track_running_stats=False)),
            "squared",
            torch.randn(7, 2, 6),
        ),
        r"samples mix in 1 \(BatchNorm1d\)",
    ),
    "sum over samples": (
        lambda: (Whole(lambda f: f - f.mean(0)).eval(), "squared", INPUTS),
        "samples mix in the last operation",
    ),
    "frozen": (lambda: (classifier()[0].requires_grad_(False), "squared", INPUTS), "no parameter of this Sequential"),
    "random": (lambda: (Drawn().eval(), "squared", INPUTS), r"two passes .* differ from layer \(Linear\) on"),
    "nan weights": (lambda: (with_nan(), "squared", INPUTS), r"the first such numbers leave 2 \(Linear\)"),
    "nan inputs": (lambda: (classifier()[0], "squared", INPUTS * np.nan), "input 0 has 42 entries that are not finite"),
    "wrong width": (lambda: (classifier()[0], "squared", INPUTS[:, :5]), "the model fails on the batch: RuntimeError"),
    "no samples": (lambda: (classifier()[0], "squared", INPUTS[:0]), "a batch needs samples"),
    "no tensors": (lambda: (classifier()[0], "squared", "words"), "the input of the batch is a str"),
    "unequal": (lambda: (classifier()[0], "squared", [INPUTS, INPUTS[:3]]), "one number of samples"),
    "labels": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS + 1), r"from 0 to 3 \(or -100.*from 1 to 4"),
    "negative": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS - 1), "found int64 from -1 to 2"),
    "shares": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS / 4), "whole numbers.*found float32"),
    "columns": (lambda: (classifier()[0], "cross_entropy", INPUTS, LABELS[:, None]), r"must have the shape \(7,\)"),
    "values": (lambda: (classifier()[0], "squared", INPUTS, torch.zeros(7, 1)), r"the outputs' shape \(7, 4\)"),
    "one class": (lambda: (nn.Linear(6, 1).eval(), "cross_entropy", INPUTS, LABELS), "two classes or more"),
    "unknown loss": (lambda: (classifier()[0], "hinge", INPUTS, LABELS), "there is no loss 'hinge'"),
    "flat loss": (lambda: (classifier()[0], nn.L1Loss(), INPUTS, torch.zeros(7, 4)), "L1Loss is linear in the outputs"),
    "concave": (lambda: (classifier()[0], lambda f, t: -(f**2).sum(), INPUTS, LABELS), "not convex in the outputs"),
    "hidden": (
        lambda: (classifier()[0], lambda f, t: (f.detach() * f).sum(), INPUTS, LABELS),
        "contradict its first ones",
    ),
    "failing loss": (lambda: (classifier()[0], lambda f, t: f[0, 9], INPUTS, LABELS), "cannot be differentiated twice"),
    "loss of two": (lambda: (classifier()[0], lambda f, t: f[0, :2], INPUTS, LABELS), r"returns \(2,\) for one sample"),
    "no targets": (lambda: (classifier()[0], nn.MSELoss(), INPUTS), "needs a target for each of 7 samples"),
    "two outputs": (lambda: (Whole(lambda f: (f, f)).eval(), "squared", INPUTS), "the model returns tuple"),
    "whole numbers": (lambda: (Whole(lambda f: f.argmax(1)).eval(), "squared", INPUTS), "returns torch.int64"),
    "transposed": (lambda: (Whole(lambda f: f.T).eval(), "squared", INPUTS), "samples come first"),
    "sparse": (
        lambda: (stages(nn.Embedding(9, 4, sparse=True), nn.Flatten()), "squared", LABELS[:, None]),
        r"layer 0 \(Embedding\) has max_norm",
    ),
    "too many rows": (
        lambda: (stages(nn.Linear(6, 9000)), "squared", INPUTS),
        "would have 63000 rows|the Gram matrix of 7 samples with 63000 rows",
    ),
}


def test_gradients_that_do_not_fit_into_memory_are_refused(monkeypatch):
    monkeypatch.setattr("deepspectra.analysis.curvature.network._memory", lambda: 1000)
    with pytest.raises(UserError, match=r"gradients of 28 rows in what leaves 0 \(Linear\) take 0 GB of memory"):
        curvature(classifier()[0], "squared", INPUTS)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_curvature_is_refused_by_name(name):
    given, words = REFUSED[name]
    with pytest.raises(UserError, match=words):
        curvature(*given())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"precision": "float16"}, "no precision 'float16'"),
        ({"draws": 5}, "expected at least 99"),
        ({"participation": -1}, "from 0 on"),
        ({"seed": -1}, "a seed is a whole number from 0 on, not -1"),
    ],
)
def test_options_that_make_no_sense(options, words):
    with pytest.raises(UserError, match=words):
        curvature(classifier()[0], "squared", INPUTS, **options)
