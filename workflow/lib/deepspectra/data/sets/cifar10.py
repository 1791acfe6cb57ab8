"""CIFAR-10: small colour images, each channel normalised by ImageNet's mean and deviation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.data.sets.base import DataSet
from deepspectra.nn.images import CHANNELS, CLASSES, IMAGE_SIDE, IMAGENET_DEVIATION, IMAGENET_MEAN

if TYPE_CHECKING:
    import numpy as np
    import torch

    from deepspectra.data.tasks import Part, Samples

__all__ = ["DATA_SET", "normalise_cifar10"]


def normalise_cifar10(images: np.ndarray) -> np.ndarray:
    """uint8 images (samples, height, width, 3) to float64 (samples, 3, height, width), each channel normalised."""
    import numpy as np

    channels_last = (images / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION
    return np.ascontiguousarray(channels_last.transpose(0, 3, 1, 2))


def _load(network: Mapping[str, Any], path: str | Path, part: Part, count: int | None, dtype: torch.dtype) -> Samples:
    """Inputs (count, 3, 32, 32)."""
    from deepspectra.data.labelled import normalised, read_cifar10
    from deepspectra.data.tasks import Samples

    images, labels = read_cifar10(path, part, count)
    return Samples(normalised(images, normalise_cifar10, dtype), labels)


DATA_SET = DataSet(
    inputs=CHANNELS * IMAGE_SIDE**2,
    outputs=CLASSES,
    loss="cross_entropy",
    train_samples=50_000,
    test_samples=10_000,
    file="resources/data/cifar10.h5",
    load=_load,
)
