"""How each paper trains its networks: initial weights, samples and plan from an entry of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepspectra.data.preprocessing import normalise_cifar10
from deepspectra.data.tasks import Samples, load_kernel_task, load_standardised, load_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import architecture
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.images import CHANNELS, CLASSES, DATA_SIZES, image_inputs
from deepspectra.nn.networks import initialise_default, initialise_gaussian, initialise_glorot
from deepspectra.train.augmentation import Shifts
from deepspectra.train.training import Plan

#: Pixels by which CIFAR-10's images are moved in the training of baskerville2022.
MARGIN = 4


@dataclass(frozen=True)
class Recipe:
    """A network with its initial weights, float32 samples, and how it is trained; on the CPU."""

    model: nn.Module
    train: Samples
    test: Samples
    plan: Plan


def thamm2024(network: Mapping, training: Mapping, path: str | Path) -> Recipe:
    """Glorot-uniform weights, and a rate that falls by a factor from epoch to epoch.

    :param network: ``architecture``, ``hidden``, ``crop``, ``l2``, ``alpha``, ``seed``.
    :param training: of the configuration, with this network's own images and epochs.
    :param path: CIFAR-10.
    """
    model = architecture(network["architecture"]).build(network, image_inputs(network["crop"]), CLASSES)
    initialise_glorot(model, network["seed"])
    plan = Plan(
        learning_rates=tuple(training["learning_rate"] * training["decay"] ** n for n in range(training["epochs"])),
        batch_size=training["batch_size"],
        momentum=training["momentum"],
        l2=network["l2"],
        output_scale=network["alpha"],
        crop=network["crop"],
        seed=network["seed"],
    )
    train = load_standardised(path, "train", training["images"])
    return Recipe(model, train, load_standardised(path, "test", training["test_images"]), plan)


def baskerville2022(network: Mapping, training: Mapping, path: str | Path) -> Recipe:
    """torch's own initial weights, decay of all parameters, and a rate that falls linearly.

    :param network: as :func:`deepspectra.data.tasks.load_samples` takes it, with ``architecture``, ``hidden``,
        ``activation``.
    :param training: of the configuration, with this network's own epochs.
    :param path: the network's data.
    """
    task = load_task(network, path, dtype=torch.float32)
    inputs, outputs = task.train.inputs[0].numel(), DATA_SIZES[network["data"]][1]
    model = architecture(network["architecture"]).build(network, inputs, outputs)
    initialise_default(model, network["seed"])
    black = normalise_cifar10(np.zeros((1, 1, 1, CHANNELS), np.uint8)).ravel()
    plan = Plan(
        learning_rates=linear_decay(training),
        batch_size=training["batch_size"],
        momentum=training["momentum"],
        weight_decay=training["weight_decay"],
        loss=task.loss,
        shifts=Shifts(MARGIN, tuple(black.tolist())) if network["data"] == "cifar10" else None,
        seed=network["seed"],
    )
    return Recipe(model, task.train, task.test, plan)


def fan2020(network: Mapping, training: Mapping, path: str | Path | None) -> Recipe:
    """Independent N(0, 1) weights in the NTK parametrisation, and Adam at one rate (section 4.3).

    :param network: as :func:`deepspectra.data.tasks.load_kernel_task` takes it, with ``hidden`` and ``activation``.
    :param training: ``samples``, ``test_samples``, ``epochs``, ``batch_size``, ``learning_rate``.
    :param path: CIFAR-10, or None where the samples are drawn.
    """
    task = load_kernel_task(network, training, path)
    train, test = (Samples(part.inputs.float(), part.targets.float()) for part in (task.train, task.test))
    model = kernel_network(train.inputs.shape[1], network["hidden"], activation(network["activation"]))
    initialise_gaussian(model, network["seed"])
    plan = Plan(
        learning_rates=(training["learning_rate"],) * training["epochs"],
        batch_size=training["batch_size"],
        optimiser="adam",
        loss=task.loss,
        seed=network["seed"],
    )
    return Recipe(model, train, test, plan)


def linear_decay(training: Mapping) -> tuple[float, ...]:
    """The learning rate of each epoch: constant, then falling linearly, then constant.

    It depends on the share of the epochs that are over when an epoch begins, as in the authors' code: with a decay from
    0.5 to 0.9 of 300 epochs the 151st is the last at the first rate, the 271st the first at the last.
    """
    first, last = training["learning_rate"], training["final_learning_rate"]
    start, end, epochs = training["decay_start"], training["decay_end"], training["epochs"]
    fallen = [min(max((epoch / epochs - start) / (end - start), 0.0), 1.0) for epoch in range(epochs)]
    return tuple((1 - share) * first + share * last for share in fallen)


#: Paper -> how it trains.
RECIPES: dict[str, Callable[[Mapping, Mapping, str | Path | None], Recipe]] = {
    "thamm2024": thamm2024,
    "baskerville2022": baskerville2022,
    "fan2020": fan2020,
}
