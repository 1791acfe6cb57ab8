"""How Fan and Wang (2020) train their networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.data.tasks import Samples
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import initialise_gaussian
from deepspectra.train.training import Plan, Recipe

__all__ = ["recipe"]


def recipe(network: Mapping[str, Any], training: Mapping[str, Any], path: str | Path | None) -> Recipe:
    """Independent N(0, 1) weights in the NTK parametrisation, and Adam at a constant learning rate (section 4.3).

    :param network: as :func:`deepspectra.data.kernel_tasks.load_kernel_task` takes it. :param training: likewise.
    :param path: CIFAR-10, or None where the samples are drawn at random.
    """
    task, seed = load_kernel_task(network, training, path), network["seed"]
    train, test = (Samples(part.inputs.float(), part.targets.float()) for part in (task.train, task.test))
    model = kernel_network(train.inputs.shape[1], network["hidden"], activation(network["activation"]))
    initialise_gaussian(model, seed)
    rates = (training["learning_rate"],) * training["epochs"]
    plan = Plan(learning_rates=rates, batch_size=training["batch_size"], optimiser="adam", loss=task.loss, seed=seed)
    return Recipe(model, train, test, plan)
