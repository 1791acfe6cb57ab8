"""The network of fan2020 (eq. 1): dense layers without biases in the NTK parametrisation."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deepspectra.nn.architectures.base import Architecture, dense_shapes

if TYPE_CHECKING:
    import torch
    from torch import nn

    from deepspectra.nn.activations import Activation

__all__ = ["ARCHITECTURE", "kernel_network", "scaled_activation"]


def scaled_activation(activation: Activation, width: int) -> nn.Module:
    """A layer without parameters, sigma(x) / sqrt(width), entry by entry."""
    from torch import nn

    class ScaledActivation(nn.Module):
        scale = 1 / math.sqrt(width)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return activation(x) * self.scale

    return ScaledActivation()


def kernel_network(inputs: int, hidden: Sequence[int], activation: Activation, outputs: int = 1) -> nn.Sequential:
    """The network of eq. 1 for inputs (batch, d_0), which are not scaled.

    Its layers ``dense1``, ..., ``output`` hold the weights W_1, ..., W_L and w' as they stand in the equation.
    """
    from torch import nn

    layers: list[tuple[str, nn.Module]] = []
    for name, (after, before) in dense_shapes(inputs, hidden, outputs).items():
        layers.append((name, nn.Linear(before, after, bias=False)))
        if name != "output":
            layers.append((f"{name}_{activation.name}", scaled_activation(activation, after)))
    return nn.Sequential(OrderedDict(layers))


def _build(settings: Mapping[str, Any], inputs: int, outputs: int) -> nn.Module:
    from deepspectra.nn.activations import activation

    return kernel_network(inputs, settings["hidden"], activation(settings["activation"]), outputs)


ARCHITECTURE = Architecture(
    name="ntk_mlp",
    keys=frozenset({"hidden", "activation"}),
    shapes=lambda settings, inputs, outputs: dense_shapes(inputs, settings["hidden"], outputs),
    build=_build,
    # Adam moves every weight after every batch.
    seconds=lambda shapes: 0.002,
)
