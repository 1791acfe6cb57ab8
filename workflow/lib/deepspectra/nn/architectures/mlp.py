"""Multi-layer perceptron: dense layers with biases, an activation after each but the last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deepspectra.nn.architectures.base import (
    Architecture,
    Shapes,
    dense_shapes,
    elementwise_layer,
    parameter_count,
)
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
    from torch import nn

    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for name, (after, before) in dense_shapes(inputs, hidden, outputs).items():
        layers.append((name, nn.Linear(before, after)))
        if name != "output":
            layers.append((f"{name}_{activation}", elementwise_layer(activation)))
    return nn.Sequential(OrderedDict(layers))


def _seconds(shapes: Shapes) -> float:
    """A fixed cost for each sample, and one for each parameter."""
    return 1e-4 + 3.5e-10 * parameter_count(shapes)


ARCHITECTURE = Architecture(
    name="mlp",
    keys=frozenset({"hidden"}),
    shapes=lambda settings, inputs, outputs: dense_shapes(inputs, settings["hidden"], outputs),
    build=lambda settings, inputs, outputs: feed_forward(
        settings["hidden"], inputs, outputs, settings.get("activation", "relu")
    ),
    seconds=_seconds,
)
