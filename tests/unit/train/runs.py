"""Small trainings that tests share, and a way to interrupt them."""

from __future__ import annotations

import numpy as np
import torch

from deepspectra.data.tasks import Samples
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.networks import (
    initialise_default,
    initialise_glorot,
    parameters_of,
)
from deepspectra.train import training
from deepspectra.train.training import Plan, train

PLAN = Plan(
    learning_rates=(0.05, 0.04, 0.03, 0.02), batch_size=8, momentum=0.9, l2=0.0, output_scale=1.0, crop=None, seed=3
)


ADAM = Plan(learning_rates=(0.01, 0.02, 0.03, 0.04), batch_size=8, optimiser="adam", loss="squared", seed=3)


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
