"""Training with frozen layers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from deepspectra.nn.networks import (
    ORDER_STREAM,
    parameters_of,
)
from deepspectra.runtime.seeds import generator
from deepspectra.train.training import train

from .runs import PLAN, assert_equal, die_in, network, samples


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
