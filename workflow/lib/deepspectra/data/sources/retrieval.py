"""The one way to files from elsewhere: the user's own folder first, then source after source, each checked.

Members of archives are read into memory, with bounded sizes, and nothing is extracted: paths, links and permissions in
an archive have no effect, and nothing in it is executed or unpickled.
"""

import glob
import gzip
import logging
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, TypeVar, cast

import numpy as np

from deepspectra.data.sources.downloads import fetch
from deepspectra.data.sources.tables import FORMATS, AnySource, CorruptError, IncompleteError, Member, SourceError
from deepspectra.runtime.errors import UserError

__all__ = ["MEMBER_LIMIT", "MemberBytes", "Retriever", "UnobtainableError", "read_arrays", "read_members"]

logger = logging.getLogger(__name__)

#: Bytes. The largest member in use has 87 MB; a forged one must not fill the memory.
MEMBER_LIMIT = 128 * 2**20
# Unpacked, so that a small file cannot unpack without end.
_ARCHIVE_LIMIT = 512 * 2**20

_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zlib.error, tarfile.TarError, zipfile.BadZipFile)

T = TypeVar("T")
_Read = Callable[[AnySource, Path, Sequence[Path]], T]
_Arrays = dict[str, np.ndarray]


class MemberBytes(NamedTuple):
    """The bytes of a member, and where they come from, for messages."""

    origin: str
    content: bytes


class UnobtainableError(Exception):
    """No source served. ``tried``: each place that was tried, and why it did not serve."""

    def __init__(self, tried: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(map(": ".join, tried)))
        self.tried = tried


@dataclass(frozen=True)
class Retriever:
    """Where to look for files, and how patiently.

    :ivar folder: the user's own, with files as downloaded or their members as single files. None or empty for none.
    :ivar timeout_seconds: and ``retries``: as :func:`deepspectra.data.sources.downloads.fetch` takes them.
    """

    folder: str | os.PathLike[str] | None = None
    timeout_seconds: float = 60.0
    retries: int = 2

    def retrieve(self, name: str, sources: Sequence[AnySource], read: _Read[T]) -> tuple[T, str]:
        """The content of the first source that serves, and that place in words; a source that fails is logged.

        :param read: (source, folder, files) -> content; raises a SourceError for wrong files. Downloads go afterwards.
        :raises UnobtainableError: if no source served.
        :raises UserError: if a file in the user's folder is wrong or missing, if that folder does not exist, or if the
            temporary folder cannot be written.
        """
        tried: list[tuple[str, str]] = []
        if self.folder:
            folder = Path(self.folder).expanduser()
            if not folder.is_dir():
                raise UserError(f"the folder of data files {folder} does not exist; correct data: {{folder: ...}}")
            if found := _from_folder(name, sources, read, folder):
                return found
            tried.append((f"your folder {folder}", "none of its files"))
            logger.warning("%s: your folder %s: none of its files", name, folder)
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
                # Without a number it is of requests: certificates that the environment names and that are not there.
                place = f"cannot write to {tempfile.gettempdir()}: " if error.errno else ""
                raise UserError(f"{name}: {place}{error}") from error
        raise UnobtainableError(tried)


def _from_folder(name: str, sources: Sequence[AnySource], read: _Read[T], folder: Path) -> tuple[T, str] | None:
    """The content of the user's own files, in the form of whichever source they are; None without any."""
    incomplete: IncompleteError | None = None
    for source in sources:
        try:
            if not (files := _locate(folder, source)):
                continue
            content = read(source, folder, files)
        except IncompleteError as error:
            incomplete = incomplete or error
            continue
        except SourceError as error:
            advice = "Replace it, or take it out of the folder to have it downloaded."
            told = f"a file in your folder {folder} is not the right one: {error}"
            raise UserError(f"{name}: {told}. {advice}") from error
        return content, f"{', '.join(file.relative_to(folder).as_posix() for file in files)} in your folder {folder}"
    if incomplete:
        # To download instead would hide the user's mistake.
        advice = "Add what is missing, or take the others out of the folder to have all downloaded."
        raise UserError(f"{name}: your folder {folder} is not complete: {incomplete}. {advice}") from incomplete
    return None


def read_arrays(source: AnySource, folder: Path, files: Sequence[Path]) -> tuple[_Arrays, dict[str, MemberBytes]]:
    """The arrays in a source's files, and the members that they come from, whose hashes are checked first.

    :raises CorruptError: if a file is not of the source's format, and as :func:`read_members`.
    """
    members = read_members(folder, files, source.members)
    try:
        return FORMATS[source.format].read({role: member.content for role, member in members.items()}), members
    except CorruptError as error:
        raise CorruptError(f"{', '.join(member.origin for member in members.values())}: {error}") from error


def _locate(folder: Path, source: AnySource) -> list[Path]:
    """The files of a source in a folder: as downloaded, or else the members as single files, at their paths or directly
    in the folder, plain or with ``.gz``."""
    downloaded = [path for name in source.downloaded_names if (path := _first(folder, name))]
    if len(downloaded) == len(source.downloaded_names):
        return downloaded
    present, missing = {}, []
    for member in source.members.values():
        places = (glob.escape(place + end) for place in (member.path, member.name) for end in ("", ".gz"))
        if path := _first(folder, *places):
            present[member.name] = path
        else:
            missing.append(member.name)
    if present and missing:
        raise IncompleteError(f"it has {', '.join(present)}, but not {', '.join(missing)}")
    return list(present.values())


def read_members(folder: Path, files: Sequence[Path], members: Mapping[str, Member]) -> dict[str, MemberBytes]:
    """Read members by role, from archives and plain or gzipped files, and check their hashes where known.

    :param folder: of the files; messages name them relative to it.
    :raises IncompleteError: if a member is in none of the files.
    :raises CorruptError: if a file cannot be read, is too large, or has the wrong hash.
    """
    found: dict[str, MemberBytes] = {}
    paths = {member.path for member in members.values()}
    for file in files:
        label = file.relative_to(folder).as_posix()
        try:
            for name, origin, content in _contents(file, label, paths):
                found[name] = MemberBytes(origin, content)
        except _UNREADABLE as error:
            # An OSError's text would repeat the path.
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise CorruptError(f"{label} cannot be read, it may be cut short ({reason})") from error
    wanted = {}
    for role, member in members.items():
        member_bytes = found.get(member.path) or found.get(member.name)
        if member_bytes is None:
            raise IncompleteError(f"{member.path} is not in {', '.join(file.name for file in files)}")
        member.check(member_bytes.origin, member_bytes.content)
        wanted[role] = member_bytes
    return wanted


def _first(folder: Path, *patterns: str) -> Path | None:
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()), None)


def _contents(file: Path, label: str, paths: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
    """Name, origin and bytes of the members at these paths in an archive, or of a single file."""
    if file.name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(file) as archive:
            for name in set(paths) & set(archive.namelist()):
                with archive.open(name) as packed:
                    yield name, f"{name} in {label}", _read(packed)
    elif file.name.endswith((".tar.gz", ".tgz")):
        # Not tarfile's own decompression, which fails for files cut short with whatever error comes.
        with gzip.open(file) as unpacked, tarfile.open(fileobj=cast("IO[bytes]", _Bounded(unpacked)), mode="r|") as tar:
            for member in tar:
                if member.name in paths and member.isfile() and (content := tar.extractfile(member)):
                    yield member.name, f"{member.name} in {label}", _read(content)
    else:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            yield file.name.removesuffix(".gz"), label, _read(stream)


class _Bounded:
    """A stream that refuses to unpack to more than ``_ARCHIVE_LIMIT``."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream, self._left = stream, _ARCHIVE_LIMIT

    def read(self, size: int) -> bytes:
        content = self._stream.read(min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise ValueError(f"it unpacks to more than {_ARCHIVE_LIMIT // 2**20} MiB")
        return content


def _read(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    content = stream.read(MEMBER_LIMIT + 1)
    if len(content) > MEMBER_LIMIT:
        raise ValueError(f"more than {MEMBER_LIMIT // 2**20} MiB")
    return content
