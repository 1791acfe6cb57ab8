"""Networks with the weights that a training left, before or after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from deepspectra.nn.networks import build, load_parameters, parameters_of
from deepspectra.runtime import store

State = Literal["initial", "final"]


def load_trained(
    network: Mapping[str, object], path: str | Path, state: State, features: int, dtype: torch.dtype
) -> nn.Module:
    """A network of baskerville2022 in evaluation mode, its float32 weights in another precision.

    :param network: its entry in the configuration.
    :param path: the file that its training left. :param features: of a sample.
    :raises UserError: if the file has no such weights, or of other shapes than the network's.
    """
    model = build(network, features)
    shapes = {f"{state}/{name}": array.shape for name, array in parameters_of(model).items()}
    contents = store.read(path, shapes)
    load_parameters(model, {name.removeprefix(f"{state}/"): contents[name] for name in shapes})
    return model.to(dtype).eval()
