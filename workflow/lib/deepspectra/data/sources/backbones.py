"""All parameters of a network trained on ImageNet that turns images into features: of the first that can be had.

One network can stand for another here, other than in :mod:`~deepspectra.data.sources.weights`; without any of them there
is nothing to compute, which is an error.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepspectra.data.sources.retrieval import NAME_THE_FOLDER, Retriever, UnobtainableError, read_arrays
from deepspectra.data.sources.tables import AnySource, BackboneEntry
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

__all__ = ["BackboneWeights", "fetch_backbone", "obtain_backbone"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackboneWeights:
    """The parameters and buffers of backbone ``name`` as float32 ``arrays`` by name (``conv1/weight``), the ``sha256`` of
    the provider's file, and the ``origin`` that served it, in words."""

    name: str
    arrays: dict[str, np.ndarray]
    sha256: str
    origin: str


def fetch_backbone(
    wanted: str, entries: Mapping[str, Mapping[str, Any]], target: str | os.PathLike[str], retriever: Retriever
) -> None:
    """Write one backbone into an HDF5 file that says which it is; which source served is in the log only.

    :param wanted: as :func:`obtain_backbone`. :param entries: of the table of backbones, as plain values.
    """
    table = {name: BackboneEntry.model_validate(entry) for name, entry in entries.items()}
    found = obtain_backbone(wanted, table, retriever)
    words = table[found.name].model_dump(include={"title", "provider", "licence", "citation"})
    store.write(target, found.arrays, parameters={"backbone": found.name, "sha256": found.sha256, **words})
    logger.info("%s: %s, from %s", found.name, target, found.origin)


def obtain_backbone(wanted: str, table: Mapping[str, BackboneEntry], retriever: Retriever) -> BackboneWeights:
    """The parameters of a backbone, its file's hash checked before anything else is done with it.

    :param wanted: name of a backbone, or ``auto`` for the first of the table that can be had.
    :raises UserError: if none can be had, and as :meth:`Retriever.retrieve`.
    """

    def read(source: AnySource, folder: Path, files: Sequence[Path]) -> tuple[dict[str, np.ndarray], str]:
        arrays, members = read_arrays(source, folder, files)
        [member] = members.values()
        return arrays, hashlib.sha256(member.content).hexdigest()

    names = list(table) if wanted == "auto" else [wanted]
    tried: list[str] = []
    for name in names:
        try:
            (arrays, sha256), origin = retriever.retrieve(name, table[name].sources, read)
            return BackboneWeights(name, arrays, sha256, origin)
        except UnobtainableError as error:
            tried += [f"  - {name}, {place}: {reason}" for place, reason in error.tried]
    lines = [
        "no network for the features of CIFAR-10 can be had, and without one there are none. Tried, in this order:",
        *tried,
        "To supply one by hand, put one of these into a folder:",
        *(f"  - {name}: {source.by_hand}" for name in names for source in table[name].sources),
        f"and {NAME_THE_FOLDER}",
    ]
    raise UserError("\n".join(lines))
