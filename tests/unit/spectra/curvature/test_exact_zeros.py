"""Exact zeros from activation patterns, against equal and empty rows of dense Hessians."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.spectra.curvature.dense import hessian
from deepspectra.spectra.curvature.exact_zeros import batch_zeros, exact_zeros
from deepspectra.spectra.deflation import deflate


def dark_images(count, generator, side=6):
    """Pixels are -1 at the border, and elsewhere in half the images."""
    images = torch.full((count, side, side), -1.0)
    inside = 2 * torch.rand(count, side - 2, side - 2, generator=generator) - 1
    inside[torch.rand(inside.shape, generator=generator) < 0.5] = -1
    images[:, 1:-1, 1:-1] = inside
    return images.flatten(1)


NETWORKS = {
    "softmax": lambda: nn.Sequential(nn.Linear(36, 4)),
    "mlp": lambda: nn.Sequential(nn.Linear(36, 7), nn.ReLU(), nn.Linear(7, 9), nn.ReLU(), nn.Linear(9, 4)),
    "no bias": lambda: nn.Sequential(nn.Linear(36, 5, bias=False), nn.ReLU(), nn.Linear(5, 4)),
}


@pytest.mark.parametrize("network", ["softmax", "mlp", "no bias"])
@pytest.mark.parametrize("seed", range(4))
def test_zeros_are_those_of_equal_and_empty_rows(network, seed):
    """Seeds have dead units, and units whose few samples make more pixels equal."""
    source = torch.Generator().manual_seed(seed)
    model = NETWORKS[network]().double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=source).mul_(0.5)
        # A unit that few samples reach, and one that none does.
        if network == "mlp":
            model[0].bias[0], model[0].bias[1] = -6.0, -100.0
    inputs = dark_images(10, source).double()
    labels = torch.randint(4, (10,), generator=source)
    matrix = hessian(model, inputs, labels, "cross_entropy").numpy()
    zeros = exact_zeros(model, inputs)
    assert zeros > 0.3 * len(matrix)
    # Sums in another order may tell rows apart that are equal, never the other way round.
    assert len(deflate(matrix)) >= len(matrix) - zeros
    assert len(deflate(matrix.round(10))) == len(matrix) - zeros


def test_batches_follow_each_other_and_are_full():
    model, inputs = NETWORKS["softmax"]().eval(), dark_images(23, torch.Generator().manual_seed(1))
    zeros = batch_zeros(model, inputs, 5)
    assert zeros.tolist() == [exact_zeros(model, batch) for batch in inputs[:20].split(5)]
    assert len(set(zeros.tolist())) > 1
    assert zeros.dtype == np.int64
    assert batch_zeros(model, inputs, 24).shape == (0,)


@pytest.mark.parametrize("frozen", [["0.weight"], ["0.bias"], ["2.weight", "2.bias"]])
def test_frozen_parameters_are_not_counted(frozen):
    source = torch.Generator().manual_seed(1)
    model = NETWORKS["mlp"]().double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=source).mul_(0.5)
    for name in frozen:
        model.get_parameter(name).requires_grad_(False)
    inputs, labels = dark_images(10, source).double(), torch.randint(4, (10,), generator=source)
    matrix = hessian(model, inputs, labels, "cross_entropy").numpy()
    assert len(deflate(matrix.round(10))) == len(matrix) - exact_zeros(model, inputs)
