"""What all networks share: seeded initial weights, and parameters as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from deepspectra.runtime.seeds import generator

__all__ = ["INITIAL_STREAM", "ORDER_STREAM", "initialise_default", "initialise_gaussian", "initialise_glorot"]
__all__ += ["load_parameters", "parameters_of"]

#: Streams of a network's seed: what is drawn for one purpose does not depend on how much another one took.
INITIAL_STREAM, ORDER_STREAM = 0, 1


def initialise_glorot(model: nn.Module, seed: int) -> None:
    """Set Glorot-uniform weights and zero biases, in place; drawn on the CPU, layer by layer."""
    rng = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                drawn = torch.empty(parameter.shape)
                nn.init.xavier_uniform_(drawn, generator=rng)
                parameter.copy_(drawn)
            else:
                parameter.zero_()


def initialise_gaussian(model: nn.Module, seed: int) -> None:
    """Set independent N(0, 1) parameters, in place; drawn on the CPU, layer by layer."""
    rng = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))


def initialise_default(model: nn.Module, seed: int) -> None:
    """Set torch's own initial weights of dense layers and convolutions from a seed, in place.

    Weights and biases are uniform up to inputs^(-1/2), where a convolution's inputs include its window. They are drawn
    on the CPU, layer by layer; torch's global generator is neither used nor changed.

    :raises ValueError: if another kind of layer has parameters.
    """
    rng = generator(seed, INITIAL_STREAM)
    with torch.no_grad():
        for layer in model.modules():
            own = dict(layer.named_parameters(recurse=False))
            if own and not isinstance(layer, (nn.Linear, nn.Conv2d)):
                raise ValueError(f"torch's initial weights of a {type(layer).__name__} are not known here")
            for name, parameter in own.items():
                drawn = torch.empty(parameter.shape)
                if name == "weight":
                    nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=rng)
                else:
                    bound = 1 / math.sqrt(own["weight"][0].numel())
                    nn.init.uniform_(drawn, -bound, bound, generator=rng)
                parameter.copy_(drawn)


def parameters_of(model: nn.Module) -> dict[str, np.ndarray]:
    """A copy of every parameter as float32 on the CPU, named as in HDF5: ``dense1/weight``."""
    return {
        name.replace(".", "/"): parameter.detach().to("cpu", copy=True).numpy()
        for name, parameter in model.named_parameters()
    }


def load_parameters(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set every parameter of a model, in place, from what :func:`parameters_of` returned.

    :raises KeyError: if one is missing.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(arrays[name.replace(".", "/")]))
