"""Training that diverges: it stops, says where, and goes on from its checkpoint."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from deepspectra.train.optimisers import Optimiser
from deepspectra.train.training import DivergedError, train

from .runs import ADAM, PLAN, die_in, network, regression, samples


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
