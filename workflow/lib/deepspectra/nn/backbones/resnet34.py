"""ResNet-34.

With ImageNet's weights it is the backbone of baskerville2022; with random ones, a network too large for its Hessian,
whose Gauss-Newton matrix is studied."""

import torch
from torch import nn
from torchvision import models

from deepspectra.nn.backbones import Backbone
from deepspectra.nn.images import IMAGENET_DEVIATION, IMAGENET_MEAN

__all__ = ["BACKBONE", "random_resnet34"]

BACKBONE = Backbone(
    title="ResNet-34",
    features=512,
    mean=IMAGENET_MEAN,
    deviation=IMAGENET_DEVIATION,
    build=models.resnet34,
    classifier="fc",
    folded=(("conv1", "bn1"), ("conv2", "bn2"), ("0", "1")),
)


def random_resnet34(images: torch.Tensor, seed: int, outputs: int) -> nn.Module:
    """torchvision's ResNet-34 with its own random initial weights, in float64 and evaluation mode.

    No package registry offers the trained weights: not everyone could reproduce a result from them. Batch normalisation
    takes its means and variances from one pass over the given images in training mode; a new layer's, 0 and 1, would
    not normalise at all.

    :param images: float64, shape (count, 3, height, width); not the ones that the network is studied on.
    :param seed: of the weights; torch's global generator is left as it was.
    :param outputs: classes of the last layer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: nn.Module = models.resnet34(weights=None, num_classes=outputs).double()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            # Only the last batch counts: it has all images.
            layer.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    return model.eval()
