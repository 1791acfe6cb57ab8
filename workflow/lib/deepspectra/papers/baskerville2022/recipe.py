"""How Baskerville, Granziol and Keating (2022) train their networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.data.loading import load_task
from deepspectra.data.sets import data_set
from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import CHANNELS
from deepspectra.nn.networks import initialise_default
from deepspectra.train.augmentation import Shifts
from deepspectra.train.training import Plan, Recipe

__all__ = ["linear_decay", "recipe"]

#: Largest shift of a CIFAR-10 training image, in pixels.
_MARGIN = 4


def recipe(network: Mapping[str, Any], training: Mapping[str, Any], path: str | Path) -> Recipe:
    """PyTorch's default initial weights, weight decay of all parameters, and a learning rate that falls linearly.

    :param network: its entry in the settings. :param path: its data.
    :param training: the paper's training settings, with the network's own number of epochs.
    """
    task = load_task(network, path, dtype=torch.float32)
    inputs, outputs = task.train.inputs[0].numel(), data_set(network["data"]).outputs
    model = architecture(network["architecture"]).build(network, inputs, outputs)
    initialise_default(model, network["seed"])
    black = normalise_cifar10(np.zeros((1, 1, 1, CHANNELS), np.uint8)).ravel()
    plan = Plan(
        learning_rates=linear_decay(training),
        **{key: training[key] for key in ("batch_size", "momentum", "weight_decay")},
        loss=task.loss,
        shifts=Shifts(_MARGIN, tuple(black.tolist())) if network["data"] == "cifar10" else None,
        seed=network["seed"],
    )
    return Recipe(model, task.train, task.test, plan)


def linear_decay(training: Mapping[str, Any]) -> tuple[float, ...]:
    """The learning rate of each epoch: constant, then falling linearly, then constant again.

    It depends on the fraction of epochs completed when an epoch begins, as in the authors' code: with a decay from 0.5
    to 0.9 of 300 epochs, epoch 151 is the last at the first rate and epoch 271 the first at the last.
    """
    first, last = training["learning_rate"], training["final_learning_rate"]
    start, end, epochs = training["decay_start"], training["decay_end"], training["epochs"]
    fallen = [min(max((epoch / epochs - start) / (end - start), 0.0), 1.0) for epoch in range(epochs)]
    return tuple((1 - share) * first + share * last for share in fallen)
