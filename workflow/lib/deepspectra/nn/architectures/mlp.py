"""Multi-layer perceptron: dense layers with biases, an activation after each but the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deepspectra.nn.architectures import base
from deepspectra.nn.images import CLASSES, image_inputs

if TYPE_CHECKING:
    from torch import nn

__all__ = ["ARCHITECTURE", "feed_forward"]


def feed_forward(
    hidden: Sequence[int], inputs: int = image_inputs(), outputs: int = CLASSES, activation: str = "relu"
) -> nn.Sequential:
    """A fully connected network with layers ``dense1``, ..., ``output``; it flattens samples of any shape.

    :param hidden: neurons in each hidden layer; if there are none, ``output`` is the only layer.
    :param activation: relu or tanh.
    """
    shapes = base.dense_shapes(inputs, hidden, outputs)
    return base.sequence_of_layers(shapes, lambda name: {f"{name}_{activation}": base.elementwise_layer(activation)})


ARCHITECTURE = base.Architecture(
    shapes=lambda settings, inputs, outputs: base.dense_shapes(inputs, settings["hidden"], outputs),
    build=lambda settings, inputs, outputs: feed_forward(
        settings["hidden"], inputs, outputs, settings.get("activation", "relu")
    ),
    # A fixed cost for each sample, and one for each parameter.
    seconds=lambda shapes: 1e-4 + 3.5e-10 * base.parameter_count(shapes),
)
