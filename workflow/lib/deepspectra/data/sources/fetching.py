"""What the rules fetch, each into one HDF5 file: a data set, a pretrained network's weights, a backbone.

Which source served is in the log only."""

import hashlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.data.sources.matrices import read_matrices
from deepspectra.data.sources.retrieval import Retriever, UnobtainableError, read_arrays
from deepspectra.data.sources.tables import AnySource, BackboneEntry, CorruptError, DataSetEntry, WeightsEntry
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["fetch_backbone", "fetch_data_set", "fetch_weights"]

logger = logging.getLogger(__name__)

_Arrays = dict[str, np.ndarray]
_Path = str | os.PathLike[str]
_FOLDER = "name the folder in the configuration, data: {folder: PATH}, or on the command line, "
_FOLDER += "--config data='{folder: PATH}'"


def fetch_data_set(name: str, entry: Mapping[str, Any], target: _Path, retriever: Retriever) -> None:
    """Fetch the canonical arrays of a data set, each checked by its SHA-256: uint8 images (count, height, width[, 3])
    and labels (count,), or a float64 table (rows, columns).

    :param entry: of the data table, as plain values.
    :raises UserError: if no source served, and as :meth:`Retriever.retrieve`.
    """
    data_set = DataSetEntry.model_validate(entry)

    def read(source: AnySource, folder: Path, files: Sequence[Path]) -> _Arrays:
        arrays, members = read_arrays(source, folder, files)
        origins = ", ".join(member.origin for member in members.values())
        for key, expected in data_set.arrays.items():
            what, shape, found = f"array {key} from {origins}", tuple(expected.shape), arrays[key]
            if found.shape != shape or found.dtype != expected.dtype:
                raise CorruptError(f"{what} is {found.dtype} {found.shape}, expected {expected.dtype} {shape}")
            if (sha256 := store.array_hash(found)) != expected.sha256:
                raise CorruptError(f"{what} has SHA-256 {sha256}, expected {expected.sha256}")
        return {key: arrays[key] for key in data_set.arrays}

    try:
        arrays, origin = retriever.retrieve(name, data_set.sources, read)
    except UnobtainableError as error:
        by_hand = [source.by_hand for source in data_set.sources]
        raise UserError(_tried(f"the data set {name} could not be had", error.tried, by_hand)) from error
    parameters: dict[str, Any] = {"dataset": name, **data_set.model_dump(include={"title", "licence", "citation"})}
    if columns := {key: array.columns for key, array in data_set.arrays.items() if array.columns}:
        parameters["columns"] = columns
    store.write(target, arrays, parameters=parameters)
    logger.info("%s: %s, from %s", name, target, origin)


def fetch_backbone(wanted: str, entries: Mapping[str, Mapping[str, Any]], target: _Path, retriever: Retriever) -> None:
    """Fetch all parameters of a network that turns images into features; the file says which network it is.

    :param wanted: name of a backbone, or ``auto`` for the first that can be had: one can stand for another.
    :param entries: of the table of backbones, as plain values, in the order in which they are tried.
    :raises UserError: if none can be had, and as :meth:`Retriever.retrieve`.
    """
    table = {name: BackboneEntry.model_validate(entries[name]) for name in entries if wanted in ("auto", name)}

    def read(source: AnySource, folder: Path, files: Sequence[Path]) -> tuple[_Arrays, str]:
        arrays, members = read_arrays(source, folder, files)
        [member] = members.values()
        return arrays, hashlib.sha256(member.content).hexdigest()

    tried: list[tuple[str, str]] = []
    for name, entry in table.items():
        try:
            (arrays, sha256), origin = retriever.retrieve(name, entry.sources, read)
        except UnobtainableError as error:
            tried += [(f"{name}, {place}", reason) for place, reason in error.tried]
            continue
        words = entry.model_dump(include={"title", "provider", "licence", "citation"})
        store.write(target, arrays, parameters={"backbone": name, "sha256": sha256, **words})
        logger.info("%s: %s, from %s", name, target, origin)
        return
    by_hand = [f"{name}: {source.by_hand}" for name, entry in table.items() for source in entry.sources]
    raise UserError(_tried("no network for the features of CIFAR-10 could be had", tried, by_hand))


def fetch_weights(
    name: str,
    entry: Mapping[str, Any],
    target: _Path,
    retriever: Retriever,
    *,
    own_file: _Path | None = None,
    required: bool = False,
) -> None:
    """Fetch weight matrices, float32 (outputs, inputs) by layer; where they cannot be had, the file says why.

    The official address is the only source, and many networks do not reach it: unless the weights are required, that
    leaves a file without arrays whose parameters say ``available: false``, and what needs the matrices does without.
    Peak memory is twice the size of the provider's file, for torch's older format and for Keras.

    :param entry: of the table of weights, as plain values.
    :param own_file: any file of the same layout, to be used instead. None or empty for none.
    :raises UserError: if required weights cannot be had, if the own file does not exist, if a file does not hold what
        the entry says, and as :meth:`Retriever.retrieve`.
    """
    checked = WeightsEntry.model_validate(entry)
    parameters = {"name": name, **checked.model_dump(include={"title", "provider", "licence", "citation"})}
    parameters |= dict.fromkeys(("reason", "cause", "how_to_supply", "official", "sha256"))

    def read(_: AnySource, folder: Path, files: Sequence[Path]) -> tuple[_Arrays, str]:
        [path] = files
        checked.hash.check(path)
        return read_matrices(path, checked), store.file_hash(path)

    official = True
    try:
        if own_file:
            path = Path(own_file).expanduser()
            official = _is_official(name, checked, path)
            matrices, sha256, origin = read_matrices(path, checked), store.file_hash(path), f"your own file {path}"
        else:
            (matrices, sha256), origin = retriever.retrieve(name, [checked.source], read)
    except UnobtainableError as error:
        cause = error.tried[-1][1]
        reason = f"{name}: the pretrained weights at {checked.url} could not be had: {cause}"
        [file_name] = checked.source.downloaded_names
        how_to_supply = f"To supply them by hand, put {file_name} from that address into a folder and {_FOLDER}"
        logger.warning("%s. %s", reason, how_to_supply)
        if required:
            raise UserError(f"{reason}. {how_to_supply}") from error
        how_to_supply += f". Then delete {target} and run again."
        print(f"\nnote: {reason}. {how_to_supply}\n", file=sys.stderr)
        parameters |= {"available": False, "reason": reason, "cause": cause, "how_to_supply": how_to_supply}
        store.write(target, {}, parameters=parameters)
        return
    parameters |= {"available": True, "official": official, "sha256": sha256}
    store.write(target, matrices, parameters=parameters)
    logger.info("%s: %s, from %s", name, target, origin)


def _is_official(name: str, entry: WeightsEntry, path: Path) -> bool:
    if not path.is_file():
        advice = "Correct its path in the configuration, or leave it out to have the official one downloaded."
        raise UserError(f"{name}: your own file of weights {path} does not exist. {advice}")
    try:
        entry.hash.check(path)
    except CorruptError as error:
        logger.warning("%s: your own file %s is not the official one: %s", name, path, error)
        return False
    return True


def _tried(failure: str, tried: Sequence[tuple[str, str]], by_hand: Sequence[str]) -> str:
    """The message when no source served: what was tried, and how to supply a file by hand."""
    lines = [f"{failure}. Tried, in this order:", *(f"  - {place}: {reason}" for place, reason in tried)]
    lines += ["To supply it by hand, put one of these into a folder:", *(f"  - {way}" for way in by_hand)]
    return "\n".join([*lines, f"and {_FOLDER}"])
