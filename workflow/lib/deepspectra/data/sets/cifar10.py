"""CIFAR-10: small colour images, each channel normalised by ImageNet's mean and deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.data.sets.base import DataSet
from deepspectra.nn.images import CHANNELS, CLASSES, IMAGE_SIDE, IMAGENET_DEVIATION, IMAGENET_MEAN
from deepspectra.runtime.shapes import check_shapes

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DATA_SET", "normalise_cifar10"]


def normalise_cifar10(images: np.ndarray) -> np.ndarray:
    """uint8 images (count, height, width, 3) to float64 (count, 3, height, width), each channel normalised.

    :raises UserError: if they have another shape.
    """
    check_shapes(images=(images, f"count height width {CHANNELS}"))
    return ((images / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION).transpose(0, 3, 1, 2).copy()


DATA_SET = DataSet(
    inputs=CHANNELS * IMAGE_SIDE**2,
    outputs=CLASSES,
    loss="cross_entropy",
    train_samples=50_000,
    test_samples=10_000,
    file="resources/data/cifar10.h5",
    stored="images",
    shape=(IMAGE_SIDE, IMAGE_SIDE, CHANNELS),
    normalise=normalise_cifar10,
)
