"""MNIST: handwritten digits, flattened, with pixels in [-1, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.data.sets.base import DataSet

if TYPE_CHECKING:
    import numpy as np
    import torch

    from deepspectra.data.tasks import Part, Samples

__all__ = ["DATA_SET", "normalise_mnist"]

_SIDE = 28


def normalise_mnist(images: np.ndarray) -> np.ndarray:
    """uint8 images of any shape to float64 in [-1, 1]: mean 0.5 and deviation 0.5 of pixels in [0, 1]."""
    return images / 127.5 - 1


def _load(network: Mapping[str, Any], path: str | Path, part: Part, count: int | None, dtype: torch.dtype) -> Samples:
    """Inputs (count, 784)."""
    from deepspectra.data.labelled import normalised, read_labelled
    from deepspectra.data.tasks import Samples

    images, labels = read_labelled(path, part, "images", ("samples", _SIDE, _SIDE), count)
    return Samples(normalised(images.reshape(len(images), -1), normalise_mnist, dtype), labels)


DATA_SET = DataSet(
    inputs=_SIDE**2,
    outputs=10,
    loss="cross_entropy",
    train_samples=60_000,
    test_samples=10_000,
    file="resources/data/mnist.h5",
    load=_load,
)
