"""The small LeNet of baskerville2022: two convolutions, each with activation and pooling, then dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.nn.architectures.base import Architecture, Shapes, dense_shapes, elementwise_layer, sequence_of_layers
from deepspectra.nn.images import CHANNELS, CLASSES, IMAGE_SIDE, image_side

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARCHITECTURE", "lenet", "lenet_shapes"]


def lenet_shapes(side: int = IMAGE_SIDE, outputs: int = CLASSES) -> Shapes:
    """Weights for square images of ``side`` pixels.

    Convolutions (outputs, inputs, 5, 5) take only whole windows, and pooling over 2 x 2 halves the rest.

    :raises ValueError: if nothing is left of the image.
    """
    left = ((side - 4) // 2 - 4) // 2
    if left < 1:
        raise ValueError(f"lenet needs images of at least 16 pixels a side, found {side}")
    convolutions: Shapes = {"conv1": (6, CHANNELS, 5, 5), "conv2": (16, 6, 5, 5)}
    return convolutions | dense_shapes(16 * left**2, [35, 50], outputs)


def lenet(activation: str = "relu", side: int = IMAGE_SIDE, outputs: int = CLASSES) -> nn.Sequential:
    """The network for images (batch, 3, side, side), with relu or tanh; a sequence, so its Hessians can be reduced."""
    from torch import nn

    def following(name: str) -> dict[str, nn.Module]:
        pool: dict[str, nn.Module] = {f"{name}_pool": nn.MaxPool2d(2)} if name.startswith("conv") else {}
        return {f"{name}_{activation}": elementwise_layer(activation)} | pool

    return sequence_of_layers(lenet_shapes(side, outputs), following)


ARCHITECTURE = Architecture(
    shapes=lambda settings, inputs, outputs: lenet_shapes(image_side(inputs), outputs),
    build=lambda settings, inputs, outputs: lenet(settings.get("activation", "relu"), image_side(inputs), outputs),
    seconds=lambda shapes: 0.001,
)
