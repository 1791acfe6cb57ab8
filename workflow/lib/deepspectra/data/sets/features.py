"""Features: CIFAR-10 images embedded by a network trained on ImageNet (:mod:`deepspectra.data.features`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.data.sets.base import DataSet
from deepspectra.nn.images import CLASSES

if TYPE_CHECKING:
    import torch

    from deepspectra.data.tasks import Part, Samples

__all__ = ["DATA_SET"]


def _load(network: Mapping[str, Any], path: str | Path, part: Part, count: int | None, dtype: torch.dtype) -> Samples:
    """Inputs (count, features), as they are."""
    import torch

    from deepspectra.data.labelled import read_labelled
    from deepspectra.data.tasks import Samples

    inputs, labels = read_labelled(path, part, "features", ("samples", "features"), count)
    return Samples(torch.from_numpy(inputs).to(dtype), labels)


# The last layer of the paper's ResNet-34 takes 512 features; EfficientNet-Lite0, which may stand in for it, has 1280.
DATA_SET = DataSet(
    inputs=512,
    outputs=CLASSES,
    loss="cross_entropy",
    train_samples=50_000,
    test_samples=10_000,
    file="features/cifar10.h5",
    load=_load,
    most_inputs=1280,
)
