"""Samples of the networks of baskerville2022, by the data set that their entry in the configuration names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deepspectra.data.sets import data_set
from deepspectra.data.tasks import Part, Samples, Task, first_samples, read_labelled
from deepspectra.nn.networks import State, load_trained

__all__ = ["load_network_and_samples", "load_samples", "load_task"]

#: Samples normalised at once: all of CIFAR-10 in float64, with intermediate results, is several GB.
_BLOCK = 1000


def load_task(network: Mapping[str, Any], path: str | Path, *, dtype: torch.dtype = torch.float64) -> Task:
    """Both parts of a network's data, and its loss; see :func:`load_samples`."""
    train, test = (load_samples(network, path, part, dtype=dtype) for part in ("train", "test"))
    return Task(train, test, data_set(network["data"]).loss)


def load_samples(
    network: Mapping[str, Any], path: str | Path, part: Part, *, dtype: torch.dtype = torch.float64
) -> Samples:
    """One part of a network's data, normalised as the authors do.

    Inputs are (count, 784) for mnist, (count, 3, 32, 32) for cifar10, (count, d) for features and (count, 13) for bike,
    whose targets are (count, 1). Each number is computed in float64 and then rounded once.

    :param network: ``data`` and, for bike, ``seed`` (it shuffles the rows); ``images`` and ``test_images``, if there
        and not None, say how many of the first samples are taken.
    :param path: the data set's file. :param dtype: of inputs, and of targets that are values.
    :raises UserError: if the file is not what it must be, or holds too few samples.
    """
    chosen, count = data_set(network["data"]), network.get("images" if part == "train" else "test_images")
    if chosen.read:
        arrays = chosen.read(path, part, network)
        first = first_samples(count, len(arrays[0]), path, part)
        return Samples(*(torch.from_numpy(array[first]).to(dtype) for array in arrays))
    stored, labels = read_labelled(path, part, chosen.stored, ("samples", *chosen.shape), count)
    inputs = torch.empty(len(stored), *chosen.normalise(stored[:1]).shape[1:], dtype=dtype)
    for start in range(0, len(stored), _BLOCK):
        block = slice(start, start + _BLOCK)
        inputs[block] = torch.from_numpy(chosen.normalise(stored[block]))
    return Samples(inputs, labels)


def load_network_and_samples(
    network: Mapping[str, Any], files: Sequence[str | Path], state: State, part: Part, dtype: torch.dtype, device: Any
) -> tuple[nn.Module, Samples]:
    """A trained network in evaluation mode, and its samples, from the files of its weights and of its data."""
    samples = load_samples(network, files[1], part, dtype=dtype).to(device)
    features, outputs = samples.inputs[0].numel(), data_set(network["data"]).outputs
    return load_trained(network, files[0], state, features, outputs, dtype).to(device), samples
