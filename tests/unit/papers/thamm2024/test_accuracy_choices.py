"""Other choices for mlp512's training change what they say, and nothing else."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepspectra.papers.thamm2024.recipe import recipe
from tests import ROOT

NETWORK = {"architecture": "mlp", "hidden": [8], "crop": None, "l2": 0.0, "alpha": 0.5, "seed": 5}
TRAINING = {"images": 10, "test_images": 6, "epochs": 3, "batch_size": 32, "learning_rate": 0.1}


@pytest.fixture
def script(monkeypatch, cifar10):
    spec = importlib.util.spec_from_file_location("accuracy_choices", ROOT / "resources" / "accuracy_choices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "DATA", cifar10)
    return module


def test_one_choice_is_changed_at_a_time(script, cifar10):
    made = recipe(NETWORK, TRAINING | {"decay": 0.5, "momentum": 0.95}, cifar10)
    assert script.CHOICES["as assumed"](made) is made
    faster = script.CHOICES["learning rate twice"](made)
    np.testing.assert_allclose(faster.plan.learning_rates, [0.2, 0.1, 0.05])
    assert replace(faster.plan, learning_rates=made.plan.learning_rates) == made.plan
    assert (faster.model, faster.train, faster.test) == (made.model, made.train, made.test)
    together = script.CHOICES["images standardised together"](made)
    assert together.plan is made.plan
    images = together.train.inputs.numpy()
    assert images.dtype == np.float32
    np.testing.assert_allclose(images.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.std((0, 2, 3)), 1, rtol=1e-5)
    for own, other in ((together.train, made.train), (together.test, made.test)):
        np.testing.assert_array_equal(own.targets, other.targets)
    # Each image by itself has the same pattern: only its mean and its scale differ.
    one, other = (samples.inputs[0, 0].numpy().ravel() for samples in (together.test, made.test))
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(1, abs=1e-5)


def test_recorded_accuracies_are_of_these_choices(script):
    table = pd.read_csv(script.TABLE)
    assert set(table.choice) <= set(script.CHOICES)
    assert set(table.alpha) <= set(script.ALPHAS)
    assert not table.duplicated(["choice", "seed", "alpha"]).any()
    for row in table[table.choice == "as assumed"].itertuples():
        name = f"mlp512_seed{row.seed}" + (f"_alpha{row.alpha:g}" if row.alpha != 1 else "")
        history = pd.read_csv(ROOT / f"resources/record/record/networks/{name}_history.csv.gz")
        assert row.test_accuracy == history.test_accuracy[history.epoch == script.EPOCHS].item()
