"""All parameters of a network trained on ImageNet, whose features other data are given: of the first that can be had.

Other than the matrices of :mod:`~deepspectra.data.pretrained.retrieval`, one network can stand for another here, and without
any of them there is nothing to compute: that none can be had is an error.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspectra.data.pretrained.table import Backbone
from deepspectra.data.sources.archives import locate, read_members
from deepspectra.data.sources.downloads import fetch
from deepspectra.data.sources.errors import AbsentError, CorruptError, SourceError
from deepspectra.data.sources.formats import FORMATS
from deepspectra.data.sources.retrieval import by_hand
from deepspectra.data.sources.table import Source
from deepspectra.runtime.errors import UserError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackboneWeights:
    """The ``name`` of a backbone, its parameters and buffers as float32 ``arrays`` by name (``conv1/weight``), the
    ``sha256`` of the provider's file, and the ``source`` that served it, in words."""

    name: str
    arrays: dict[str, np.ndarray]
    sha256: str
    source: str


def obtain_backbone(
    wanted: str,
    table: Mapping[str, Backbone],
    *,
    folder: str | os.PathLike | None = None,
    scratch: str | os.PathLike | None = None,
    timeout: float = 60.0,
    retries: int = 2,
    progress: bool = True,
) -> BackboneWeights:
    """The parameters of a backbone from the user's folder, or else from the first of its sources that serves.

    A source that is out of reach or corrupt is reported in the log, and the next one tried.

    :param wanted: name of a backbone, or ``auto`` for the first of the table that can be had.
    :param table: from :func:`~deepspectra.data.pretrained.table.load_backbones_table`.
    :param folder: the user's own, where the provider's file or package may lie under its own name. None or empty for no
        such folder.
    :param scratch: folder for the download, the system's temporary one if None; nothing is left in it.
    :param timeout: seconds without a byte after which an attempt to download has failed.
    :param retries: further attempts for each download.
    :param progress: whether to show progress on standard error.
    :raises UserError: if none can be had, if a file in the user's folder is wrong, if their folder does not exist, if
        there is no such backbone, or if the scratch folder cannot be written.
    """
    if wanted != "auto" and wanted not in table:
        raise UserError(f"there is no backbone {wanted!r}; the table of backbones has {', '.join(table)}, or say auto")
    if folder and not Path(folder).expanduser().is_dir():
        raise UserError(
            f"the folder of data files {folder} does not exist (data: {{folder: ...}} in the configuration)"
        )
    names = list(table) if wanted == "auto" else [wanted]
    tried: list[str] = []
    for name in names:
        if folder:
            try:
                return _from_folder(name, table[name], Path(folder).expanduser())
            except AbsentError as error:
                tried.append(f"{name}, your folder {folder}: {error}")
                logger.info("%s", tried[-1])
        for source in table[name].sources:
            logger.info("%s: trying %s", name, source)
            try:
                with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{name}-") as place:
                    files = fetch(source, Path(place), timeout=timeout, retries=retries, progress=progress)
                    return _read(name, source, Path(place), files, str(source))
            except SourceError as error:
                tried.append(f"{name}, {source}: {error}")
                logger.warning("%s", tried[-1])
            except OSError as error:
                raise UserError(f"{name}: cannot write to {scratch or tempfile.gettempdir()}: {error}") from error
    raise UserError(_nowhere([(name, table[name]) for name in names], tried))


def _from_folder(name: str, entry: Backbone, folder: Path) -> BackboneWeights:
    """The backbone from the user's own file.

    :raises AbsentError: if the folder has none.
    :raises UserError: if it is not the right one.
    """
    for source in entry.sources:
        try:
            files = locate(folder, source)
        except AbsentError:
            continue
        try:
            names = ", ".join(file.relative_to(folder).as_posix() for file in files)
            return _read(name, source, folder, files, f"{names} in your folder {folder}")
        except SourceError as error:
            raise UserError(
                f"{name}: a file in your folder {folder} is not the right one: {error}. Replace it, or take it out of "
                "the folder to have it downloaded."
            ) from error
    raise AbsentError("none of its files")


def _read(name: str, source: Source, folder: Path, files: Sequence[Path], words: str) -> BackboneWeights:
    """The parameters in a source's files, whose hashes are checked before anything else is done with them."""
    contents = read_members(folder, files, source.members)
    try:
        arrays = FORMATS[source.format].read({role: content.content for role, content in contents.items()})
    except CorruptError as error:
        raise CorruptError(f"{', '.join(content.origin for content in contents.values())}: {error}") from error
    [content] = contents.values()
    return BackboneWeights(name, arrays, hashlib.sha256(content.content).hexdigest(), words)


def _nowhere(entries: Sequence[tuple[str, Backbone]], tried: Sequence[str]) -> str:
    """The message when nothing could be had: what was tried, and how to supply a file by hand."""
    return "\n".join(
        [
            "no network for the features of CIFAR-10 could be had, and without one they cannot be made. Tried, in this "
            "order:",
            *(f"  - {attempt}" for attempt in tried),
            "To supply one by hand, put one of these into a folder:",
            *(f"  - {name}: {by_hand(source)}" for name, entry in entries for source in entry.sources),
            "and name the folder in the configuration, data: {folder: PATH}, or on the command line, "
            "--config data='{folder: PATH}'",
        ]
    )
