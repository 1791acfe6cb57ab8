"""Data sets as canonical arrays, the same to the bit whichever source served them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.data.sources.errors import CorruptError
from deepspectra.data.sources.retrieval import NAME_THE_FOLDER, Retriever, UnobtainableError, read_arrays
from deepspectra.data.sources.tables import AnySource, DataSetEntry
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["fetch_data_set", "obtain_data_set"]

logger = logging.getLogger(__name__)


def fetch_data_set(
    name: str, entry: Mapping[str, Any], target: str | os.PathLike[str], retriever: Retriever
) -> None:
    """Write one data set into an HDF5 file; which source served is in the log only.

    :param entry: of the data table, as plain values.
    :raises UserError: as :func:`obtain_data_set`.
    """
    data_set = DataSetEntry.model_validate(entry)
    arrays, origin = obtain_data_set(name, data_set, retriever)
    parameters: dict[str, Any] = {"dataset": name, **data_set.model_dump(include={"title", "licence", "citation"})}
    if columns := {key: array.columns for key, array in data_set.arrays.items() if array.columns}:
        parameters["columns"] = columns
    store.write(target, arrays, parameters=parameters)
    logger.info("%s: %s, from %s", name, target, origin)


def obtain_data_set(name: str, entry: DataSetEntry, retriever: Retriever) -> tuple[dict[str, np.ndarray], str]:
    """The canonical arrays of a data set, each checked by its SHA-256, and the place that served them.

    :returns: uint8 images (count, height, width[, 3]) and labels (count,), or a float64 table (rows, columns).
    :raises UserError: if no source served, and as :meth:`Retriever.retrieve`.
    """

    def read(source: AnySource, folder: Path, files: Sequence[Path]) -> dict[str, np.ndarray]:
        arrays, members = read_arrays(source, folder, files)
        origins = ", ".join(member.origin for member in members.values())
        for key, expected in entry.arrays.items():
            array = arrays[key]
            if array.shape != tuple(expected.shape) or array.dtype != expected.dtype:
                raise CorruptError(
                    f"array {key} from {origins} is {array.dtype} {array.shape}, "
                    f"expected {expected.dtype} {tuple(expected.shape)}"
                )
            actual = store.array_hash(array)
            if actual != expected.sha256:
                raise CorruptError(f"array {key} from {origins} has SHA-256 {actual}, expected {expected.sha256}")
        return {key: arrays[key] for key in entry.arrays}

    try:
        return retriever.retrieve(name, entry.sources, read)
    except UnobtainableError as error:
        lines = [
            f"no source served the data set {name}. Tried, in this order:",
            *(f"  - {place}: {reason}" for place, reason in error.tried),
            "To supply it by hand, put one of these into a folder:",
            *(f"  - {source.by_hand}" for source in entry.sources),
            f"and {NAME_THE_FOLDER}",
        ]
        raise UserError("\n".join(lines)) from error
