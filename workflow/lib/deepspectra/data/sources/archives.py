"""The members of a source, by name, from archives and from files lying by themselves.

Everything is read into memory, with bounded sizes. Nothing is ever extracted: what an archive says about paths, links
and permissions has no effect, and nothing in it is executed or unpickled.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deepspectra.data.sources.errors import AbsentError, CorruptError, IncompleteError
from deepspectra.data.sources.table import Member, Source

# The largest member in use has 47 MB and the largest archive 184 MB: a forged one must not fill the memory.
MEMBER_LIMIT = 128 * 2**20
ARCHIVE_LIMIT = 512 * 2**20

TAR_ENDINGS = (".tar.gz", ".tgz")
ZIP_ENDINGS = (".zip", ".whl")
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Content:
    """The bytes of a member, and where they come from, in words for a message."""

    origin: str
    content: bytes


class _Bounded:
    """A stream that refuses to give more than so many bytes."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        content = self._stream.read(min(size, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("it unpacks to more than it can hold")
        return content


def locate(folder: Path, source: Source) -> list[Path]:
    """The files in a folder that make up a source: as downloaded, or else its members lying there by themselves.

    A member may lie at its path or directly in the folder, plain or with ``.gz``.

    :raises AbsentError: if none is there.
    :raises IncompleteError: if only some are; the message says which ones are missing.
    """
    downloaded = [_first(folder, name) for name in source.downloaded_names]
    if all(downloaded):
        return downloaded
    loose = {
        member.name: _first(folder, *(glob.escape(f"{path}{ending}") for path in places for ending in ("", ".gz")))
        for member in source.members.values()
        for places in [(member.path, member.name)]
    }
    if all(loose.values()):
        return list(loose.values())
    if any(loose.values()):
        present, missing = ([name for name, path in loose.items() if bool(path) is there] for there in (True, False))
        raise IncompleteError(f"it has {', '.join(present)}, but not {', '.join(missing)}")
    raise AbsentError("none of its files")


def read_members(folder: Path, files: Sequence[Path], members: Mapping[str, Member]) -> dict[str, Content]:
    """Read the members by role, from archives and plain or gzipped files, and check those that have a known hash.

    :param folder: which the files are in; messages name them relative to it.
    :raises IncompleteError: if a member is in none of the files.
    :raises CorruptError: if a file cannot be read, is too large, or has another hash.
    """
    found: dict[str, Content] = {}
    paths = {member.path for member in members.values()}
    for file in files:
        label = file.relative_to(folder).as_posix()
        try:
            if file.name.endswith(ZIP_ENDINGS):
                contents = _from_zip(file, paths)
            elif file.name.endswith(TAR_ENDINGS):
                contents = _from_tar(file, paths)
            else:
                found[file.name.removesuffix(".gz")] = Content(label, _from_file(file))
                continue
        except UNREADABLE as error:
            # An OSError's text would repeat the path.
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise CorruptError(f"{label} cannot be read, it may be cut short ({reason})") from error
        for path, content in contents.items():
            found[path] = Content(f"{path} in {label}", content)

    contents = {}
    for role, member in members.items():
        content = found.get(member.path) or found.get(member.name)
        if content is None:
            raise IncompleteError(f"{member.path} is not in {', '.join(file.name for file in files)}")
        if member.sha256 is not None:
            actual = hashlib.sha256(content.content).hexdigest()
            if not actual.startswith(member.sha256):
                beginning = "one that begins with " if len(member.sha256) < len(actual) else ""
                raise CorruptError(f"{content.origin} has SHA-256 {actual}, expected {beginning}{member.sha256}")
        contents[role] = content
    return contents


def _first(folder: Path, *patterns: str) -> Path | None:
    """The first file in a folder that fits one of the patterns."""
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()), None)


def _from_file(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        return _read(stream)


def _from_tar(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """The named regular members of a gzipped tar file, in one pass through it."""
    contents: dict[str, bytes] = {}
    # As a stream of bounded length: even the headers' own extensions cannot make it allocate without limit.
    with gzip.open(path) as stream, tarfile.open(fileobj=_Bounded(stream, ARCHIVE_LIMIT), mode="r|") as archive:
        for member in archive:
            if member.name in names and member.isfile():
                contents[member.name] = _read(archive.extractfile(member))
                if len(contents) == len(names):
                    break
    return contents


def _from_zip(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """The named members of a zip file (a wheel is one)."""
    contents = {}
    with zipfile.ZipFile(path) as archive:
        for name in names & set(archive.namelist()):
            with archive.open(name) as stream:
                contents[name] = _read(stream)
    return contents


def _read(stream: IO[bytes]) -> bytes:
    """All of a stream, unless it is longer than any member may be."""
    content = stream.read(MEMBER_LIMIT + 1)
    if len(content) > MEMBER_LIMIT:
        raise ValueError(f"more than {MEMBER_LIMIT // 2**20} MiB")
    return content
