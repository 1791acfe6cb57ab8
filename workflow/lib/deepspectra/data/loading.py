"""Samples of the networks of baskerville2022, by the data set that their entry in the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from deepspectra.data.sets import data_set
from deepspectra.data.tasks import Part, Samples, Task

__all__ = ["load_samples", "load_task"]


def load_task(network: Mapping[str, Any], path: str | Path, *, dtype: torch.dtype = torch.float64) -> Task:
    """Both parts of a network's data, and its loss; see :func:`load_samples`."""
    train, test = (load_samples(network, path, part, dtype=dtype) for part in ("train", "test"))
    return Task(train, test, data_set(network["data"]).loss)


def load_samples(
    network: Mapping[str, Any], path: str | Path, part: Part, *, dtype: torch.dtype = torch.float64
) -> Samples:
    """One part of a network's data, normalised as the authors do; shapes are those of the data set's module.

    :param network: ``data`` and, for bike, ``seed`` (it shuffles the rows); ``images`` and ``test_images``, if there and
        not None, say how many of the first samples are taken.
    :param path: the data set's file. :param dtype: of inputs, and of targets that are values.
    :raises UserError: if the file is not what it must be, or holds too few samples.
    """
    count = network.get("images" if part == "train" else "test_images")
    return data_set(network["data"]).load(network, path, part, count, dtype)
