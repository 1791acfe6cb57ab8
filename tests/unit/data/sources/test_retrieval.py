from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile

import pytest

from deepspectra.data.sources import retrieval
from deepspectra.data.sources.tables import CorruptError, IncompleteError, Member

from .conftest import put, sha256, tgz, zipped

WANTED = {"a": Member(path="package/a.txt"), "b": Member(path="package/b.txt")}
MEMBERS = {"package/b.txt": b"second", "package/a.txt": b"first"}


def read(folder, wanted=WANTED):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {role: found.content for role, found in retrieval.read_members(folder, files, wanted).items()}


@pytest.mark.parametrize("name", ["x.tgz", "x.tar.gz"])
def test_tar(tmp_path, name):
    assert read(put(tmp_path, {name: tgz({"package/other": b"", **MEMBERS})})) == {"a": b"first", "b": b"second"}


@pytest.mark.parametrize("name", ["x.zip", "x-1.0-py3-none-any.whl"])
def test_zip(tmp_path, name):
    assert read(put(tmp_path, {name: zipped({"package/other": b"", **MEMBERS})})) == {"a": b"first", "b": b"second"}


def test_files_by_themselves(tmp_path):
    files = {"a.txt": b"first", "b.txt.gz": gzip.compress(b"second")}
    assert read(put(tmp_path, files)) == {"a": b"first", "b": b"second"}


@pytest.mark.parametrize("pack", [tgz, zipped])
def test_missing_member(tmp_path, pack):
    name = "x.tgz" if pack is tgz else "x.zip"
    with pytest.raises(IncompleteError, match=f"package/b.txt is not in {name}"):
        read(put(tmp_path, {name: pack({"package/a.txt": b"first"})}))


def test_wrong_hash_names_the_member_and_both_hashes(tmp_path):
    wanted = {"a": Member(path="package/a.txt", sha256=sha256(b"other"))}
    with pytest.raises(CorruptError) as caught:
        read(put(tmp_path, {"x.tgz": tgz(MEMBERS)}), wanted)
    assert str(caught.value) == (f"package/a.txt in x.tgz has SHA-256 {sha256(b'first')}, expected {sha256(b'other')}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.tgz", tgz({"package/a.txt": os.urandom(5000), "package/b.txt": b""})),
        ("x.zip", zipped({"package/a.txt": os.urandom(5000), "package/b.txt": b""})),
        ("a.txt.gz", gzip.compress(os.urandom(5000))),
    ],
)
@pytest.mark.parametrize("keep", [0, 3, 1000, 4000])
def test_cut_short(tmp_path, name, content, keep):
    with pytest.raises((CorruptError, IncompleteError), match=name):
        read(put(tmp_path, {name: content[:keep]}))


def test_nothing_is_extracted_and_nothing_outside_is_read(tmp_path):
    """Paths that lead outside, links and devices: none of them counts as the member, and none is made."""
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "inside"
    folder.mkdir()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("../escaped", str(tmp_path / "escaped")):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"bad"))
        for name, kind in (("package/a.txt", tarfile.SYMTYPE), ("package/b.txt", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "../secret"
            archive.addfile(member)
    put(folder, {"x.tgz": stream.getvalue()})
    with pytest.raises(IncompleteError):
        read(folder)
    (folder / "x.tgz").unlink()
    put(folder, {"x.zip": zipped({"../escaped": b"bad", "/escaped": b"bad", **MEMBERS})})
    assert read(folder) == {"a": b"first", "b": b"second"}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside", "secret", "x.zip"]


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def test_a_pickle_stays_bytes(tmp_path):
    bomb = pickle.dumps(Bomb(str(tmp_path / "exploded")))
    folder = put(tmp_path / "data", {"x.whl": zipped({**MEMBERS, "package/a.txt": bomb, "package/model.pkl": bomb})})
    assert read(folder)["a"] == bomb
    assert not (tmp_path / "exploded").exists()


def test_sizes_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(retrieval, "MEMBER_LIMIT", 1000)
    for name, content in {
        "x.tgz": tgz({"package/a.txt": bytes(1001), "package/b.txt": b""}),
        "x.zip": zipped({"package/a.txt": bytes(1001), "package/b.txt": b""}),
        "a.txt.gz": gzip.compress(bytes(1001)),
    }.items():
        folder = put(tmp_path / name, {name: content})
        with pytest.raises(CorruptError, match="more than"):
            read(folder)


def test_an_encrypted_zip_is_an_error_of_its_own(tmp_path):
    content = bytearray(zipped(MEMBERS))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            content[start + offset] |= 1
            start += 4
    assert zipfile.is_zipfile(io.BytesIO(content))
    with pytest.raises(CorruptError, match=r"x\.zip cannot be read"):
        read(put(tmp_path, {"x.zip": bytes(content)}))
