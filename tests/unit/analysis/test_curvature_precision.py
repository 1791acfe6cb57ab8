"""The precision asked for is that of the whole network, or it is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from deepspectra.analysis.curvature.spectrum import curvature
from deepspectra.runtime.errors import UserError
from tests.unit.analysis.explicit import INPUTS, Whole, classifier


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_models_in_other_precisions_are_cast(dtype):
    model, inputs, labels = classifier()
    stored = model.to(dtype)
    found = curvature(stored, "cross_entropy", inputs, labels)
    exact = curvature(stored.double(), "cross_entropy", inputs, labels)
    assert (found.spectrum.eigenvalues == exact.spectrum.eigenvalues).all()


def test_single_precision_is_within_its_own_larger_bounds():
    model, inputs, labels = classifier()
    exact = curvature(model, "cross_entropy", inputs, labels)
    rough = curvature(model, "cross_entropy", inputs, labels, precision="float32")
    off = np.abs(rough.spectrum.eigenvalues - exact.spectrum.eigenvalues)
    assert (off <= rough.spectrum.errors).all()
    assert off.max() > 1e3 * exact.spectrum.bound


def test_a_network_that_rounds_inside_is_served_in_that_precision():
    """As some normalisations do, which work in float32 whatever comes."""
    model = Whole(lambda f: torch.tanh(f.float()).to(f)).double().eval()
    exact = Whole(torch.tanh).double().eval()
    exact.load_state_dict(model.state_dict())
    with pytest.raises(UserError, match=r"the model \(Whole\) makes float32 numbers of float64 ones"):
        curvature(model, "squared", INPUTS)
    found = curvature(model, "squared", INPUTS, precision="float32").spectrum
    off = np.abs(found.eigenvalues - curvature(exact, "squared", INPUTS).spectrum.eigenvalues)
    assert (off <= found.errors).all()


class Filled(nn.Module):
    """Rounds without a cast: by assignment to a part of a tensor."""

    def forward(self, given):
        left = torch.zeros(given.shape)
        left[:, 0] = given[:, 0]
        return left.double()


class Halved(nn.Module):
    def forward(self, given):
        return given.half().double()


ROUNDING = {
    "in the end": (lambda f: f.float(), r"the model \(Whole\) makes float32 numbers of float64 ones"),
    "inside, single in the end": (lambda f: f.half().double().float(), "makes float16 numbers of float64 ones"),
    "single inside and in the end": (lambda f: torch.tanh(f.float()), "makes float32 numbers of float64 ones"),
    "by a keyword": (lambda f: torch.add(input=f, other=0, out=torch.empty(len(f), 4)).double(), "makes float32"),
    "in a list": (lambda f: torch.cat([f.float(), f.float()], dim=1).double(), "makes float32"),
    "of a sum": (lambda f: f * f.sum(1, True, dtype=torch.float32).double(), "makes float32"),
    "as a part": (Filled(), r"own \(Filled\) makes float32 numbers of float64 ones"),
    "in a compiled script": (torch.jit.trace(Halved(), torch.randn(2, 4).double()), "makes float16 numbers"),
}


@pytest.mark.parametrize("name", ROUNDING)
def test_rounding_below_what_was_asked_for_is_refused_wherever_it_is(name):
    forward, words = ROUNDING[name]
    with pytest.raises(UserError, match=words):
        curvature(Whole(forward).double().eval(), "squared", INPUTS)


def test_autocast_is_refused():
    def forward(f):
        with torch.autocast("cpu", torch.bfloat16):
            return (f @ f.new_ones(4, 4)).to(f)

    with pytest.raises(UserError, match="makes bfloat16 numbers of float32 ones"):
        curvature(Whole(forward).eval(), "squared", INPUTS, precision="float32")


def test_wider_numbers_of_a_network_in_single_precision_have_its_errors():
    """Outputs in float64 of a network in float32, and back again inside, are known as well as those in float32."""
    model = Whole(lambda f: torch.tanh(f.double().float()).double()).eval()
    found = curvature(model, "squared", INPUTS, precision="float32").spectrum
    exact = Whole(torch.tanh).eval()
    exact.load_state_dict(model.state_dict())
    off = np.abs(found.eigenvalues - curvature(exact, "squared", INPUTS).spectrum.eigenvalues)
    assert (off <= found.errors).all()
    assert found.bound > 1e-6 * found.eigenvalues[-1]
