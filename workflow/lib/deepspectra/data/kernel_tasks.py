"""What the networks of fan2020 learn: one neuron's outputs on the sphere, or two classes of CIFAR-10."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspectra.data.samples import choose_images, columns_of, principal_components, sphere_samples, unit_rest
from deepspectra.data.tasks import Part, Samples, Task, read_cifar10
from deepspectra.nn.activations import activation
from deepspectra.nn.images import CIFAR10_CLASSES
from deepspectra.runtime.errors import UserError

__all__ = ["load_kernel_task"]

# Inputs (d_0, count) and targets (1, count), float64.
_Columns = tuple[np.ndarray, np.ndarray]


def load_kernel_task(network: Mapping[str, Any], training: Mapping[str, Any], path: str | Path | None) -> Task:
    """Inputs (count, d_0) of unit norm and targets (count, 1), float64, for a network of fan2020.

    :param network: ``data`` and ``seed``; for sphere also ``input_dimension`` and ``activation``, for cifar10
        ``classes`` and ``removed_components``.
    :param training: ``samples``, ``test_samples``.
    :param path: CIFAR-10; not used for the sphere.
    :raises UserError: if the file is not what it must be, holds fewer images, or nothing is left of one.
    """
    counts: dict[Part, int] = {"train": training["samples"], "test": training["test_samples"]}
    columns = _sphere(network, counts) if network["data"] == "sphere" else _two_classes(network, counts, str(path))
    train, test = (Samples(*(torch.from_numpy(array.T.copy()) for array in columns[part])) for part in counts)
    return Task(train, test, "squared")


def _sphere(network: Mapping[str, Any], counts: Mapping[Part, int]) -> dict[Part, _Columns]:
    """Points of the unit sphere, y = sigma(x'v) with one v of norm sqrt(d_0) (section 4.3)."""
    rng, dimension = np.random.default_rng(network["seed"]), network["input_dimension"]
    train = sphere_samples(dimension, counts["train"], rng)
    direction = np.sqrt(dimension) * sphere_samples(dimension, 1, rng)
    test = sphere_samples(dimension, counts["test"], rng)
    sigma = activation(network["activation"])
    return {"train": (train, sigma(direction.T @ train)), "test": (test, sigma(direction.T @ test))}


def _two_classes(network: Mapping[str, Any], counts: Mapping[Part, int], path: str) -> dict[Part, _Columns]:
    """Images of two classes, y = 1 and -1, all without the training images' mean and components (section 4.2)."""
    labels = [CIFAR10_CLASSES.index(name) for name in network["classes"]]
    indices, inputs, targets = {}, {}, {}
    for part, count in counts.items():
        images, found = read_cifar10(path, part)
        all_labels = found.numpy()
        of_classes = np.flatnonzero(np.isin(all_labels, labels))
        if count > len(of_classes):
            raise UserError(f"{path}: {count} {part} images of two classes are asked for, it has {len(of_classes)}")
        indices[part] = chosen = of_classes[choose_images(count, len(of_classes), network["seed"])]
        inputs[part] = columns_of(images[chosen])
        targets[part] = np.where(all_labels[chosen] == labels[0], 1.0, -1.0)[None]
    components = principal_components(inputs["train"], network["removed_components"])
    rest = {part: unit_rest(x, components, indices[part], f"{part} image") for part, x in inputs.items()}
    return {part: (rest[part], targets[part]) for part in counts}
