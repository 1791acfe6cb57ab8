"""What a curvature matrix is computed from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deepspectra.data.loading import load_samples
from deepspectra.data.sets import data_set
from deepspectra.data.tasks import Part, Samples
from deepspectra.nn.networks import State, load_trained

__all__ = ["load_network_and_samples"]


def load_network_and_samples(
    network: Mapping[str, Any], files: Sequence[str | Path], state: State, part: Part, dtype: torch.dtype, device: Any
) -> tuple[nn.Module, Samples]:
    """A network of baskerville2022 in evaluation mode, and its samples, from files of its weights and of its data."""
    weights, data = files
    samples = load_samples(network, data, part, dtype=dtype).to(device)
    features, outputs = samples.inputs[0].numel(), data_set(network["data"]).outputs
    return load_trained(network, weights, state, features, outputs, dtype).to(device), samples
