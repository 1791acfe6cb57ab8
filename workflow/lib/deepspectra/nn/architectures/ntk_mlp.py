"""The network of fan2020 (eq. 1): dense layers without biases in the NTK parametrisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deepspectra.nn.architectures.base import Architecture, dense_shapes, sequence_of_layers

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
    """The network of eq. 1 for inputs (batch, d_0), which are not scaled; its layers hold W_1, ..., W_L and w'."""
    shapes = dense_shapes(inputs, hidden, outputs)

    def following(name: str) -> dict[str, nn.Module]:
        return {f"{name}_{activation.name}": scaled_activation(activation, shapes[name][0])}

    return sequence_of_layers(shapes, following, flatten=False, bias=False)


def _build(settings: Mapping[str, Any], inputs: int, outputs: int) -> nn.Module:
    from deepspectra.nn.activations import activation

    return kernel_network(inputs, settings["hidden"], activation(settings["activation"]), outputs)


ARCHITECTURE = Architecture(
    shapes=lambda settings, inputs, outputs: dense_shapes(inputs, settings["hidden"], outputs),
    build=_build,
    # Adam moves every weight after every batch.
    seconds=lambda shapes: 0.002,
)
