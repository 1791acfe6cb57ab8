"""Training: against a step by hand, resumed to the bit, and what a checkpoint of something else does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from deepspectra import training
from deepspectra.networks import feed_forward, initialise_glorot, minialexnet, parameters_of
from deepspectra.training import Plan, Samples, accuracy, centre_crops, random_crops, train

PLAN = Plan(
    learning_rates=(0.05, 0.04, 0.03, 0.02), batch_size=8, momentum=0.9, l2=0.0, output_scale=1.0, crop=None, seed=3
)


def samples(count, seed=0, side=6):
    source = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=source)
    images = torch.randn(count, 3, side, side, generator=source)
    images[:, 0] += labels[:, None, None] / 3  # something to learn
    return Samples(images, labels)


def network(seed=5, side=6):
    model = feed_forward([16, 12], inputs=3 * side**2)
    initialise_glorot(model, seed)
    return model


def trained(plan=PLAN, checkpoint=None, **options):
    model = network()
    history = train(model, samples(60), samples(40, 1), plan, checkpoint=checkpoint, **options)
    return parameters_of(model), history


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)


def test_one_step_by_hand():
    """W1 = W0 - rate * (grad + 2 l2 W0), the gradient by finite differences of the loss as the paper writes it."""
    model, data, alpha, l2 = network().double(), samples(8), 2.5, 0.01
    data = Samples(data.images.double(), data.labels)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}

    def loss():
        with torch.no_grad():
            outputs = torch.log_softmax(alpha * model(data.images), 1)
        return float(-outputs[torch.arange(8), data.labels].sum() / (8 * alpha**2))

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
    real, calls = training._epoch, []

    def dying(model, data, plan, optimiser, epoch, bar):
        calls.append(epoch)
        if epoch == 2 and calls.count(2) == 1:
            raise KeyboardInterrupt
        return real(model, data, plan, optimiser, epoch, bar)

    monkeypatch.setattr(training, "_epoch", dying)
    with pytest.raises(KeyboardInterrupt):
        trained(checkpoint=checkpoint, checkpoint_epochs=2)
    resumed, rest = trained(checkpoint=checkpoint, checkpoint_epochs=2)
    assert calls == [0, 1, 2, 2, 3]
    assert_equal(whole, resumed)
    np.testing.assert_array_equal(history, rest)


@pytest.mark.parametrize("damage", ["another plan", "cut short", "other initial weights"])
def test_a_checkpoint_of_no_use_is_said_and_passed_over(tmp_path, caplog, damage):
    checkpoint, plan = tmp_path / "state.h5", PLAN
    before = dataclasses.replace(PLAN, momentum=0.5) if damage == "another plan" else PLAN
    trained(before, checkpoint, checkpoint_epochs=3)
    if damage == "cut short":
        checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    model = network(6 if damage == "other initial weights" else 5)
    again = network(6 if damage == "other initial weights" else 5)
    train(model, samples(60), samples(40, 1), plan, checkpoint=checkpoint, checkpoint_epochs=3)
    assert "training starts anew" in caplog.text
    train(again, samples(60), samples(40, 1), plan)
    assert_equal(parameters_of(model), parameters_of(again))


def test_random_crops_are_squares_of_the_images():
    images = torch.arange(2 * 3 * 8 * 8.0).reshape(2, 3, 8, 8)
    crops = random_crops(images, 5, torch.Generator().manual_seed(1))
    assert crops.shape == (2, 3, 5, 5)
    for image, crop in zip(images, crops, strict=True):
        places = [(i, j) for i in range(4) for j in range(4) if torch.equal(image[:, i : i + 5, j : j + 5], crop)]
        assert len(places) == 1
    many = random_crops(images[:1].expand(500, -1, -1, -1), 5, torch.Generator().manual_seed(2))
    assert len({float(crop[0, 0, 0]) for crop in many}) == 16
    torch.testing.assert_close(centre_crops(images, 4), images[:, :, 2:6, 2:6])


def test_accuracy_counts_right_answers_in_blocks(monkeypatch):
    monkeypatch.setattr(training, "_EVALUATED_AT_ONCE", 7)
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
