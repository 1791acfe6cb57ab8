"""Convolutions as products with the patches of their input."""

import torch
from torch import nn
from torch.nn import functional

__all__ = ["convolution_patches", "is_plain_convolution"]


def is_plain_convolution(layer: nn.Conv2d) -> bool:
    """Whether a convolution is a single product with its input's patches."""
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def convolution_patches(layer: nn.Conv2d, inputs: torch.Tensor) -> torch.Tensor:
    """What a plain convolution multiplies its weights by, shape (inputs, channels x height x width, places)."""
    assert not isinstance(layer.padding, str)
    return functional.unfold(inputs, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
