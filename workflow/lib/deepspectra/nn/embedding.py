"""Backbones as maps from images to features: what enters their classifier.

Batch normalisation is folded into the convolution before it, and images are stored channels last: on a CPU this is two
to three times as fast, and equal up to float32 rounding.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from deepspectra.nn.backbones import Backbone, backbone
from deepspectra.runtime.shapes import check_shapes

__all__ = ["SIDE", "Embedding", "load_embedding", "parameter_shapes"]

#: Height and width of the images that backbones were trained on.
SIDE = 224


class Embedding(nn.Module):
    """uint8 images (count, 3, 224, 224) to features (count, features), float32."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, network: nn.Module, backbone: Backbone) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", 255 * torch.tensor(backbone.mean).view(3, 1, 1))
        self.register_buffer("deviation", 255 * torch.tensor(backbone.deviation).view(3, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Features of images of shape (images, 3, height, width), from 0 to 255.

        :raises UserError: if they have another shape.
        """
        check_shapes(images=(images, "images 3 height width"))
        values = (images.to(torch.float32) - self.mean) / self.deviation
        return self.network(values.contiguous(memory_format=torch.channels_last))


def parameter_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter and buffer of a backbone, named as in HDF5: ``layer1/0/conv1/weight``."""
    with torch.device("meta"):
        state = backbone(name).build().state_dict()
    kept = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    return {key.replace(".", "/"): tuple(value.shape) for key, value in kept.items()}


def load_embedding(name: str, arrays: Mapping[str, np.ndarray]) -> Embedding:
    """A backbone with its weights, for evaluation, on the CPU.

    :param arrays: float32, exactly those of :func:`parameter_shapes`, or torch raises a RuntimeError.
    """
    entry = backbone(name)
    # Draw no initial weights: they are replaced at once.
    with torch.device("meta"):
        network = entry.build()
    state = {key.replace("/", "."): torch.from_numpy(array) for key, array in arrays.items()}
    network.load_state_dict(state, assign=True)
    setattr(network, entry.classifier, nn.Identity())
    network.eval().requires_grad_(False)
    for module in list(network.modules()):
        for convolution, normalisation in entry.folded:
            first, second = (getattr(module, key, None) for key in (convolution, normalisation))
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(module, convolution, fuse_conv_bn_eval(first, second))
                setattr(module, normalisation, nn.Identity())
    # torch's stubs of `to` lack memory_format.
    embedding = Embedding(network, entry).eval()
    return embedding.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
