"""Which layers a network has, and the shapes of their weights; nothing of how they compute (that is ``networks``).

The rules need the shapes before anything is computed, to size jobs and to name null distributions, so that this module
imports neither torch nor NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

#: Height and width of CIFAR-10's images, their channels, and classes.
IMAGE_SIDE, CHANNELS, CLASSES = 32, 3, 10
#: Means and standard deviations of ImageNet's channels.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
#: CIFAR-10's classes in the order of their labels.
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

#: Inputs and outputs of the fully connected networks of baskerville2022, by their data; features are those of a
#: ResNet-34, whose last layer takes 512.
DATA_SIZES = {
    "mnist": (28**2, 10),
    "cifar10": (CHANNELS * IMAGE_SIDE**2, CLASSES),
    "features": (512, CLASSES),
    "bike": (13, 1),
}


def dense_shapes(inputs: int, hidden: Sequence[int], outputs: int) -> dict[str, tuple[int, ...]]:
    """Weights of a feed-forward network, (outputs, inputs) each: ``dense1``, ``dense2``, ..., and ``output``.

    Layers are counted from the input, as in thamm2024's table 2.
    """
    sizes = [inputs, *hidden, outputs]
    names = [f"dense{n}" for n in range(1, len(hidden) + 1)] + ["output"]
    return {name: (after, before) for name, before, after in zip(names, sizes[:-1], sizes[1:], strict=True)}


def minialexnet_shapes(side: int) -> dict[str, tuple[int, ...]]:
    """Weights of miniAlexNet (thamm2024, table 1) for square images of ``side`` pixels.

    Convolutions (outputs, inputs, 5, 5) keep the image's size ("same" padding), and pooling over 3 x 3 with stride 2
    takes what fits ("valid"): both are open in the paper.

    :raises ValueError: if nothing is left of the image.
    """
    left = pooled_side(pooled_side(side))
    if left < 1:
        raise ValueError(f"miniAlexNet needs images of at least 7 pixels a side, found {side}")
    flat = 150 * left**2
    return {"conv1": (300, CHANNELS, 5, 5), "conv2": (150, 300, 5, 5)} | dense_shapes(flat, [384, 192], CLASSES)


def pooled_side(side: int) -> int:
    """Side of an image after pooling over 3 x 3 with stride 2, without padding."""
    return (side - 3) // 2 + 1


def lenet_shapes() -> dict[str, tuple[int, ...]]:
    """Weights of the small LeNet of baskerville2022 for CIFAR-10's images.

    Convolutions (outputs, inputs, 5, 5) take what fits, and pooling over 2 x 2 halves what they leave.
    """
    left = ((IMAGE_SIDE - 4) // 2 - 4) // 2
    convolutions = {"conv1": (6, CHANNELS, 5, 5), "conv2": (16, 6, 5, 5)}
    return convolutions | dense_shapes(16 * left**2, [35, 50], CLASSES)


def hessian_network_shapes(data: str, architecture: str, hidden: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Weights of a network of baskerville2022, by its keys in the configuration."""
    if architecture == "lenet":
        return lenet_shapes()
    inputs, outputs = DATA_SIZES[data]
    return dense_shapes(inputs, hidden, outputs)


def parameter_count(shapes: Mapping[str, Sequence[int]]) -> int:
    """Weights and biases, one bias for each output of each layer."""
    return sum(math.prod(shape) + shape[0] for shape in shapes.values())


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(outputs, inputs) of a weight as a matrix; a convolution is (outputs, inputs x height x width)."""
    return shape[0], math.prod(shape[1:])
