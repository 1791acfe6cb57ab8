"""Training by Adam: against steps by hand, and resumed to the bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from deepspectra.data.tasks import Samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import (
    initialise_gaussian,
    parameters_of,
)
from deepspectra.train.training import train

from .runs import ADAM, assert_equal, die_in

# Keras's constants: decay of the means of gradients and of their squares, and what is added to the root of the latter.
BETAS, EPSILON = (0.9, 0.999), 1e-7


def kernel_regression(count=11):
    """A network of fan2020 and one neuron's values, in float64."""
    model = kernel_network(5, (12, 8), activation("arctan"))
    initialise_gaussian(model, 2)
    inputs = torch.randn(count, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    return model.double(), Samples(inputs, torch.arctan(inputs[:, :1] - 2 * inputs[:, 1:2]))


def adam_by_hand(model, data, rates, keras=False):
    """Parameters after steps on all samples, and the gradients of the first step; in the form of algorithm 1, or with
    Keras's place of epsilon, rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)."""
    sigma = activation("arctan")
    parameters = [parameter.detach().clone().requires_grad_() for parameter in model.parameters()]
    means = [torch.zeros_like(parameter) for parameter in parameters]
    squares = [torch.zeros_like(parameter) for parameter in parameters]
    first = None
    for t, rate in enumerate(rates, 1):
        hidden = data.inputs
        for matrix in parameters[:-1]:
            hidden = sigma(hidden @ matrix.T) / len(matrix) ** 0.5
        value = ((hidden @ parameters[-1].T - data.targets) ** 2).sum() / len(data.targets)
        gradients = torch.autograd.grad(value, parameters)
        first = first or gradients
        for parameter, mean, square, gradient in zip(parameters, means, squares, gradients, strict=True):
            mean.mul_(BETAS[0]).add_((1 - BETAS[0]) * gradient)
            square.mul_(BETAS[1]).add_((1 - BETAS[1]) * gradient**2)
            unbiased, root = 1 - BETAS[0] ** t, (1 - BETAS[1] ** t) ** 0.5
            if keras:
                parameter.data -= rate * root / unbiased * mean / (square.sqrt() + EPSILON)
            else:
                parameter.data -= rate * (mean / unbiased) / (square.sqrt() / root + EPSILON)
    return parameters, first


@pytest.mark.parametrize("rates", [(0.01,), (0.01, 0.01, 0.004)])
def test_steps_of_adam_by_hand(rates):
    """Epsilon matters at this accuracy: gradients are 0.0003 to 0.6, so that torch's own 1e-8 would change every step
    by more than 1e-7 of it."""
    model, data = kernel_regression()
    expected, _ = adam_by_hand(model, data, rates)
    history = train(model, data, data, dataclasses.replace(ADAM, learning_rates=rates, batch_size=16))
    for parameter, value in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter, value, rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(history[:, 1], rates)


def test_the_first_step_is_kerass_but_for_the_place_of_epsilon():
    """Keras adds 1e-7 to the root of 0.001 g^2, torch to that of g^2: Keras's step is shorter, by a share of at most
    1e-7 (1 / sqrt(0.001) - 1) / |g| = 3.07e-6 / |g|."""
    model, data = kernel_regression()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    keras, gradients = adam_by_hand(model, data, (0.01,), keras=True)
    train(model, data, data, dataclasses.replace(ADAM, learning_rates=(0.01,), batch_size=16))
    for start, parameter, other, gradient in zip(before, model.parameters(), keras, gradients, strict=True):
        steps, others = (parameter.detach() - start).abs(), (other.detach() - start).abs()
        assert gradient.abs().min() > 1e-6
        shorter = (steps - others) / steps
        assert shorter.min() > 0
        assert (shorter * gradient.abs()).max() <= 3.07e-6


def adam_run(plan=ADAM, seed=1, **options):
    model = kernel_network(6, (9, 7), activation("arctan"))
    initialise_gaussian(model, seed)
    inputs = torch.randn(50, 6, generator=torch.Generator().manual_seed(3))
    data = Samples(inputs, torch.arctan(inputs[:, :1]))
    return model, train(model, data, data, plan, **options)


@pytest.mark.parametrize(("deadly", "epochs"), [(2, [0, 1, 2, 2, 3]), (3, [0, 1, 2, 3, 2, 3])])
def test_a_killed_run_of_adam_goes_on_to_the_same_weights(tmp_path, monkeypatch, deadly, epochs):
    """Killed right after a checkpoint, and an epoch later; both means and the number of steps are the run's own."""
    whole, history = adam_run()
    calls = die_in(monkeypatch, deadly)
    with pytest.raises(KeyboardInterrupt):
        adam_run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=2)
    resumed, rest = adam_run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=2)
    assert calls == epochs
    np.testing.assert_array_equal(history, rest)
    assert_equal(parameters_of(whole), parameters_of(resumed))
    assert history[-1, 2] < history[0, 2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"optimiser": "sgd", "momentum": 0.9}, {}),
        ({"optimiser": "sgd"}, {}),
        ({}, {"optimiser": "sgd", "momentum": 0.9}),
        ({}, {"optimiser": "sgd"}),
        ({"learning_rates": (0.01, 0.02, 0.03, 0.05)}, {}),
    ],
    ids=["momentum to Adam", "descent to Adam", "Adam to momentum", "Adam to descent", "Adam at other rates"],
)
def test_a_checkpoint_of_another_optimiser_is_said_and_passed_over(tmp_path, caplog, before, after):
    checkpoint = tmp_path / "state.h5"
    adam_run(dataclasses.replace(ADAM, **before), checkpoint=checkpoint, checkpoint_epochs=3)
    plan = dataclasses.replace(ADAM, **after)
    assert "training starts anew" not in caplog.text
    model, history = adam_run(plan, checkpoint=checkpoint, checkpoint_epochs=3)
    assert caplog.text.count("training starts anew") == 1
    assert str(checkpoint) in caplog.text
    again, same = adam_run(plan)
    np.testing.assert_array_equal(history, same)
    assert_equal(parameters_of(model), parameters_of(again))
