"""How Thamm, Staats and Rosenow (2024) train their networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspectra.data.standardised import load_standardised
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import CLASSES, image_inputs
from deepspectra.nn.networks import initialise_glorot
from deepspectra.train.training import Plan, Recipe

__all__ = ["recipe"]


def recipe(network: Mapping[str, Any], training: Mapping[str, Any], path: str | Path) -> Recipe:
    """Glorot-uniform weights, SGD with momentum, and a learning rate that decays by a factor each epoch.

    :param network: ``architecture``, ``hidden``, ``crop``, ``l2``, ``alpha``, ``seed``.
    :param training: the paper's training settings, with the network's own numbers of images and epochs.
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
