"""The members of a source, by name, from archives and from single files.

Everything is read into memory, with bounded sizes, and nothing is extracted: paths, links and permissions in an archive
have no effect, and nothing in it is executed or unpickled.
"""

import glob
import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from deepspectra.data.sources.errors import CorruptError, IncompleteError, NoFilesError
from deepspectra.data.sources.tables import AnySource, Member, check_digest

__all__ = ["MEMBER_LIMIT", "MemberBytes", "locate", "read_members"]

#: Bytes. The largest member in use has 87 MB; a forged one must not fill the memory.
MEMBER_LIMIT = 128 * 2**20

_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


class MemberBytes(NamedTuple):
    """The bytes of a member, and where they come from, for messages."""

    origin: str
    content: bytes


def locate(folder: Path, source: AnySource) -> list[Path]:
    """The files of a source in a folder: as downloaded, or else the members as single files.

    A member may lie at its path or directly in the folder, plain or with ``.gz``.

    :raises NoFilesError: if there are none.
    :raises IncompleteError: if some are missing; the message names them.
    """
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
    if not present:
        raise NoFilesError("none of its files")
    if missing:
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
        if member.sha256 is not None:
            check_digest(member_bytes.origin, hashlib.sha256(member_bytes.content).hexdigest(), member.sha256)
        wanted[role] = member_bytes
    return wanted


def _first(folder: Path, *patterns: str) -> Path | None:
    """The first file in a folder that fits one of the patterns."""
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()), None)


def _contents(file: Path, label: str, paths: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
    """Name, origin and bytes of the members at these paths in an archive, or of a single file. Wheels are zip files."""
    if file.name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(file) as archive:
            for name in set(paths) & set(archive.namelist()):
                with archive.open(name) as packed:
                    yield name, f"{name} in {label}", _read(packed)
    elif file.name.endswith((".tar.gz", ".tgz")):
        # Not tarfile's own decompression, which fails for files cut short with whatever error comes.
        with gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for member in tar:
                if member.name in paths and member.isfile() and (content := tar.extractfile(member)):
                    yield member.name, f"{member.name} in {label}", _read(content)
    else:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            yield file.name.removesuffix(".gz"), label, _read(stream)


def _read(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    content = stream.read(MEMBER_LIMIT + 1)
    if len(content) > MEMBER_LIMIT:
        raise ValueError(f"more than {MEMBER_LIMIT // 2**20} MiB")
    return content
