"""Which layers a network has, and the shapes of their weights; nothing of how they compute (that is ``networks``).

The rules need the shapes before anything is computed, to size jobs and to name null distributions, so that this module
imports neither torch nor NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Height and width of CIFAR-10's images, their channels, and classes.
IMAGE_SIDE, CHANNELS, CLASSES = 32, 3, 10


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


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(outputs, inputs) of a weight as a matrix; a convolution is (outputs, inputs x height x width)."""
    return shape[0], math.prod(shape[1:])
