"""Sizes of matrices before they are made, against those that are made."""

from __future__ import annotations

import pytest
import torch

from deepspectra.nn.architectures import architecture
from deepspectra.nn.architectures.base import dense_shapes
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import piecewise, sizes
from deepspectra.spectra.curvature.piecewise import reduced_hessian
from deepspectra.spectra.curvature.sizes import reduced_rows, require_feasible
from deepspectra.spectra.curvature.spectra import resolved_spectrum

from .conftest import batch


@pytest.mark.parametrize(("inputs", "hidden"), [(40, [6, 12]), (5, [8, 30, 4]), (30, [4, 40, 40])])
def test_a_reduced_matrix_has_no_more_rows_than_were_expected(inputs, hidden, monkeypatch):
    """As many if every parameter is active (positive weights and inputs) and null directions are kept."""
    model = feed_forward(hidden, inputs, 5).double().eval()
    features, labels = batch(6, (inputs,), 5)
    expected = reduced_rows(dense_shapes(inputs, hidden, 5), 6, 4)
    assert len(reduced_hessian(model, features, labels, "cross_entropy")) <= expected
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_()
    assert len(reduced_hessian(model, features.abs(), labels, "cross_entropy")) < expected

    def keep_all(square, coupled, groups, norm):
        return square, coupled.T, torch.ones(len(square), dtype=torch.bool)

    monkeypatch.setattr(piecewise, "without_null_directions", keep_all)
    assert len(reduced_hessian(model, features.abs(), labels, "cross_entropy")) == expected


def test_the_networks_of_the_paper():
    """Seen: 4578, 8776 and 8824 rows, of the parameters that a batch feels."""
    networks = [
        ("mlp", [10, 100, 100], 784, 10, 6076),
        ("lenet", [], 3072, 10, 10940),
        ("mlp", [100, 100, 50], 13, 1, 13066),
    ]
    for name, hidden, inputs, outputs, rows in networks:
        shapes = architecture(name).shapes({"hidden": hidden}, inputs, outputs)
        assert reduced_rows(shapes, 64, max(outputs - 1, 1)) == rows


def test_what_is_too_large_is_said_before_it_is_made(monkeypatch):
    with pytest.raises(UserError, match="the Hessian would have 30001 rows, more than the 30000"):
        require_feasible(30_001, "the Hessian")
    monkeypatch.setattr(sizes, "LARGEST_MATRIX", 50)
    model = feed_forward([8, 12], 40, 5).double().eval()
    for method in ("piecewise", "dense"):
        with pytest.raises(UserError, match=r"more than the 50 for which .* smaller batches or a smaller network"):
            resolved_spectrum("hessian", model, *batch(6, (40,), 5), "cross_entropy", method)
