"""Small networks and batches in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.nn.architectures.mlp import feed_forward


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(1)


def network(hidden, inputs=40, outputs=10):
    return feed_forward(hidden, inputs, outputs).double().eval()


def convolutional(side=14, classes=6):
    """Two convolutions with pooling, two dense layers."""
    left = ((side - 2) // 2 - 2) // 2
    layers = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(5 * left**2, 24), nn.ReLU(), nn.Linear(24, classes)]
    return nn.Sequential(*layers).double().eval()


def batch(count=12, shape=(40,), classes=10):
    """Inputs of which half are zero, and labels."""
    return torch.randn(count, *shape, dtype=torch.float64).relu(), torch.randint(classes, (count,))


def nonzero_eigenvalues(matrix, threshold=1e-12):
    """Ascending, above a share of the largest, in units of the largest."""
    values = torch.linalg.eigvalsh(matrix)
    values = values / values.abs().max()
    return values[values.abs() > threshold]


def assert_same_spectrum(matrix, expected):
    """As many non-zero eigenvalues, equal to 1e-12 of the largest."""
    found, wanted = nonzero_eigenvalues(matrix), nonzero_eigenvalues(expected)
    assert len(found) == len(wanted)
    assert float((found - wanted).abs().max()) < 1e-12
