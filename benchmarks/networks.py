"""Networks that comparisons of curvature share, with weights and batches from a seed. Knows torch and NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.comparison import Arrays

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["batch_of", "classifier_inputs", "loaded", "mlp", "resnet20", "resnet34"]


def mlp(sizes: Sequence[int]) -> nn.Sequential:
    """Dense layers with biases and ReLU between them."""
    from torch import nn

    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def resnet20() -> nn.Module:
    """The ResNet-20 of CIFAR-10 (He et al. 2016, section 4.2), its shortcuts of 1 x 1 convolutions: 272,474 parameters
    with those of the shortcuts. No module is used twice, as BackPACK wants it."""
    from torch import nn
    from torchvision.models.resnet import BasicBlock

    def block(inputs: int, outputs: int, stride: int) -> nn.Module:
        shortcut = None
        if stride > 1:
            shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        return BasicBlock(inputs, outputs, stride, shortcut)

    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    before = 16
    for width in (16, 32, 64):
        for _ in range(3):
            layers.append(block(before, width, width // before))
            before = width
    return nn.Sequential(*layers, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


def resnet34() -> nn.Module:
    """torchvision's ResNet-34 with 10 outputs: 21,289,802 parameters."""
    from torchvision.models import resnet34 as build

    return build(num_classes=10)


def classifier_inputs(model: nn.Module, shape: Sequence[int], batch: int, seed: int, dtype: str = "float64") -> Arrays:
    """Gaussian inputs, random labels of 10 classes and the model's weights, drawn again from a seed.

    Batch normalisation gets the statistics of this batch, so that signals pass through deep networks.

    :param shape: of one sample.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    inputs = torch.randn(batch, *shape)
    labels = torch.randint(10, (batch,))
    with torch.no_grad():
        model.train()(inputs)
    arrays = {f"model.{name}": values.numpy() for name, values in model.state_dict().items()}
    return {"inputs": inputs.numpy().astype(dtype), "labels": labels.numpy(), **arrays}


def loaded(model: nn.Module, arrays: Arrays) -> nn.Module:
    """A model with the weights of :func:`classifier_inputs`, in the precision of its inputs, in evaluation mode."""
    import torch

    weights = {name.removeprefix("model."): array for name, array in arrays.items() if name.startswith("model.")}
    model.load_state_dict({name: torch.from_numpy(np.asarray(array)) for name, array in weights.items()})
    return model.to(torch.from_numpy(arrays["inputs"][:0]).dtype).eval()


def batch_of(arrays: Arrays) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and labels as tensors."""
    import torch

    return torch.from_numpy(arrays["inputs"]), torch.from_numpy(arrays["labels"])
