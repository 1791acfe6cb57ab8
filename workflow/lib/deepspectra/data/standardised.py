"""CIFAR-10 as the networks of thamm2024 take it: each image standardised by itself."""

from pathlib import Path

import numpy as np
import torch

from deepspectra.data.tasks import Part, Samples, read_cifar10
from deepspectra.runtime.shapes import check_shapes

__all__ = ["load_standardised", "standardise_images"]


def load_standardised(path: str | Path, part: Part, count: int) -> Samples:
    """The first images of CIFAR-10, standardised, float32 (count, 3, 32, 32); errors as :func:`read_labelled`."""
    images, labels = read_cifar10(path, part, count)
    return Samples(standardise_images(images), labels)


def standardise_images(images: np.ndarray) -> torch.Tensor:
    """Each image minus its mean, divided by its standard deviation (over pixels and channels); one colour becomes zero.

    :param images: uint8, shape (count, height, width, channels).
    :returns: float32, shape (count, channels, height, width).
    :raises UserError: if they have another shape.
    """
    check_shapes(images=(images, "count height width channels"))
    values = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).to(torch.float32)
    flat = values.view(len(values), -1)
    deviation, mean = torch.std_mean(flat, dim=1, correction=0, keepdim=True)
    flat.sub_(mean).div_(deviation.clamp_min(1e-6))
    return values
