"""What a network has to learn: samples in the form that it takes, and its loss; samples as files hold them.

Training and spectra load a network's samples by the same functions, so both see the same ones: thamm2024 by
:mod:`~deepspectra.data.standardised`, fan2020 by :mod:`~deepspectra.data.kernel_tasks`, baskerville2022 by
:mod:`~deepspectra.data.loading`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch

from deepspectra.nn.images import CHANNELS, IMAGE_SIDE
from deepspectra.nn.losses import Loss
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["Part", "Samples", "Task", "first_samples", "read_cifar10", "read_labelled"]

Part = Literal["train", "test"]


@dataclass(frozen=True)
class Samples:
    """Inputs (count, ...) in floating-point numbers, and targets: labels (count,) int64, or values (count, outputs) of
    the inputs' dtype.

    :raises UserError: if there are not as many inputs as targets.
    """

    inputs: torch.Tensor
    targets: torch.Tensor

    def __post_init__(self) -> None:
        check_shapes(inputs=(self.inputs, "samples ..."), targets=(self.targets, "samples ..."))

    def to(self, device: torch.device | str) -> Self:
        """The same on a device."""
        return type(self)(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Task:
    """Samples to train on and to test with, on the CPU, and the loss."""

    train: Samples
    test: Samples
    loss: Loss


def read_labelled(
    path: str | Path, part: Part, name: str, shape: tuple[int | str, ...], count: int | None
) -> tuple[np.ndarray, torch.Tensor]:
    """The first inputs of a part as they are stored, and their labels (int64).

    :param name: of the inputs, such as "images". :param shape: as :func:`deepspectra.runtime.store.read` takes it.
    :param count: how many; None for all.
    :raises UserError: if the file is not what it must be, or holds fewer samples.
    """
    arrays = store.read(path, {f"{part}_{name}": shape, f"{part}_labels": ("samples",)})
    inputs, labels = arrays[f"{part}_{name}"], arrays[f"{part}_labels"]
    chosen = first_samples(count, len(labels), path, part)
    return inputs[chosen], torch.from_numpy(labels[chosen].astype(np.int64))


def read_cifar10(path: str | Path, part: Part, count: int | None = None) -> tuple[np.ndarray, torch.Tensor]:
    """The first images of CIFAR-10, uint8 (count, 32, 32, 3), and their labels; see :func:`read_labelled`."""
    return read_labelled(path, part, "images", ("samples", IMAGE_SIDE, IMAGE_SIDE, CHANNELS), count)


def first_samples(count: int | None, there: int, path: str | Path, part: Part) -> slice:
    """The first ``count`` of the samples of a part, all for None.

    :raises UserError: if there are fewer.
    """
    if count is not None and count > there:
        told = f"{count} {part} samples are asked for, it has {there}"
        raise UserError(f"{path}: {told}. Ask for fewer, or make the file anew.")
    return slice(count)
