"""What all networks share: seeded initial weights, parameters as arrays, and weights that a training stored."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from deepspectra.nn.architectures import architecture
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.seeds import generator
from deepspectra.runtime.shapes import check_shapes

__all__ = ["INITIAL_STREAM", "ORDER_STREAM", "State", "initialise_default", "initialise_gaussian"]
__all__ += ["initialise_glorot", "load_parameters", "load_trained", "parameters_of"]

State = Literal["initial", "final"]

#: Streams of a network's seed: what is drawn for one purpose does not depend on how much another one took.
INITIAL_STREAM, ORDER_STREAM = 0, 1

# Fills a tensor on the CPU that becomes one parameter of a layer, by its name.
_Draw = Callable[[torch.Tensor, nn.Module, str, torch.Generator], object]


def initialise_glorot(model: nn.Module, seed: int) -> None:
    """Set Glorot-uniform weights and zero biases from a seed, in place."""

    def draw(drawn: torch.Tensor, layer: nn.Module, name: str, rng: torch.Generator) -> object:
        return nn.init.xavier_uniform_(drawn, generator=rng) if name == "weight" else drawn.zero_()

    _initialise(model, seed, draw)


def initialise_gaussian(model: nn.Module, seed: int) -> None:
    """Set independent N(0, 1) parameters from a seed, in place."""
    _initialise(model, seed, lambda drawn, layer, name, rng: drawn.normal_(generator=rng))


def initialise_default(model: nn.Module, seed: int) -> None:
    """Set torch's own initial weights of dense layers and convolutions from a seed, in place.

    Weights and biases are uniform up to inputs^(-1/2), where a convolution's inputs include its window.

    :raises ValueError: if another kind of layer has parameters.
    """

    def draw(drawn: torch.Tensor, layer: nn.Module, name: str, rng: torch.Generator) -> object:
        if not isinstance(layer, (nn.Linear, nn.Conv2d)):
            raise ValueError(f"torch's initial weights of a {type(layer).__name__} are not known here")
        if name == "weight":
            return nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=rng)
        bound = 1 / math.sqrt(layer.weight[0].numel())
        return nn.init.uniform_(drawn, -bound, bound, generator=rng)

    _initialise(model, seed, draw)


@torch.no_grad()
def _initialise(model: nn.Module, seed: int, draw: _Draw) -> None:
    """Draw all parameters, layer by layer; torch's global generator is neither used nor changed."""
    rng = generator(seed, INITIAL_STREAM)
    for layer in model.modules():
        for name, parameter in layer.named_parameters(recurse=False):
            drawn = torch.empty(parameter.shape)
            draw(drawn, layer, name, rng)
            parameter.copy_(drawn)


def parameters_of(model: nn.Module) -> dict[str, np.ndarray]:
    """A copy of every parameter as float32 on the CPU, named as in HDF5: ``dense1/weight``."""
    parameters = model.named_parameters()
    return {name.replace(".", "/"): values.detach().to("cpu", copy=True).numpy() for name, values in parameters}


@torch.no_grad()
def load_parameters(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set every parameter of a model, in place, from what :func:`parameters_of` returned.

    :raises UserError: if the arrays are not exactly the model's parameters, or one has another shape.
    """
    parameters = {name.replace(".", "/"): parameter for name, parameter in model.named_parameters()}
    if set(arrays) != set(parameters):
        expected, found = (", ".join(sorted(names)) for names in (parameters, arrays))
        raise UserError(f"the network has the parameters {expected}; found values of {found or 'none'}.")
    for name, parameter in parameters.items():
        check_shapes(**{f"parameter {name}": (arrays[name], parameter.shape)})
        parameter.copy_(torch.from_numpy(arrays[name]))


def load_trained(
    network: Mapping[str, Any], path: str | Path, state: State, inputs: int, outputs: int, dtype: torch.dtype
) -> nn.Module:
    """A trained network in evaluation mode, its float32 weights converted to another precision.

    :param network: its entry in the configuration. :param path: the file that its training wrote.
    :param inputs: numbers in a sample. :param outputs: of the network.
    :raises UserError: if the file lacks these weights, or their shapes are not the network's.
    """
    model = architecture(network["architecture"]).build(network, inputs, outputs)
    shapes = {f"{state}/{name}": array.shape for name, array in parameters_of(model).items()}
    arrays = store.read(path, shapes).arrays
    load_parameters(model, {name.removeprefix(f"{state}/"): array for name, array in arrays.items()})
    return model.to(dtype).eval()
