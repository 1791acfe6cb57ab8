"""Training: against a step by hand, resumed to the bit, and what a checkpoint of something else does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from deepspectra.data.tasks import Samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.lenet import lenet
from deepspectra.nn.architectures.minialexnet import minialexnet
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import (
    ORDER_STREAM,
    initialise_default,
    initialise_gaussian,
    initialise_glorot,
    parameters_of,
)
from deepspectra.runtime.seeds import generator
from deepspectra.train import training
from deepspectra.train.augmentation import Shifts
from deepspectra.train.optimisers import Optimiser
from deepspectra.train.training import DivergedError, Plan, accuracy, train

PLAN = Plan(
    learning_rates=(0.05, 0.04, 0.03, 0.02), batch_size=8, momentum=0.9, l2=0.0, output_scale=1.0, crop=None, seed=3
)


def samples(count, seed=0, side=6):
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (count,), generator=rng)
    images = torch.randn(count, 3, side, side, generator=rng)
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


def regression(seed=5, count=50):
    """A network and samples with values that a quadratic function of the inputs gives."""
    inputs = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    model = feed_forward([12, 6], 4, 1)
    initialise_default(model, seed)
    return model, Samples(inputs, inputs[:, :1] * inputs[:, 1:2] + inputs[:, 2:3])


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name], err_msg=name)


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


def die_in(monkeypatch, deadly):
    """Interrupt the next training once, when it begins an epoch; the list that epochs are written to as they begin."""
    real, calls = training._epoch, []

    def dying(model, data, plan, optimiser, epoch, bar):
        calls.append(epoch)
        if epoch == deadly and calls.count(deadly) == 1:
            raise KeyboardInterrupt
        return real(model, data, plan, optimiser, epoch, bar)

    monkeypatch.setattr(training, "_epoch", dying)
    return calls


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


ADAM = Plan(learning_rates=(0.01, 0.02, 0.03, 0.04), batch_size=8, optimiser="adam", loss="squared", seed=3)

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


def large(plan, **changes):
    """A learning rate that no network bears."""
    return dataclasses.replace(plan, **{"learning_rates": (0.01, 1e30, 1e30, 1e30)} | changes)


def run_of(plan):
    model, data = (network(), samples(60)) if plan.loss == "cross_entropy" else regression()
    return lambda **options: train(model, data, data, plan, **options)


@pytest.mark.parametrize(
    "plan", [PLAN, dataclasses.replace(PLAN, loss="squared"), ADAM], ids=["labels", "values", "Adam"]
)
def test_training_stops_in_the_epoch_that_diverges_and_says_which(plan, monkeypatch):
    calls = die_in(monkeypatch, None)
    with pytest.raises(DivergedError) as caught:
        run_of(large(plan))(description="mine")
    assert calls == [0, 1]
    found = "mine: training diverged: the loss or a weight is not finite in epoch 2 of 4, at learning rate 1e+30. "
    assert str(caught.value) == found + "Take a smaller learning_rate in the paper's training settings."
    assert (caught.value.epoch, caught.value.learning_rate) == (2, 1e30)
    # The epochs before are those of a training that ends there.
    expected = run_of(dataclasses.replace(plan, learning_rates=(0.01,)))()
    np.testing.assert_array_equal(caught.value.history, expected)


def test_a_small_output_scale_is_named_too():
    with pytest.raises(DivergedError, match=r"training settings or a larger alpha than 0\.1"):
        run_of(large(PLAN, output_scale=0.1))()


def test_the_rest_of_an_epoch_that_diverges_is_not_trained(monkeypatch):
    """Two hundred steps in an epoch, of which the first fifty are the last."""
    steps, real = [], Optimiser.step
    monkeypatch.setattr(Optimiser, "step", lambda self: steps.append(1) or real(self))
    with pytest.raises(DivergedError, match="in epoch 1 of 1"):
        train(network(), samples(200), samples(40, 1), large(PLAN, learning_rates=(1e30,), batch_size=1))
    assert len(steps) == 50


def test_weights_that_overflow_in_the_last_step_are_seen():
    """The only loss is finite: it was met before the step."""
    with pytest.raises(DivergedError, match="in epoch 1 of 1"):
        run_of(large(PLAN, learning_rates=(1e39,), batch_size=60))()


def test_a_training_that_diverges_again_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    plan = large(PLAN, learning_rates=(0.05, 0.04, 1e30))
    for expected in ([0, 1, 2], [2]):
        calls = die_in(monkeypatch, None)
        with pytest.raises(DivergedError, match="in epoch 3 of 3"):
            run_of(plan)(checkpoint=tmp_path / "state.h5", checkpoint_epochs=2)
        assert calls == expected
        monkeypatch.undo()


def frozen_run(frozen=("dense1.weight", "dense2.bias"), plan=PLAN, **options):
    model = network()
    for name in frozen:
        model.get_parameter(name).requires_grad_(False)
    history = train(model, samples(60), samples(40, 1), plan, **options)
    return parameters_of(model), history


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_frozen_layers_stay_and_the_others_move_as_in_torch(optimiser):
    plan = dataclasses.replace(PLAN, optimiser=optimiser, learning_rates=(0.01,), batch_size=60, weight_decay=0.1)
    initial, (found, _) = parameters_of(network()), frozen_run(plan=plan)
    model, data = network(), samples(60)
    moving = {name: value for name, value in model.named_parameters() if name not in ("dense1.weight", "dense2.bias")}
    options = {"weight_decay": 0.1, "lr": 0.01}
    if optimiser == "adam":
        by_torch = torch.optim.Adam(moving.values(), eps=1e-7, **options)
    else:
        by_torch = torch.optim.SGD(moving.values(), momentum=0.9, **options)
    order = torch.randperm(60, generator=generator(PLAN.seed, ORDER_STREAM, 0))
    torch.nn.functional.cross_entropy(model(data.inputs[order]), data.targets[order]).backward()
    by_torch.step()
    for name, value in model.named_parameters():
        key = name.replace(".", "/")
        np.testing.assert_allclose(found[key], value.detach().numpy(), rtol=1e-6, atol=1e-7)
        assert np.array_equal(found[key], initial[key]) == (name not in moving)


@pytest.mark.parametrize("plan", [PLAN, dataclasses.replace(PLAN, optimiser="adam")], ids=["momentum", "Adam"])
def test_a_killed_run_with_frozen_layers_goes_on_to_the_same_weights(tmp_path, monkeypatch, plan):
    whole, history = frozen_run(plan=plan)
    calls = die_in(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        frozen_run(plan=plan, checkpoint=tmp_path / "state.h5", checkpoint_epochs=2)
    resumed, rest = frozen_run(plan=plan, checkpoint=tmp_path / "state.h5", checkpoint_epochs=2)
    assert calls == [0, 1, 2, 2, 3]
    np.testing.assert_array_equal(history, rest)
    assert_equal(whole, resumed)


def test_a_checkpoint_with_other_layers_frozen_is_of_another_run(tmp_path, caplog):
    frozen_run(checkpoint=tmp_path / "state.h5", checkpoint_epochs=3)
    found, _ = frozen_run(("output.weight",), checkpoint=tmp_path / "state.h5", checkpoint_epochs=3)
    assert "training starts anew" in caplog.text
    assert_equal(found, frozen_run(("output.weight",))[0])
