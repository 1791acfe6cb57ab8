"""miniAlexNet (thamm2024, table 1).

Two convolutions, each with ReLU, pooling and response normalisation, then dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.nn.architectures.base import Architecture, Shapes, dense_shapes, sequence_of_layers
from deepspectra.nn.images import CHANNELS, CLASSES, image_inputs, image_side

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARCHITECTURE", "minialexnet", "minialexnet_shapes", "response_normalisation"]


def minialexnet_shapes(side: int, outputs: int = CLASSES) -> Shapes:
    """Weights for square images of ``side`` pixels.

    Convolutions (outputs, inputs, 5, 5) keep the size of the image ("same" padding), and pooling over 3 x 3 with stride
    2 takes only whole windows ("valid"). The paper leaves both open.

    :raises ValueError: if nothing is left of the image.
    """
    left = ((side - 3) // 2 - 2) // 2 + 1
    if left < 1:
        raise ValueError(f"miniAlexNet needs images of at least 7 pixels a side, found {side}")
    convolutions: Shapes = {"conv1": (300, CHANNELS, 5, 5), "conv2": (150, 300, 5, 5)}
    return convolutions | dense_shapes(150 * left**2, [384, 192], outputs)


def minialexnet(side: int, outputs: int = CLASSES) -> nn.Sequential:
    """The network for images (batch, 3, side, side)."""
    from torch import nn

    def following(name: str) -> dict[str, nn.Module]:
        layers: dict[str, nn.Module] = {f"{name}_relu": nn.ReLU()}
        if name.startswith("conv"):
            layers |= {f"{name}_pool": nn.MaxPool2d(3, stride=2), f"{name}_response": response_normalisation()}
        return layers

    return sequence_of_layers(minialexnet_shapes(side, outputs), following, padding="same")


def response_normalisation() -> nn.Module:
    """x / (1 + sum of squares over 11 neighbouring channels)^(1/2): depth radius 5, bias 1, alpha 1, beta 1/2.

    torch divides alpha by the number of channels; the paper's framework does not.
    """
    from torch import nn

    return nn.LocalResponseNorm(size=11, alpha=11.0, beta=0.5, k=1.0)


ARCHITECTURE = Architecture(
    shapes=lambda settings, inputs, outputs: minialexnet_shapes(image_side(inputs), outputs),
    build=lambda settings, inputs, outputs: minialexnet(image_side(inputs), outputs),
    seconds=lambda shapes: 0.05,
    # The first convolution's float32 outputs for 2000 images, twice.
    megabytes=lambda inputs: 2000 * 300 * inputs / image_inputs(1) * 4 * 2 / 1e6,
)
