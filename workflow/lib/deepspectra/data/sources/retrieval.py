"""The one way to files from elsewhere: the user's own folder first, then source after source, each checked."""

import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from deepspectra.data.sources.downloads import fetch
from deepspectra.data.sources.errors import CorruptError, IncompleteError, NoFilesError, SourceError
from deepspectra.data.sources.formats import FORMATS
from deepspectra.data.sources.members import MemberBytes, locate, read_members
from deepspectra.data.sources.tables import AnySource
from deepspectra.runtime.errors import UserError

__all__ = ["Retriever", "UnobtainableError", "read_arrays"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
_Read = Callable[[AnySource, Path, Sequence[Path]], T]


class UnobtainableError(Exception):
    """No source served. ``tried``: each place that was tried, and why it did not serve."""

    def __init__(self, tried: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(map(": ".join, tried)))
        self.tried = tried


@dataclass(frozen=True)
class Retriever:
    """Where to look for files, and how patiently.

    :ivar folder: the user's own, with files as downloaded or their members as single files. None or empty for none.
    :ivar timeout_seconds: without a byte, after which an attempt to download has failed.
    :ivar retries: further attempts for each download.
    """

    folder: str | os.PathLike[str] | None = None
    timeout_seconds: float = 60.0
    retries: int = 2

    def retrieve(self, name: str, sources: Sequence[AnySource], read: _Read[T]) -> tuple[T, str]:
        """The content of the first source that serves, and that place in words; a source that fails is logged.

        :param name: for messages.
        :param read: (source, folder, files) -> content; it raises a SourceError for wrong files. Downloaded files
            go when it returns.
        :raises UnobtainableError: if no source served.
        :raises UserError: if a file in the user's folder is wrong or missing, if that folder does not exist, or if the
            temporary folder cannot be written.
        """
        tried: list[tuple[str, str]] = []
        if self.folder:
            folder = Path(self.folder).expanduser()
            if not folder.is_dir():
                raise UserError(
                    f"the folder of data files {folder} does not exist (data: {{folder: ...}} in the configuration)"
                )
            try:
                return _from_folder(name, sources, read, folder)
            except NoFilesError as error:
                tried.append((f"your folder {folder}", str(error)))
                logger.warning("%s: your folder %s: %s", name, folder, error)
        for source in sources:
            logger.info("%s: trying %s", name, source)
            try:
                with tempfile.TemporaryDirectory(prefix=f"{name}-") as place:
                    files = fetch(source, Path(place), timeout=self.timeout_seconds, retries=self.retries)
                    return read(source, Path(place), files), str(source)
            except SourceError as error:
                tried.append((str(source), str(error)))
                logger.warning("%s: %s: %s", name, source, error)
            except OSError as error:
                raise UserError(f"{name}: cannot write to {tempfile.gettempdir()}: {error}") from error
        raise UnobtainableError(tried)


def _from_folder(name: str, sources: Sequence[AnySource], read: _Read[T], folder: Path) -> tuple[T, str]:
    """The content of the user's own files, in the form of whichever source they are; NoFilesError without any."""
    incomplete: IncompleteError | None = None
    for source in sources:
        try:
            files = locate(folder, source)
            content = read(source, folder, files)
        except NoFilesError:
            continue
        except IncompleteError as error:
            incomplete = incomplete or error
            continue
        except SourceError as error:
            raise UserError(
                f"{name}: a file in your folder {folder} is not the right one: {error}. Replace it, or take it out of "
                "the folder to have it downloaded."
            ) from error
        return content, f"{', '.join(file.relative_to(folder).as_posix() for file in files)} in your folder {folder}"
    if incomplete:
        # To download instead would hide the user's mistake.
        raise UserError(
            f"{name}: your folder {folder} is not complete: {incomplete}. Add what is missing, or take the others out "
            "of the folder to have all downloaded."
        ) from incomplete
    raise NoFilesError("none of its files")


def read_arrays(
    source: AnySource, folder: Path, files: Sequence[Path]
) -> tuple[dict[str, np.ndarray], dict[str, MemberBytes]]:
    """The arrays in a source's files, and the members that they come from, whose hashes are checked first.

    :raises CorruptError: if a file is not of the source's format, and as :func:`read_members`.
    """
    members = read_members(folder, files, source.members)
    try:
        return FORMATS[source.format].read({role: member.content for role, member in members.items()}), members
    except CorruptError as error:
        raise CorruptError(f"{', '.join(member.origin for member in members.values())}: {error}") from error
