"""Other choices for mlp512's training change what they say, and nothing else."""

from __future__ import annotations

import importlib.util

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
    faster = script.CHOICES["learning rate 0.002"](made)
    np.testing.assert_allclose(faster.plan.learning_rates, [0.2, 0.1, 0.05])
    assert faster.train is made.train
    together = script.CHOICES["images standardised together"](made)
    assert together.plan is made.plan
    images = together.train.inputs.numpy()
    assert images.dtype == np.float32
    np.testing.assert_allclose(images.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(images.std((0, 2, 3)), 1, rtol=1e-5)
    np.testing.assert_array_equal(together.test.targets, made.test.targets)
    # Each image by itself has the same pattern: only its mean and its scale differ.
    one, other = (samples.inputs[0, 0].numpy().ravel() for samples in (together.test, made.test))
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(1, abs=1e-5)


def test_recorded_accuracies_are_of_these_choices(script):
    table = pd.read_csv(script.TABLE)
    assert set(table.choice) <= set(script.CHOICES)
    assert set(table.alpha) <= set(script.ALPHAS)
    assert not table.duplicated(["choice", "seed", "alpha"]).any()
