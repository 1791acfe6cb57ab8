"""miniAlexNet (thamm2024, table 1).

Two convolutions, each with ReLU, pooling and response normalisation, then dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.nn.architectures.base import Architecture, Shapes, dense_shapes, sequence_of_layers
from deepspectra.nn.images import CHANNELS, CLASSES, image_inputs, image_side

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARCHITECTURE", "minialexnet", "minialexnet_shapes"]


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

    from deepspectra.nn.fourier_convolution import FourierConvolution
    from deepspectra.nn.response_normalisation import ResponseNormalisation

    def following(name: str) -> dict[str, nn.Module]:
        relu: dict[str, nn.Module] = {f"{name}_relu": nn.ReLU()}
        if not name.startswith("conv"):
            return relu
        # Before ReLU, pooling finds the same pixels, and a quarter of the numbers is left. Depth radius 5, bias 1,
        # alpha 1, beta 1/2: the paper's framework does not divide alpha by the number of channels.
        return {f"{name}_pool": nn.MaxPool2d(3, stride=2)} | relu | {f"{name}_response": ResponseNormalisation(5)}

    shapes = minialexnet_shapes(side, outputs)
    model = sequence_of_layers(shapes, following, padding="same")
    # Most of the time goes into the second convolution.
    filters, channels, window, _ = shapes["conv2"]
    model.conv2 = FourierConvolution(channels, filters, window)
    return model


ARCHITECTURE = Architecture(
    shapes=lambda settings, inputs, outputs: minialexnet_shapes(image_side(inputs), outputs),
    build=lambda settings, inputs, outputs: minialexnet(image_side(inputs), outputs),
    seconds=lambda shapes: 0.05,
    # The first convolution's float32 outputs for 500 images, twice.
    megabytes=lambda inputs: 500 * 300 * inputs / image_inputs(1) * 4 * 2 / 1e6,
)
