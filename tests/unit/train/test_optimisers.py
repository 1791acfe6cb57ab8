"""Steps against torch.optim's own classes, to the bit."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from deepspectra.runtime.errors import UserError
from deepspectra.train.optimisers import Optimiser

STEPS = 7


def trained(make) -> tuple[list[torch.Tensor], list[dict[str, torch.Tensor]]]:
    """Parameters of a small network after some steps with changing rates, and the state of the optimiser."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    weights = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    biases = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    optimiser, set_rate = make(weights, biases)
    for step in range(STEPS):
        set_rate(0.1 / (1 + step))
        model.zero_grad()
        (model(torch.randn(6, 5)) ** 2).mean().backward()
        optimiser.step()
    state = [optimiser.state.get(parameter, {}) for parameter in [*weights, *biases]]
    return [parameter.detach() for parameter in [*weights, *biases]], state


def ours(kind, momentum):
    def make(weights, biases):
        optimiser = Optimiser([(weights, 0.03), (biases, 0.01)], kind, momentum)
        return optimiser, lambda rate: setattr(optimiser, "learning_rate", rate)

    return make


def of_torch(kind, momentum):
    def make(weights, biases):
        groups = [{"params": weights, "weight_decay": 0.03}, {"params": biases, "weight_decay": 0.01}]
        if kind == "adam":
            optimiser = torch.optim.Adam(groups, eps=1e-7, fused=True)
        else:
            optimiser = torch.optim.SGD(groups, momentum=momentum, fused=True)

        def set_rate(rate):
            for group in optimiser.param_groups:
                group["lr"] = rate

        return optimiser, set_rate

    return make


@pytest.mark.parametrize(("kind", "momentum"), [("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0)])
def test_steps_are_those_of_torch_to_the_bit(kind, momentum):
    (parameters, state), (expected, memory) = trained(ours(kind, momentum)), trained(of_torch(kind, momentum))
    assert all(torch.equal(found, right) for found, right in zip(parameters, expected, strict=True))
    for found, right in zip(state, memory, strict=True):
        assert set(found) == set(Optimiser([], kind, momentum).state_names)
        assert all(torch.equal(value, right[name]) for name, value in found.items())


def test_a_group_may_be_empty():
    weight = nn.Parameter(torch.ones(2))
    optimiser = Optimiser([([weight], 0.0), ([], 0.0)], "adam", learning_rate=0.5)
    weight.grad = torch.ones(2)
    optimiser.step()
    # The first step of Adam has the length of the rate.
    torch.testing.assert_close(weight.detach(), torch.full((2,), 0.5), rtol=0, atol=1e-6)


def test_the_compiler_stays_out():
    """It is what these replace torch.optim's classes for."""
    code = """
import sys, torch
from deepspectra.runtime.errors import UserError
from deepspectra.train.optimisers import Optimiser
for kind in ("sgd", "adam"):
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    Optimiser([([weight], 0.1)], kind, 0.9, 0.1).step()
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


@pytest.mark.parametrize(("kind", "momentum"), [("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0)])
def test_a_frozen_parameter_stays_and_the_next_one_gets_its_own_gradient(kind, momentum):
    """Also one with a gradient from before it was frozen; and equal to torch's step of the rest, to the bit."""
    first, frozen, last = (nn.Parameter(torch.full((2,), value)) for value in (1.0, 2.0, 3.0))
    alone = [nn.Parameter(parameter.detach().clone()) for parameter in (first, last)]
    for parameter, slope in ((first, 0.5), (frozen, 7.0), (last, -0.25), (alone[0], 0.5), (alone[1], -0.25)):
        parameter.grad = torch.full((2,), slope)
    frozen.requires_grad_(False)
    Optimiser([([first, frozen, last], 0.1)], kind, momentum, learning_rate=0.5).step()
    Optimiser([(alone, 0.1)], kind, momentum, learning_rate=0.5).step()
    assert torch.equal(frozen, torch.full((2,), 2.0))
    assert torch.equal(first, alone[0])
    assert torch.equal(last, alone[1])


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_parameter_without_a_gradient_is_refused_unless_it_is_frozen(kind):
    """The gradients of those behind it would move to the wrong parameters."""
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3, 4))
    used.grad = torch.ones(2)
    with pytest.raises(UserError, match=r"does not depend on the parameters of shape \(3, 4\)\. Freeze them"):
        Optimiser([([unused, used], 0.0)], kind, learning_rate=0.5).step()
    assert torch.equal(used, torch.ones(2))
