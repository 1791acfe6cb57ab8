"""Training: against a step by hand, resumed to the bit, and what a checkpoint of something else does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from deepspectra.data.tasks import Samples
from deepspectra.nn.architectures.lenet import lenet
from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.networks import (
    initialise_default,
    initialise_glorot,
    parameters_of,
)
from deepspectra.train import training
from deepspectra.train.augmentation import Shifts
from deepspectra.train.training import Plan, accuracy, train

from .runs import PLAN, assert_equal, die_in, network, regression, samples, trained


def test_one_step_by_hand():
    """W1 = W0 - rate * (grad + 2 l2 W0), the gradient by finite differences of the loss as the paper writes it."""
    model, data, alpha, l2 = network().double(), samples(8), 2.5, 0.01
    data = Samples(data.inputs.double(), data.targets)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}

    def loss():
        with torch.no_grad():
            outputs = torch.log_softmax(alpha * model(data.inputs), 1)
        return float(-outputs[torch.arange(8), data.targets].sum() / (8 * alpha**2))

    expected = {}
    for name, index in (("dense2.weight", (3, 4)), ("output.bias", (2,)), ("dense1.weight", (0, 7))):
        parameter = dict(model.named_parameters())[name]
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter[index] += sign * 1e-5
                values.append(loss())
                parameter[index] -= sign * 1e-5
        penalty = 2 * l2 * float(before[name][index]) if name.endswith("weight") else 0.0
        expected[name, index] = float(before[name][index]) - 0.05 * ((values[0] - values[1]) / 2e-5 + penalty)
    plan = dataclasses.replace(PLAN, learning_rates=(0.05,), l2=l2, output_scale=alpha)
    train(model, data, data, plan)
    after = dict(model.named_parameters())
    for (name, index), value in expected.items():
        assert float(after[name].detach()[index]) == pytest.approx(value, abs=1e-9)


def test_equal_seeds_give_equal_weights_and_others_do_not():
    first, history = trained()
    again, same = trained()
    assert_equal(first, again)
    np.testing.assert_array_equal(history, same)
    other, _ = trained(dataclasses.replace(PLAN, seed=4))
    assert not np.array_equal(first["dense1/weight"], other["dense1/weight"])


def test_the_history_tells_what_happened():
    _, history = trained()
    assert history.shape == (4, 5)
    np.testing.assert_array_equal(history[:, 0], [1, 2, 3, 4])
    np.testing.assert_allclose(history[:, 1], PLAN.learning_rates)
    assert history[-1, 2] < history[0, 2]
    assert np.all((history[:, 3:] >= 0) & (history[:, 3:] <= 1))


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    """Killed in the third epoch, after a checkpoint of the second: equal to the bit, history included."""
    whole, history = trained()
    checkpoint = tmp_path / "state.h5"
    calls = die_in(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=checkpoint, checkpoint_epochs=2)
    resumed, rest = trained(checkpoint=checkpoint, checkpoint_epochs=2)
    assert calls == [0, 1, 2, 2, 3]
    assert_equal(whole, resumed)
    np.testing.assert_array_equal(history, rest)


def test_epochs_that_take_long_have_a_checkpoint_each(tmp_path, monkeypatch):
    """However many epochs the settings ask for; those that take a moment have none between."""
    checkpoint = tmp_path / "state.h5"
    whole, history = trained()
    calls = die_in(monkeypatch, 3)
    for seconds in (float("inf"), 0):
        monkeypatch.setattr(training, "CHECKPOINT_SECONDS", seconds)
        calls.clear()
        with pytest.raises(KeyboardInterrupt):
            trained(checkpoint=checkpoint, checkpoint_epochs=100)
        assert checkpoint.exists() == (seconds == 0)
    resumed, rest = trained(checkpoint=checkpoint, checkpoint_epochs=100)
    assert calls == [0, 1, 2, 3, 3]
    assert_equal(whole, resumed)
    np.testing.assert_array_equal(history, rest)


DAMAGES = ["another plan", "cut short", "other initial weights", "another loss", "momentum", "other code"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_checkpoint_of_no_use_is_said_and_passed_over(tmp_path, caplog, damage):
    checkpoint, plan = tmp_path / "state.h5", PLAN
    changes = {"another plan": {"batch_size": 7}, "momentum": {"momentum": 0.0}}.get(damage, {})
    before = dataclasses.replace(PLAN, **changes)
    trained(before, checkpoint, checkpoint_epochs=3, code="before" if damage == "other code" else "")
    if damage == "another loss":
        # A regression's, whose history has other columns.
        model, data = regression()
        train(model, data, data, dataclasses.replace(PLAN, loss="squared"), checkpoint=checkpoint, checkpoint_epochs=3)
    if damage == "cut short":
        checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    model = network(6 if damage == "other initial weights" else 5)
    again = network(6 if damage == "other initial weights" else 5)
    train(model, samples(60), samples(40, 1), plan, checkpoint=checkpoint, checkpoint_epochs=3)
    assert "training starts anew" in caplog.text
    train(again, samples(60), samples(40, 1), plan)
    assert_equal(parameters_of(model), parameters_of(again))


def test_accuracy_counts_right_answers_in_blocks(monkeypatch):
    monkeypatch.setattr(training, "_EVALUATION_BATCH", 7)
    labels = torch.arange(20) % 10
    images = torch.zeros(20, 3, 2, 2)
    images[:, 0, 0, 0] = (labels + (torch.arange(20) < 5)) % 10

    def model(batch):
        return torch.nn.functional.one_hot(batch[:, 0, 0, 0].long(), 10)

    assert accuracy(model, Samples(images, labels)) == 15 / 20


def test_minialexnet_learns_with_crops_and_goes_on_after_a_kill(tmp_path, monkeypatch):
    """The places of the crops and the penalty are those of an uninterrupted run, to the bit."""
    data = samples(24, side=32)
    plan = dataclasses.replace(PLAN, learning_rates=(0.01,) * 3, crop=28, l2=1e-4)

    def run(**options):
        model = minialexnet(28)
        initialise_glorot(model, 1)
        history = train(model, data, data, plan, **options)
        return history, parameters_of(model)

    history, whole = run()
    assert history[-1, 2] < history[0, 2]
    real = training._epoch

    def dying(model, data, plan, optimiser, epoch, bar):
        if epoch == 2:
            raise KeyboardInterrupt
        return real(model, data, plan, optimiser, epoch, bar)

    with monkeypatch.context() as patched:
        patched.setattr(training, "_epoch", dying)
        with pytest.raises(KeyboardInterrupt):
            run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=1)
    rest, resumed = run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=1)
    np.testing.assert_array_equal(history, rest)
    assert_equal(whole, resumed)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_two_steps_by_hand_with_decay_of_all_parameters(loss):
    """v = momentum v + grad + decay p, p = p - rate v, with the gradient of the loss as written out here."""
    model, data = regression(count=9)
    if loss == "cross_entropy":
        model = feed_forward([12, 6], 4, 3)
        initialise_default(model, 2)
        data = Samples(data.inputs, torch.arange(9) % 3)
    targets = data.targets.double() if loss == "squared" else data.targets
    model, data = model.double(), Samples(data.inputs.double(), targets)
    parameters = [parameter.detach().clone().requires_grad_() for parameter in model.parameters()]
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    for rate in (0.2, 0.1):
        hidden = data.inputs
        for place in (0, 2, 4):
            hidden = hidden @ parameters[place].T + parameters[place + 1]
            hidden = hidden.clamp(min=0) if place < 4 else hidden
        if loss == "squared":
            value = ((hidden - data.targets) ** 2).sum() / 9
        else:
            value = (hidden.exp().sum(1).log() - hidden[torch.arange(9), data.targets]).sum() / 9
        gradients = torch.autograd.grad(value, parameters)
        for parameter, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
            velocity.mul_(0.9).add_(gradient + 0.3 * parameter.detach())
            parameter.data -= rate * velocity
    plan = Plan(learning_rates=(0.2, 0.1), batch_size=16, momentum=0.9, weight_decay=0.3, loss=loss, seed=1)
    train(model, data, data, plan)
    for parameter, expected in zip(model.parameters(), parameters, strict=True):
        torch.testing.assert_close(parameter, expected, rtol=1e-10, atol=1e-12)


def test_the_history_of_a_regression_has_its_test_loss_and_readout(monkeypatch):
    monkeypatch.setattr(training, "_EVALUATION_BATCH", 7)
    model, data = regression()
    _, test = regression(seed=6, count=20)
    plan = Plan(learning_rates=(0.05,) * 20, batch_size=10, momentum=0.9, loss="squared", seed=1)
    history = train(model, data, test, plan)
    assert history.shape == (20, len(training.HISTORY_COLUMNS["squared"]))
    with torch.no_grad():
        expected = float(((model(test.inputs) - test.targets) ** 2).mean())
    assert history[-1, 3] == pytest.approx(expected, rel=1e-5)
    *_, last = (parameter for parameter in model.parameters() if parameter.ndim == 2)
    assert history[-1, 4] == pytest.approx(float((last.double() ** 2).mean()))
    assert history[-1, 4] != history[0, 4]
    # Far below the mean square of the values, which is what a constant leaves.
    assert history[-1, 2] < 0.2 * history[0, 2]


def lenet_run(**options):
    data = samples(24, side=32)
    model = lenet()
    initialise_default(model, 1)
    plan = Plan(learning_rates=(0.05,) * 3, batch_size=8, momentum=0.9, weight_decay=5e-4, seed=3)
    plan = dataclasses.replace(plan, shifts=Shifts(4, (-1.0, -2.0, -3.0)))
    return model, train(model, data, data, plan, **options)


def regression_run(**options):
    model, data = regression()
    plan = Plan(learning_rates=(0.05, 0.04, 0.03), batch_size=8, momentum=0.0, loss="squared", seed=3)
    return model, train(model, data, data, plan, **options)


@pytest.mark.parametrize("run", [lenet_run, regression_run])
def test_flips_and_values_go_on_to_the_same_weights_after_a_kill(tmp_path, monkeypatch, run):
    """The one with shifted images, the other without momentum, so that there is none to be kept."""
    whole, history = run()
    calls = die_in(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=1)
    resumed, rest = run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=1)
    assert calls == [0, 1, 2, 2]
    np.testing.assert_array_equal(history, rest)
    assert_equal(parameters_of(whole), parameters_of(resumed))


def test_shifts_are_for_training_alone(monkeypatch):
    """Every batch of it gets them, and no test image."""
    seen = []
    monkeypatch.setattr(training, "flip_and_shift", lambda images, shifts, rng: seen.append(len(images)) or images)
    lenet_run()
    assert seen == [8] * 9
