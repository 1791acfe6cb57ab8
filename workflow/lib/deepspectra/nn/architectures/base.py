"""What an architecture is, and what several share. Shapes come before all computation: no torch, no NumPy."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Architecture", "Shapes", "dense_shapes", "elementwise_layer", "matrix_shape", "parameter_count"]
__all__ += ["sequence_of_layers"]

#: Layer -> shape of its weight, in order: (outputs, inputs), or (outputs, inputs, height, width) of a convolution.
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Architecture:
    """One kind of network: what it looks like, how it is built and what it costs.

    :param shapes: (settings, inputs, outputs) to the shapes of the weights, without importing torch. ``settings`` is
        the network's entry in the configuration, ``inputs`` how many numbers a sample has. Raises ValueError for inputs
        that do not fit.
    :param build: the same arguments to a float32 module whose layers have the names in ``shapes``. Its weights are not
        seeded: see :mod:`deepspectra.nn.networks`.
    :param seconds: shapes to the time that one sample of an epoch takes at most on one slow core, four to seven
        times what was measured.
    :param megabytes: inputs to the memory for the activations of a test batch.
    """

    shapes: Callable[[Mapping[str, Any], int, int], Shapes]
    build: Callable[[Mapping[str, Any], int, int], nn.Module]
    seconds: Callable[[Shapes], float]
    megabytes: Callable[[int], float] = lambda inputs: 100.0


def dense_shapes(inputs: int, hidden: Sequence[int], outputs: int) -> Shapes:
    """Weights (outputs, inputs) of a feed-forward network: ``dense1``, ... from the input, and ``output``."""
    sizes = [inputs, *hidden, outputs]
    layers = [f"dense{n}" for n in range(1, len(hidden) + 1)] + ["output"]
    return {layer: (after, before) for layer, before, after in zip(layers, sizes[:-1], sizes[1:], strict=True)}


def sequence_of_layers(
    shapes: Shapes,
    following: Callable[[str], dict[str, nn.Module]],
    *,
    padding: int | str = 0,
    flatten: bool = True,
    bias: bool = True,
) -> nn.Sequential:
    """Convolutions and dense layers with these weights, and what follows each but the last.

    :param following: name of a layer to the modules after it, by names of their own.
    :param padding: of convolutions. :param flatten: samples before the first dense layer. :param bias: of dense layers.
    """
    from torch import nn

    layers: dict[str, nn.Module] = {}
    for name, (outputs, inputs, *window) in shapes.items():
        if flatten and not window:
            layers.setdefault("flatten", nn.Flatten())
        layers[name] = (
            nn.Conv2d(inputs, outputs, window[0], padding=padding) if window else nn.Linear(inputs, outputs, bias)
        )
        if name != "output":
            layers |= following(name)
    return nn.Sequential(OrderedDict(layers))


def elementwise_layer(activation: str) -> nn.Module:
    """torch's own layer of an activation, not normalised: relu or tanh."""
    from torch import nn

    return {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]()


def parameter_count(shapes: Mapping[str, Sequence[int]]) -> int:
    """Weights and biases, one bias for each output of each layer."""
    return sum(math.prod(shape) + shape[0] for shape in shapes.values())


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(outputs, inputs) of a weight as a matrix; a convolution is (outputs, inputs x height x width)."""
    return shape[0], math.prod(shape[1:])
