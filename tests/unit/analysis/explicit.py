"""The explicit Gauss-Newton matrix of a small network, and what a spectrum must have in common with it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, jacrev


def explicit(model, call, value, dual=False):
    """The P x P Gauss-Newton matrix from the Jacobian and each sample's Hessian, by torch.func.

    :param call: from parameters to outputs (batch, ...). :param value: the loss of one sample, from its number and
        outputs. :param dual: the smaller matrix of as many rows as there are outputs, with equal eigenvalues.
    """
    weights = {name: one.detach() for name, one in model.named_parameters()}
    jacobian = jacrev(call)(weights)
    outputs = call(weights)
    rows = torch.cat([part.reshape(len(outputs), outputs[0].numel(), -1) for part in jacobian.values()], dim=2)
    if dual:
        roots = []
        for number, own in enumerate(outputs):
            curved = torch.autograd.functional.hessian(lambda f, n=number: value(n, f), own)
            weights, vectors = torch.linalg.eigh(curved)
            roots.append(vectors * weights.clamp_min(0).sqrt())
        factor = torch.einsum("nck,ncp->nkp", torch.stack(roots), rows).flatten(0, 1)
        return factor @ factor.T
    total = torch.zeros(rows.shape[2], rows.shape[2], dtype=torch.float64)
    for number, (own, slopes) in enumerate(zip(outputs, rows, strict=True)):
        curved = torch.autograd.functional.hessian(lambda f, n=number: value(n, f), own)
        total += slopes.T @ curved.reshape(len(slopes), len(slopes)) @ slopes
    return total


def assert_spectrum(found, matrix, rank=None):
    """As many eigenvalues as numpy has above rounding, each within its error (and numpy's)."""
    expected = np.linalg.eigvalsh(matrix.numpy())
    noise = 1e-14 * expected[-1] * len(expected) ** 0.5
    clear = expected[expected > 100 * noise]
    assert len(clear) == len(found.spectrum.eigenvalues) == (rank or len(clear))
    assert (np.abs(found.spectrum.eigenvalues - clear) <= found.spectrum.errors + noise).all()
    assert found.spectrum.bound < 1e-10 * expected[-1]


#: Of the networks below.
INPUTS = torch.randn(7, 6, generator=torch.Generator().manual_seed(1))


class Whole(nn.Module):
    """A dense layer, and a function of all its outputs."""

    def __init__(self, forward):
        super().__init__()
        self.layer, self.own = nn.Linear(6, 4), forward

    def forward(self, inputs):
        return self.own(self.layer(inputs))


def classifier():
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4)).double().eval()
    return model, torch.randn(7, 6, dtype=torch.float64), torch.randint(4, (7,))


def called(model, inputs):
    return lambda weights: functional_call(model, weights, (inputs,))
