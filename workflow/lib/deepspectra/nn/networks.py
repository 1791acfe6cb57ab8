"""Networks as torch modules, with named layers and seeded initial weights."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from deepspectra.nn.activations import Activation
from deepspectra.nn.architectures import (
    CHANNELS,
    CLASSES,
    DATA_SIZES,
    IMAGE_SIDE,
    dense_shapes,
    lenet_shapes,
    minialexnet_shapes,
)
from deepspectra.rmt.ensembles import generator

#: Streams of a network's seed: numbers drawn for one purpose do not depend on how many another one took.
INITIAL_STREAM, ORDER_STREAM = 0, 1

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


def feed_forward(
    hidden: Sequence[int],
    inputs: int = CHANNELS * IMAGE_SIDE**2,
    outputs: int = CLASSES,
    activation: str = "relu",
) -> nn.Module:
    """A fully connected network with layers ``dense1``, ..., ``output``; it takes images of any shape, flattened.

    :param hidden: neurons in each hidden layer; none leaves ``output`` alone.
    :param activation: relu or tanh.
    """
    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for name, (after, before) in dense_shapes(inputs, hidden, outputs).items():
        layers.append((name, nn.Linear(before, after)))
        if name != "output":
            layers.append((f"{name}_{activation}", _ACTIVATIONS[activation]()))
    return nn.Sequential(OrderedDict(layers))


def minialexnet(side: int) -> nn.Module:
    """miniAlexNet (thamm2024, table 1): two convolutions, each with ReLU, pooling and response normalisation, then
    dense layers; for images (batch, 3, side, side).
    """
    shapes = minialexnet_shapes(side)
    layers: list[tuple[str, nn.Module]] = []
    for name in ("conv1", "conv2"):
        outputs, inputs, *_ = shapes[name]
        layers += [
            (name, nn.Conv2d(inputs, outputs, 5, padding="same")),
            (f"{name}_relu", nn.ReLU()),
            (f"{name}_pool", nn.MaxPool2d(3, stride=2)),
            (f"{name}_response", response_normalisation()),
        ]
    layers.append(("flatten", nn.Flatten()))
    for name in ("dense1", "dense2", "output"):
        layers.append((name, nn.Linear(*reversed(shapes[name]))))
        if name != "output":
            layers.append((f"{name}_relu", nn.ReLU()))
    return nn.Sequential(OrderedDict(layers))


def lenet(activation: str = "relu") -> nn.Module:
    """The small LeNet of baskerville2022: two convolutions, each with activation and pooling, then dense layers; for
    images (batch, 3, 32, 32).

    A plain sequence, so that its Hessians can be reduced.
    """
    layers: list[tuple[str, nn.Module]] = []
    for name, shape in lenet_shapes().items():
        outputs, inputs = shape[:2]
        if name == "dense1":
            layers.append(("flatten", nn.Flatten()))
        layers.append((name, nn.Conv2d(inputs, outputs, 5) if len(shape) == 4 else nn.Linear(inputs, outputs)))
        if name != "output":
            layers.append((f"{name}_{activation}", _ACTIVATIONS[activation]()))
        if len(shape) == 4:
            layers.append((f"{name}_pool", nn.MaxPool2d(2)))
    return nn.Sequential(OrderedDict(layers))


def response_normalisation() -> nn.Module:
    """x / (1 + sum of squares over 11 neighbouring channels)^(1/2): depth radius 5, bias 1, alpha 1, beta 1/2.

    torch divides alpha by the number of channels, where the paper's framework does not.
    """
    return nn.LocalResponseNorm(size=11, alpha=11.0, beta=0.5, k=1.0)


class ScaledActivation(nn.Module):
    """sigma(x) / sqrt(width): the NTK parametrisation of a layer (fan2020, eq. 1)."""

    def __init__(self, activation: Activation, width: int):
        super().__init__()
        self.activation, self.scale = activation, 1 / math.sqrt(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Entry by entry, of any shape."""
        return self.activation(x) * self.scale


def kernel_network(inputs: int, hidden: Sequence[int], activation: Activation) -> nn.Module:
    """The network of fan2020, eq. 1: no biases, one output, inputs (batch, d_0) that are not scaled.

    Layers are ``dense1``, ..., ``output``, so that the weights W_1, ..., W_L and w' are theirs as they stand.
    """
    layers: list[tuple[str, nn.Module]] = []
    for name, (after, before) in dense_shapes(inputs, hidden, 1).items():
        layers.append((name, nn.Linear(before, after, bias=False)))
        if name != "output":
            layers.append((f"{name}_{activation.name}", ScaledActivation(activation, after)))
    return nn.Sequential(OrderedDict(layers))


def build(settings: Mapping[str, object], features: int | None = None) -> nn.Module:
    """The network of one entry of the configuration; its weights are not seeded, see the functions below.

    :param settings: ``architecture`` and what it needs: ``hidden`` for mlp, ``crop`` (or null) for minialexnet; where
        the entry names its ``data``, as those of baskerville2022 do, these and ``activation`` in place of ``crop``.
    :param features: inputs of a fully connected network, where they are not those that its data usually have.
    :raises ValueError: for an architecture that there is not.
    """
    if "data" in settings and settings["architecture"] == "lenet":
        return lenet(settings["activation"])
    if "data" in settings and settings["architecture"] == "mlp":
        inputs, outputs = DATA_SIZES[settings["data"]]
        return feed_forward(settings["hidden"], features or inputs, outputs, settings["activation"])
    if settings["architecture"] == "mlp":
        side = settings["crop"] or IMAGE_SIDE
        return feed_forward(settings["hidden"], CHANNELS * side**2)
    if settings["architecture"] == "minialexnet":
        return minialexnet(settings["crop"] or IMAGE_SIDE)
    raise ValueError(f"there is no architecture {settings['architecture']!r}")


def initialise_glorot(model: nn.Module, seed: int) -> None:
    """Glorot-uniform weights and zero biases, in place; numbers are drawn on the CPU, layer by layer."""
    source = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                drawn = torch.empty(parameter.shape)
                nn.init.xavier_uniform_(drawn, generator=source)
                parameter.copy_(drawn)
            else:
                parameter.zero_()


def initialise_gaussian(model: nn.Module, seed: int) -> None:
    """Independent N(0, 1) parameters, in place; numbers are drawn on the CPU, layer by layer."""
    source = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=source))


def initialise_default(model: nn.Module, seed: int) -> None:
    """torch's own initial weights of dense layers and convolutions, in place, from a seed.

    Weights and biases are uniform up to inputs^(-1/2), where the inputs of a convolution count its window. They are
    drawn on the CPU, layer by layer; torch's global generator neither enters nor is touched.

    :raises ValueError: if another kind of layer has parameters.
    """
    source = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for layer in model.modules():
            own = dict(layer.named_parameters(recurse=False))
            if own and not isinstance(layer, (nn.Linear, nn.Conv2d)):
                raise ValueError(f"torch's initial weights of a {type(layer).__name__} are not known here")
            for name, parameter in own.items():
                drawn = torch.empty(parameter.shape)
                if name == "weight":
                    nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=source)
                else:
                    bound = 1 / math.sqrt(layer.weight[0].numel())
                    nn.init.uniform_(drawn, -bound, bound, generator=source)
                parameter.copy_(drawn)


def parameters_of(model: nn.Module) -> dict[str, np.ndarray]:
    """A copy of every parameter as float32 on the CPU, named as in HDF5: ``dense1/weight``."""
    return {
        name.replace(".", "/"): parameter.detach().to("cpu", copy=True).numpy()
        for name, parameter in model.named_parameters()
    }


def load_parameters(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set every parameter of a model, in place, from what :func:`parameters_of` gave.

    :raises KeyError: if one is missing.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[name.replace(".", "/")]))
