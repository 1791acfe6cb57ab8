"""Labelled samples as the data files hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from deepspectra.data.tasks import Part
from deepspectra.nn.images import CHANNELS, IMAGE_SIDE
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["first_samples", "read_cifar10", "read_labelled"]


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
        raise UserError(
            f"{path}: {count} {part} samples are asked for, it has {there}. Ask for fewer, or make the file anew."
        )
    return slice(count)
