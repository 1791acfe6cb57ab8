"""Sizes and classes of the images that networks take."""

import math

__all__ = ["CHANNELS", "CIFAR10_CLASSES", "CLASSES", "IMAGENET_DEVIATION", "IMAGENET_MEAN", "IMAGE_SIDE"]
__all__ += ["image_inputs", "image_side"]

#: Height and width of CIFAR-10's images, their channels, and the number of classes.
IMAGE_SIDE, CHANNELS, CLASSES = 32, 3, 10
#: Means and standard deviations of ImageNet's channels, of pixels in [0, 1].
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
#: CIFAR-10's classes in the order of their labels.
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def image_inputs(crop: int | None = None) -> int:
    """Numbers in one CIFAR-10 image, cropped to a side of ``crop`` pixels or (None) whole."""
    return CHANNELS * (crop or IMAGE_SIDE) ** 2


def image_side(inputs: int) -> int:
    """Side of a square image of three channels that has so many numbers.

    :raises ValueError: if there is no such image.
    """
    side = math.isqrt(inputs // CHANNELS)
    if side < 1 or CHANNELS * side**2 != inputs:
        raise ValueError(f"a square image of {CHANNELS} channels does not have {inputs} numbers")
    return side
