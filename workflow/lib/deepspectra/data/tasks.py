"""What a network has to learn: samples from its data file, in the form that it takes, and its loss.

Training and curvature take a network's samples from here, so that both see the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from deepspectra.data.preprocessing import normalise_cifar10, normalise_mnist, split_bike
from deepspectra.data.samples import choose_images, columns_of, principal_components, sphere_samples
from deepspectra.nn.activations import activation
from deepspectra.nn.images import CHANNELS, CIFAR10_CLASSES, IMAGE_SIDE
from deepspectra.nn.losses import Loss
from deepspectra.nn.networks import standardise_images
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

Part = Literal["train", "test"]

#: Share of Bike Sharing's rows that are trained on.
BIKE_TRAIN_SHARE = 0.8

# Images that are in float64 at once, on the way to another precision.
_CONVERTED_AT_ONCE = 1000
_CIFAR10 = ("samples", IMAGE_SIDE, IMAGE_SIDE, CHANNELS)


@dataclass(frozen=True)
class Samples:
    """Inputs (count, ...) in floating-point numbers, and targets: labels (count,) int64, or values (count, outputs) of
    the inputs' dtype."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device | str) -> Samples:
        """The same on a device."""
        return Samples(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Task:
    """Samples to train on and to test with, on the CPU, and the loss."""

    train: Samples
    test: Samples
    loss: Loss


def load_task(network: Mapping, path: str | Path, *, dtype: torch.dtype = torch.float64) -> Task:
    """Both parts of a network's data, and its loss; see :func:`load_samples`."""
    train, test = (load_samples(network, path, part, dtype=dtype) for part in ("train", "test"))
    return Task(train, test, loss_of(network["data"]))


def loss_of(data: str) -> Loss:
    """Squared error where values are predicted, cross-entropy where classes are."""
    return "squared" if data == "bike" else "cross_entropy"


def load_samples(network: Mapping, path: str | Path, part: Part, *, dtype: torch.dtype = torch.float64) -> Samples:
    """One part of a network's data, normalised as the authors of baskerville2022 do.

    Inputs have the shape (count, 784) for mnist, (count, 3, 32, 32) for cifar10, (count, d) for features and
    (count, 13) for bike, whose targets are (count, 1).

    :param network: an entry of baskerville2022: ``data``, and ``seed`` (it splits Bike Sharing's rows, which come
        shuffled); ``images`` and ``test_images``, if there and not None, say how many of the first samples are taken.
    :param path: the data set's file, or that of the features.
    :param dtype: of inputs, and of targets that are values; each number is computed in float64 and then rounded once.
    :raises UserError: if the file is not what it must be, or holds fewer samples than asked for.
    """
    asked = network.get("images" if part == "train" else "test_images")
    if network["data"] == "bike":
        contents = store.read(path, {"table": ("rows", "columns")})
        columns = contents.attributes["parameters"]["columns"]["table"]
        split = split_bike(contents["table"], columns, BIKE_TRAIN_SHARE, network["seed"])[part == "test"]
        chosen = _first(asked, len(split.inputs), path, part)
        return Samples(*(torch.from_numpy(array[chosen]).to(dtype) for array in split))
    if network["data"] == "features":
        inputs, labels = _read(path, part, "features", ("samples", "features"), asked)
        return Samples(torch.from_numpy(inputs).to(dtype), labels)
    if network["data"] == "mnist":
        images, labels = _read(path, part, "images", ("samples", 28, 28), asked)
        return Samples(_converted(images.reshape(len(images), -1), normalise_mnist, dtype), labels)
    images, labels = _read(path, part, "images", _CIFAR10, asked)
    return Samples(_converted(images, normalise_cifar10, dtype), labels)


def load_standardised(path: str | Path, part: Part, count: int) -> Samples:
    """The first images of CIFAR-10, each standardised by itself as the networks of thamm2024 take them; float32, shape
    (count, 3, 32, 32).

    :raises UserError: as :func:`load_samples`.
    """
    images, labels = _read(path, part, "images", _CIFAR10, count)
    return Samples(standardise_images(images), labels)


def load_kernel_task(network: Mapping, training: Mapping, path: str | Path | None) -> Task:
    """What a network of fan2020 learns: inputs (count, d_0) of unit norm and targets (count, 1), float64.

    :param network: ``data``, ``seed`` and, for sphere, ``input_dimension`` and ``activation``: points of the unit
        sphere, y = sigma(x'v) with one v of norm sqrt(d_0) (section 4.3). For cifar10 ``classes`` and
        ``removed_components``: images of two classes, y = 1 and -1, without the mean and the principal components of
        the training images (section 4.2), those for the test too.
    :param training: ``samples``, ``test_samples``.
    :param path: CIFAR-10; not looked at for the sphere.
    :raises UserError: if the file is not what it must be, holds fewer images, or nothing is left of one.
    """
    counts = {"train": training["samples"], "test": training["test_samples"]}
    if network["data"] == "sphere":
        source, dimension = np.random.default_rng(network["seed"]), network["input_dimension"]
        train = sphere_samples(dimension, counts["train"], source)
        direction = np.sqrt(dimension) * sphere_samples(dimension, 1, source)
        test = sphere_samples(dimension, counts["test"], source)
        sigma = activation(network["activation"])
        inputs = {"train": train, "test": test}
        targets = {part: sigma(direction.T @ x) for part, x in inputs.items()}
    else:
        labels = [CIFAR10_CLASSES.index(name) for name in network["classes"]]
        indices, inputs, targets = {}, {}, {}
        for part, count in counts.items():
            images, all_labels = _read(path, part, "images", _CIFAR10, None)
            of_classes = np.flatnonzero(np.isin(all_labels, labels))
            if count > len(of_classes):
                raise UserError(f"{path}: {count} {part} images of two classes are asked for, it has {len(of_classes)}")
            indices[part] = chosen = of_classes[choose_images(count, len(of_classes), network["seed"])]
            inputs[part] = columns_of(images[chosen])
            targets[part] = np.where(all_labels[chosen] == labels[0], 1.0, -1.0)[None]
        removed = network["removed_components"]
        components = principal_components(inputs["train"], removed)
        for part, x in inputs.items():
            rest = components.remove(x)
            norms = np.linalg.norm(rest, axis=0)
            if norms.min() <= 1e-9 * np.linalg.norm(x, axis=0).max():
                image = indices[part][norms.argmin()]
                raise UserError(
                    f"{path}: nothing is left of {part} image {image} without the training images' mean and {removed} "
                    "components. Remove fewer, or take another seed."
                )
            inputs[part] = rest / norms
    parts = (Samples(*(torch.from_numpy(array[part].T.copy()) for array in (inputs, targets))) for part in counts)
    return Task(*parts, "squared")


def _read(
    path: str | Path, part: Part, name: str, shape: tuple[int | str, ...], asked: int | None
) -> tuple[np.ndarray, torch.Tensor]:
    """The first inputs of a part as they are stored, and their labels."""
    arrays = store.read(path, {f"{part}_{name}": shape, f"{part}_labels": ("samples",)})
    inputs, labels = arrays[f"{part}_{name}"], arrays[f"{part}_labels"]
    chosen = _first(asked, len(labels), path, part)
    return inputs[chosen], torch.from_numpy(labels[chosen].astype(np.int64))


def _first(asked: int | None, there: int, path: str | Path, part: Part) -> slice:
    if asked is not None and asked > there:
        raise UserError(
            f"{path}: {asked} {part} samples are asked for, it has {there}. Ask for fewer, or make the file anew."
        )
    return slice(asked)


def _converted(images: np.ndarray, normalise: Callable[[np.ndarray], np.ndarray], dtype: torch.dtype) -> torch.Tensor:
    """Normalised images, a block at a time: all of CIFAR-10 in float64, with what its making takes, is several GB."""
    result = torch.empty(len(images), *normalise(images[:1]).shape[1:], dtype=dtype)
    for start in range(0, len(images), _CONVERTED_AT_ONCE):
        block = slice(start, start + _CONVERTED_AT_ONCE)
        result[block] = torch.from_numpy(normalise(images[block]))
    return result
