"""Networks with the weights that a training stored, from before or after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from deepspectra.nn.architectures import architecture
from deepspectra.nn.networks import load_parameters, parameters_of
from deepspectra.runtime import store

__all__ = ["State", "load_trained"]

State = Literal["initial", "final"]


def load_trained(
    network: Mapping[str, Any], path: str | Path, state: State, inputs: int, outputs: int, dtype: torch.dtype
) -> nn.Module:
    """A trained network in evaluation mode, its float32 weights converted to another precision.

    :param network: its entry in the configuration, with its ``architecture``.
    :param path: the file that its training wrote.
    :param inputs: numbers in a sample. :param outputs: of the network.
    :raises UserError: if the file lacks these weights, or their shapes are not the network's.
    """
    model = architecture(network["architecture"]).build(network, inputs, outputs)
    shapes = {f"{state}/{name}": array.shape for name, array in parameters_of(model).items()}
    contents = store.read(path, shapes)
    load_parameters(model, {name.removeprefix(f"{state}/"): contents[name] for name in shapes})
    return model.to(dtype).eval()
