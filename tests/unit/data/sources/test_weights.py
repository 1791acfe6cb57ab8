from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest

from deepspectra.data.sources.fetching import fetch_weights
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

from .conftest import sha256
from .made_weights import SHAPES, assert_same, keras_entry, keras_file, torch_entry, torch_file, torch_parameters

NAME = "toy-7be5be79.pth"


WORDS = {"name": "toy", "title": "Toy", "provider": "nobody", "licence": "none", "citation": "nobody (2001)"}


@pytest.fixture
def get(scratch, tmp_path, caplog):
    """Fetches, and sees that nothing is left behind however it ended; matrices, parameters, and their origin."""
    caplog.set_level("INFO")

    def fetched(entry, own_file=None, required=False, **options):
        target = tmp_path / "toy.h5"
        options = {"timeout_seconds": 5.0, "retries": 0, **options}
        try:
            fetch_weights("toy", entry, target, Retriever(**options), own_file=own_file, required=required)
        finally:
            assert not list(scratch.iterdir())
        parameters = store.read(target, {}).attributes["parameters"]
        arrays = store.read(target, SHAPES if parameters["available"] else {}).arrays
        return arrays, parameters, caplog.messages[-1].removeprefix(f"toy: {target}, from ")

    return fetched


@pytest.fixture
def served(server, torch_content):
    """A table whose one file is served."""
    server.answers[f"/{NAME}"] = server.good(torch_content)
    return torch_entry(torch_content, f"{server.url}/{NAME}")


@pytest.fixture
def mine(tmp_path) -> Path:
    """The user's folder of data files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def test_served(served, server, get, matrices, torch_content):
    obtained = get(served)
    assert_same(obtained[0], matrices)
    assert obtained[1] == {
        **WORDS,
        "available": True,
        **dict.fromkeys(["reason", "cause", "how_to_supply"]),
        "official": True,
        "sha256": sha256(torch_content),
    }
    assert obtained[2] == f"official files at {server.url.removeprefix('http://')}"


def test_keras_served(server, get, matrices):
    content = keras_file(matrices)
    server.answers["/toy.h5"] = server.good(content)
    obtained = get(keras_entry(content, f"{server.url}/toy.h5"))
    assert_same(obtained[0], matrices)
    assert obtained[1]["sha256"] == sha256(content)


def test_a_passing_fault_is_tried_again(served, server, get, torch_content, matrices):
    server.answers[f"/{NAME}"] = server.failing_first(2, server.good(torch_content))
    assert_same(get(served, retries=2)[0], matrices)
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", ["missing", "truncated", "hanging"])
def test_not_served(served, server, get, torch_content, fault, tmp_path, caplog, capsys):
    server.answers[f"/{NAME}"] = {
        "missing": server.status(404),
        "truncated": server.truncated(torch_content),
        "hanging": server.hanging(torch_content),
    }[fault]
    reason = {
        "missing": "HTTP status 404",
        "truncated": "the download broke off",
        "hanging": "no answer within 0.5 s",
    }[fault]
    arrays, parameters, _ = get(served, timeout_seconds=0.5)
    assert not arrays
    address = f"{server.url}/{NAME}"
    why = f"toy: the pretrained weights at {address} could not be had: {reason}"
    how = (
        f"To supply them by hand, put {NAME} from that address into a folder and name the folder in the configuration, "
        "data: {folder: PATH}, or on the command line, --config data='{folder: PATH}'"
    )
    assert parameters == {
        **WORDS,
        "available": False,
        "reason": why,
        "cause": reason,
        "how_to_supply": f"{how}. Then delete {tmp_path / 'toy.h5'} and run again.",
        "official": None,
        "sha256": None,
    }
    assert f"{why}. {how}" in [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert f"note: {why}. {parameters['how_to_supply']}\n" in capsys.readouterr().err


def test_required_weights_that_are_not_served(served, server, get, tmp_path):
    server.answers[f"/{NAME}"] = server.status(404)
    with pytest.raises(UserError, match=r"toy: the pretrained weights at .* could not be had: HTTP status 404\. To"):
        get(served, required=True)
    assert not (tmp_path / "toy.h5").exists()


def test_unreachable(get):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = get(torch_entry(url=f"http://127.0.0.1:{port}/{NAME}"))
    assert found[1]["reason"].endswith("Connection refused")
    assert get(torch_entry())[1]["reason"].endswith("its host's name cannot be found")


def test_a_wrong_hash_is_noticed_before_anything_reads_the_file(served, server, get, torch_content, monkeypatch):
    other = torch_content + b"!"
    server.answers[f"/{NAME}"] = server.good(other)
    monkeypatch.setattr("deepspectra.data.sources.fetching.read_matrices", None)
    found = get(served, retries=3)
    assert found[1]["reason"].endswith(
        f"could not be had: {NAME} has SHA-256 {sha256(other)}, "
        f"expected one that begins with {sha256(torch_content)[:8]}"
    )
    assert len(server.requests) == 1


def test_an_official_file_that_is_not_as_declared(server, get, matrices):
    """The table is wrong then: nothing a network could mend."""
    content = torch_file(torch_parameters({"dense1": matrices["dense1"]}))
    server.answers[f"/{NAME}"] = server.good(content)
    with pytest.raises(UserError, match=r"expected a parameter classifier\.4\.weight"):
        get(torch_entry(content, f"{server.url}/{NAME}"))


def test_the_users_folder_comes_before_the_address(served, server, get, mine, matrices, torch_content):
    (mine / NAME).write_bytes(torch_content)
    obtained = get(served, folder=mine)
    assert_same(obtained[0], matrices)
    assert obtained[1]["official"]
    assert obtained[2] == f"{NAME} in your folder {mine}"
    assert not server.requests


def test_a_folder_without_the_file(served, server, get, mine, matrices):
    (mine / "README").touch()
    assert_same(get(served, folder=mine)[0], matrices)
    assert server.requests == [f"/{NAME}"]


def test_another_file_of_that_name_in_the_folder(served, server, get, mine, torch_content):
    (mine / NAME).write_bytes(torch_content[:-9])
    with pytest.raises(UserError) as caught:
        get(served, folder=mine)
    assert str(caught.value) == (
        f"toy: a file in your folder {mine} is not the right one: {NAME} has SHA-256 {sha256(torch_content[:-9])}, "
        f"expected one that begins with {sha256(torch_content)[:8]}. Replace it, or take it out of the folder to have "
        "it downloaded."
    )
    assert not server.requests


def test_no_such_folder(served, get, mine):
    with pytest.raises(UserError, match=r"the folder of data files .*/none does not exist"):
        get(served, folder=mine / "none")


def test_a_file_of_the_users_own_comes_first(served, server, get, mine, matrices, caplog):
    """It need not be the official one, which is recorded and said."""
    own = {name: -matrix for name, matrix in matrices.items()}
    content = torch_file(torch_parameters(own), zipped=False)
    path = mine / "trained by myself.pt"
    path.write_bytes(content)
    (mine / NAME).write_bytes(b"")  # the folder is not even looked into
    obtained = get(served, own_file=path, folder=mine)
    assert_same(obtained[0], own)
    assert not obtained[1]["official"]
    assert obtained[1]["sha256"] == sha256(content)
    assert obtained[2] == f"your own file {path}"
    assert not server.requests
    assert f"toy: your own file {path} is not the official one" in caplog.text


def test_a_file_of_the_users_own_may_be_the_official_one(served, get, mine, torch_content):
    path = mine / "renamed"
    path.write_bytes(torch_content)
    assert get(served, own_file=str(path))[1]["official"]


def test_an_own_file_that_is_missing(served, server, get, mine):
    with pytest.raises(UserError, match=r"toy: your own file of weights .*/none\.pth does not exist"):
        get(served, own_file=mine / "none.pth")
    assert not server.requests


def test_an_own_file_that_is_wrong(served, get, mine):
    path = mine / "wrong.pth"
    path.write_bytes(b"something else")
    with pytest.raises(UserError, match=r"wrong\.pth does not hold the weights: expected a state dictionary"):
        get(served, own_file=path)


def test_no_temporary_folder(served, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(UserError, match=f"toy: cannot write to {tmp_path / 'none'}"):
        fetch_weights("toy", served, tmp_path / "toy.h5", Retriever())


def test_a_full_disk(served, get, scratch, monkeypatch):
    def full(*_: object, **__: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deepspectra.data.sources.retrieval.fetch", full)
    with pytest.raises(UserError, match=f"toy: cannot write to {scratch}: .*No space left on device"):
        get(served)
