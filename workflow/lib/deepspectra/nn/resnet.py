"""A full ResNet-34 with ten outputs, for the Gauss-Newton matrix of a network too large for its Hessian.

The weights are random. Those that were trained on ImageNet would go in where the network is made, with its head of a
thousand classes replaced; no registry has them, so that a result from them could not be had everywhere.
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision import models


def random_resnet34(images: torch.Tensor, seed: int, outputs: int) -> nn.Module:
    """torchvision's ResNet-34 with its own random initial weights, in float64 and evaluation mode.

    Batch normalisation has the means and variances that one pass over the given images meets in training mode: with
    those of a new layer, 0 and 1, it would not normalise at all.

    :param images: float64, shape (count, 3, height, width): not those that the network is studied on.
    :param seed: of the weights; torch's global generator is left as it was.
    :param outputs: classes of the last layer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = models.resnet34(weights=None, num_classes=outputs).double()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            # The last batch alone counts: all images are one.
            layer.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    return model.eval()
