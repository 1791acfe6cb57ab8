"""The weights of a pretrained network from wherever they can be had, checked.

There is no other source than the official one, and not every network reaches it: that is an answer
(:class:`Unavailable`), not an error. The caller decides what can be done without.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspectra.data.pretrained.reading import read_matrices
from deepspectra.data.pretrained.table import Pretrained
from deepspectra.data.sources.downloads import fetch_file
from deepspectra.data.sources.errors import UnreachableError
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.store import file_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights: its ``sha256``, whether it is the provider's (``official``), and its ``source`` in words."""

    path: Path
    official: bool
    sha256: str
    source: str


@dataclass(frozen=True)
class Weights:
    """Weight ``matrices``, float32 (outputs, inputs), by layer; the rest is said of the file they come from."""

    matrices: dict[str, np.ndarray]
    official: bool
    sha256: str
    source: str


@dataclass(frozen=True)
class Unavailable:
    """Weights of network ``name`` that cannot be had here from their ``address``: the ``cause`` in a few words, and
    ``how_to_supply`` the file by hand. As text all of it."""

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


def obtain_weights(
    name: str,
    table: Mapping[str, Pretrained],
    *,
    own_file: str | os.PathLike | None = None,
    folder: str | os.PathLike | None = None,
    scratch: str | os.PathLike | None = None,
    timeout: float = 60.0,
    retries: int = 2,
    progress: bool = True,
) -> Weights | Unavailable:
    """The weight matrices of a pretrained network; where its file comes from and all parameters: :func:`open_file`.

    Peak memory is twice the size of the file, for torch's older format and for Keras.

    :returns: the matrices of all layers in the table, or why the official file cannot be had.
    :raises UserError: as :func:`open_file`, and if the file does not hold what the table says.
    """
    with open_file(
        name,
        table,
        own_file=own_file,
        folder=folder,
        scratch=scratch,
        timeout=timeout,
        retries=retries,
        progress=progress,
    ) as file:
        if isinstance(file, Unavailable):
            return file
        return Weights(read_matrices(file.path, table[name]), file.official, file.sha256, file.source)


@contextmanager
def open_file(
    name: str,
    table: Mapping[str, Pretrained],
    *,
    own_file: str | os.PathLike | None = None,
    folder: str | os.PathLike | None = None,
    scratch: str | os.PathLike | None = None,
    timeout: float = 60.0,
    retries: int = 2,
    progress: bool = True,
) -> Iterator[WeightsFile | Unavailable]:
    """The file of a pretrained network's weights, its hash checked; a downloaded one goes when the context ends.

    :param name: of a network in the table.
    :param table: from :func:`~deepspectra.data.pretrained.table.load_weights_table`.
    :param own_file: any file of the same layout, which then is the one that is used. None or empty for no such file.
    :param folder: the user's own, where the official file may lie under its own name. None or empty for no such folder.
    :param scratch: folder for the download, the system's temporary one if None; nothing is left in it.
    :param timeout: seconds without a byte after which an attempt to download has failed.
    :param retries: further attempts to download.
    :param progress: whether to show progress on standard error.
    :returns: in the context, the file; or why it cannot be had, which is also said where a download arrives damaged.
    :raises UserError: if a file or folder of the user's own is missing or cannot be read, if the one in the folder is
        not the official one, if there is no such network, or if the scratch folder cannot be written.
    """
    if name not in table:
        raise UserError(f"there are no pretrained weights {name!r}; the table of weights has {', '.join(table)}")
    entry = table[name]
    file = _named(name, entry, own_file) if own_file else None
    if file is None and folder:
        file = _in_folder(name, entry, Path(folder).expanduser())
    if file is not None:
        yield file
        return
    cannot_write = f"{name}: cannot write to {scratch or tempfile.gettempdir()}"
    try:
        temporary = tempfile.TemporaryDirectory(dir=scratch, prefix=f"{name}-")
    except OSError as error:
        raise UserError(f"{cannot_write}: {error}") from error
    with temporary as place:
        try:
            found = _downloaded(name, entry, Path(place), timeout=timeout, retries=retries, progress=progress)
        except OSError as error:
            raise UserError(f"{cannot_write}: {error}") from error
        yield found


def _named(name: str, entry: Pretrained, own_file: str | os.PathLike) -> WeightsFile:
    """The file that the configuration names; it need not be the official one."""
    path = Path(own_file).expanduser()
    if not path.is_file():
        raise UserError(
            f"{name}: your own file of weights {path} does not exist. Correct its path in the configuration, or leave "
            f"it out to have {entry.file_name} downloaded."
        )
    difference, sha256 = _hashes(name, entry, path)
    if difference:
        logger.warning("%s: your own file %s is not the official one: %s", name, path, difference)
    return WeightsFile(path, difference is None, sha256, f"your own file {path}")


def _in_folder(name: str, entry: Pretrained, folder: Path) -> WeightsFile | None:
    """The official file in the user's folder, None if there is no file of that name."""
    if not folder.is_dir():
        raise UserError(
            f"the folder of data files {folder} does not exist (data: {{folder: ...}} in the configuration)"
        )
    path = folder / entry.file_name
    if not path.is_file():
        logger.info("%s: your folder %s has no file %s", name, folder, entry.file_name)
        return None
    difference, sha256 = _hashes(name, entry, path)
    if difference:
        raise UserError(
            f"{name}: {path} is not the official file: {difference}. Replace it (from {entry.url}), or take it out of "
            "the folder to have it downloaded."
        )
    return WeightsFile(path, True, sha256, f"{entry.file_name} in your folder {folder}")


def _downloaded(name: str, entry: Pretrained, place: Path, **options: float) -> WeightsFile | Unavailable:
    """The official file from its address."""
    logger.info("%s: trying %s", name, entry.url)
    try:
        path = fetch_file(entry.url, place, expected=entry.bytes, **options)
        # Before anything reads what is in it.
        difference = entry.hash.difference(path)
    except UnreachableError as error:
        difference = str(error)
    if difference is None:
        return WeightsFile(path, True, file_hash(path), f"official file at {entry.url}")
    unavailable = Unavailable(
        name,
        entry.url,
        difference,
        f"To supply them by hand, put {entry.file_name} from that address into a folder and name the folder in the "
        "configuration, data: {folder: PATH}, or on the command line, --config data='{folder: PATH}'",
    )
    logger.warning("%s", unavailable)
    return unavailable


def _hashes(name: str, entry: Pretrained, path: Path) -> tuple[str | None, str]:
    """How a file's hash differs from the official one (None: not at all), and its SHA-256."""
    try:
        return entry.hash.difference(path), file_hash(path)
    except OSError as error:
        raise UserError(f"{name}: cannot read {path}: {error.strerror or error}") from error
