"""Weight matrices of a pretrained network, checked, from its official file or from one of the user's own.

The official address is the only source, and many networks do not reach it: that is an answer (:class:`Unavailable`), not
an error. The caller decides what to do without.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.data.sources.errors import CorruptError
from deepspectra.data.sources.matrices import read_matrices
from deepspectra.data.sources.retrieval import NAME_THE_FOLDER, Retriever, UnobtainableError
from deepspectra.data.sources.tables import AnySource, WeightsEntry
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["PretrainedWeights", "Unavailable", "fetch_weights", "obtain_weights"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainedWeights:
    """Weight ``matrices``, float32 (outputs, inputs), by layer, and their file: whether it is the provider's
    (``official``), its ``sha256``, and its ``origin`` in words."""

    matrices: dict[str, np.ndarray]
    official: bool
    sha256: str
    origin: str


@dataclass(frozen=True)
class Unavailable:
    """Weights of network ``name`` that cannot be had here from their ``address``: the ``cause`` in a few words, and
    ``how_to_supply`` the file by hand."""

    name: str
    address: str
    cause: str
    how_to_supply: str

    @property
    def reason(self) -> str:
        """A sentence without its full stop."""
        return f"{self.name}: the pretrained weights at {self.address} could not be had: {self.cause}"

    def __str__(self) -> str:
        return f"{self.reason}. {self.how_to_supply}"


def fetch_weights(
    name: str,
    entry: Mapping[str, Any],
    target: str | os.PathLike[str],
    retriever: Retriever,
    *,
    own_file: str | os.PathLike[str] | None = None,
    required: bool = False,
) -> None:
    """Write weight matrices into an HDF5 file; where they cannot be had, one without any that says why.

    Its parameters say ``available``, and what needs the matrices does without where that is false.

    :param entry: of the table of weights, as plain values. :param required: whether the weights must be had.
    :raises UserError: if the weights are required and cannot be had, and as :func:`obtain_weights`.
    """
    checked = WeightsEntry.model_validate(entry)
    found = obtain_weights(name, checked, retriever, own_file=own_file)
    parameters = {"name": name, **checked.model_dump(include={"title", "provider", "licence", "citation"})}
    if isinstance(found, Unavailable):
        if required:
            raise UserError(str(found))
        how_to_supply = f"{found.how_to_supply}. Then delete {target} and run again."
        print(f"\nnote: {found.reason}. {how_to_supply}\n", file=sys.stderr)
        status = {"available": False, "reason": found.reason, "cause": found.cause, "how_to_supply": how_to_supply}
        store.write(target, {}, parameters=parameters | status | {"official": None, "sha256": None})
    else:
        status = {"available": True, "reason": None, "cause": None, "how_to_supply": None}
        file = {"official": found.official, "sha256": found.sha256}
        store.write(target, found.matrices, parameters=parameters | status | file)
        logger.info("%s: %s, from %s", name, target, found.origin)


def obtain_weights(
    name: str, entry: WeightsEntry, retriever: Retriever, *, own_file: str | os.PathLike[str] | None = None
) -> PretrainedWeights | Unavailable:
    """The weight matrices of all layers in an entry, or why the official file cannot be had.

    Peak memory is twice the size of the file, for torch's older format and for Keras.

    :param own_file: any file of the same layout, to be used instead. None or empty for none.
    :raises UserError: if the own file does not exist, if a file does not hold what the entry says, and as
        :meth:`Retriever.retrieve`.
    """
    if own_file:
        return _own_weights(name, entry, Path(own_file).expanduser())

    def read(_: AnySource, folder: Path, files: Sequence[Path]) -> tuple[dict[str, np.ndarray], str]:
        [path] = files
        entry.hash.check(path)
        return read_matrices(path, entry), store.file_hash(path)

    try:
        (matrices, sha256), origin = retriever.retrieve(name, [entry.source], read)
    except UnobtainableError as error:
        unavailable = Unavailable(
            name,
            entry.url,
            error.tried[-1][1],
            f"To supply them by hand, put {entry.file_name} from that address into a folder and {NAME_THE_FOLDER}",
        )
        logger.warning("%s", unavailable)
        return unavailable
    return PretrainedWeights(matrices, True, sha256, origin)


def _own_weights(name: str, entry: WeightsEntry, path: Path) -> PretrainedWeights:
    """The matrices of the file that the configuration names; it need not be the official one."""
    if not path.is_file():
        raise UserError(
            f"{name}: your own file of weights {path} does not exist. Correct its path in the configuration, or leave "
            f"it out to have {entry.file_name} downloaded."
        )
    official = True
    try:
        entry.hash.check(path)
    except CorruptError as error:
        official = False
        logger.warning("%s: your own file %s is not the official one: %s", name, path, error)
    return PretrainedWeights(read_matrices(path, entry), official, store.file_hash(path), f"your own file {path}")
