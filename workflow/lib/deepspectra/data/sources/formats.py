"""The forms in which a source holds a data set: which members it must have, and how they become arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from deepspectra.data.sources import bike, images, states

SPLITS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Format:
    """``read`` maps the bytes of the members, by role, to arrays by name; ``roles`` are the members it needs.

    ``read`` raises :class:`~deepspectra.data.sources.errors.CorruptError` for bytes that are not of the format.
    """

    roles: tuple[str, ...]
    read: Callable[[Mapping[str, bytes]], dict[str, np.ndarray]]


FORMATS: dict[str, Format] = {
    "idx": Format(SPLITS, images.read_idx),
    "cifar-binary": Format((*images.CIFAR_TRAIN_BATCHES, "test"), images.read_cifar_binary),
    "cifar-png": Format((*images.CIFAR_TRAIN_BATCHES, "test", "train_labels", "test_labels"), images.read_cifar_png),
    "bike-hourly": Format(("table",), bike.read_hourly),
    "bike-relabelled": Format(("table",), bike.read_relabelled),
    "torch": Format(("state",), states.read_state),
}
