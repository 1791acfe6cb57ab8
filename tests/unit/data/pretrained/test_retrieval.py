from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest

from deepspectra.data.pretrained.retrieval import Unavailable, obtain_weights, open_file
from deepspectra.runtime.errors import UserError

from .conftest import assert_same, declared, keras_entry, keras_file, torch_entry, torch_file, torch_parameters

NAME = "toy-7be5be79.pth"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def get(table, scratch, **named):
    obtained = obtain_weights("toy", table, **{"scratch": scratch, "timeout": 5.0, "retries": 0, **named})
    assert not list(scratch.iterdir())
    return obtained


@pytest.fixture
def served(server, torch_content):
    """A table whose one file is served."""
    server.answers[f"/{NAME}"] = server.good(torch_content)
    return declared(torch_entry(torch_content, f"{server.url}/{NAME}"))


@pytest.fixture
def mine(tmp_path) -> Path:
    """The user's folder of data files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def test_served(served, server, scratch, matrices, torch_content):
    obtained = get(served, scratch)
    assert_same(obtained.matrices, matrices)
    assert obtained.official
    assert obtained.sha256 == sha256(torch_content)
    assert obtained.source == f"official file at {server.url}/{NAME}"


def test_keras_served(server, scratch, matrices):
    content = keras_file(matrices)
    server.answers["/toy.h5"] = server.good(content)
    obtained = get(declared(keras_entry(content, f"{server.url}/toy.h5")), scratch)
    assert_same(obtained.matrices, matrices)
    assert obtained.sha256 == sha256(content)


def test_a_passing_fault_is_tried_again(served, server, scratch, torch_content, matrices):
    server.answers[f"/{NAME}"] = server.failing_first(2, server.good(torch_content))
    assert_same(get(served, scratch, retries=2).matrices, matrices)
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", ["missing", "truncated", "hanging"])
def test_not_served(served, server, scratch, torch_content, fault, caplog):
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
    found = get(served, scratch, timeout=0.5)
    address = f"{server.url}/{NAME}"
    assert found == Unavailable(
        "toy",
        address,
        reason,
        f"To supply them by hand, put {NAME} from that address into a folder and name the folder in the "
        "configuration, data: {folder: PATH}, or on the command line, --config data='{folder: PATH}'",
    )
    assert found.reason == f"toy: the pretrained weights at {address} could not be had: {reason}"
    assert str(found) == f"{found.reason}. {found.how_to_supply}"
    assert str(found) in [record.message for record in caplog.records if record.levelname == "WARNING"]


def test_unreachable(scratch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = get(declared(torch_entry(url=f"http://127.0.0.1:{port}/{NAME}")), scratch)
    assert found.reason.endswith("Connection refused")
    assert get(declared(torch_entry()), scratch).reason.endswith("its host's name cannot be found")


def test_a_wrong_hash_is_noticed_before_anything_reads_the_file(served, server, scratch, torch_content, monkeypatch):
    other = torch_content + b"!"
    server.answers[f"/{NAME}"] = server.good(other)
    monkeypatch.setattr("deepspectra.data.pretrained.retrieval.read_matrices", None)
    found = get(served, scratch, retries=3)
    assert found.reason.endswith(
        f"could not be had: it has SHA-256 {sha256(other)}, expected one that begins with {sha256(torch_content)[:8]}"
    )
    assert len(server.requests) == 1


def test_an_official_file_that_is_not_as_declared(server, scratch, matrices):
    """The table is wrong then: nothing a network could mend."""
    content = torch_file(torch_parameters({"dense1": matrices["dense1"]}))
    server.answers[f"/{NAME}"] = server.good(content)
    with pytest.raises(UserError, match=r"expected a parameter classifier\.4\.weight"):
        get(declared(torch_entry(content, f"{server.url}/{NAME}")), scratch)
    assert not list(scratch.iterdir())


def test_the_users_folder_comes_before_the_address(served, server, scratch, mine, matrices, torch_content):
    (mine / NAME).write_bytes(torch_content)
    obtained = get(served, scratch, folder=mine)
    assert_same(obtained.matrices, matrices)
    assert obtained.official
    assert obtained.source == f"{NAME} in your folder {mine}"
    assert not server.requests


def test_a_folder_without_the_file(served, server, scratch, mine, matrices):
    (mine / "README").touch()
    assert_same(get(served, scratch, folder=mine).matrices, matrices)
    assert server.requests == [f"/{NAME}"]


def test_another_file_of_that_name_in_the_folder(served, server, scratch, mine, torch_content):
    (mine / NAME).write_bytes(torch_content[:-9])
    with pytest.raises(UserError) as caught:
        get(served, scratch, folder=mine)
    assert str(caught.value) == (
        f"toy: {mine / NAME} is not the official file: it has SHA-256 {sha256(torch_content[:-9])}, expected one that "
        f"begins with {sha256(torch_content)[:8]}. Replace it (from {server.url}/{NAME}), or take it out of the "
        "folder to have it downloaded."
    )
    assert not server.requests


def test_no_such_folder(served, scratch, mine):
    with pytest.raises(UserError, match=r"the folder of data files .*/none does not exist"):
        get(served, scratch, folder=mine / "none")


def test_a_file_of_the_users_own_comes_first(served, server, scratch, mine, matrices, caplog):
    """It need not be the official one, which is recorded and said."""
    own = {name: -matrix for name, matrix in matrices.items()}
    content = torch_file(torch_parameters(own), zipped=False)
    path = mine / "trained by myself.pt"
    path.write_bytes(content)
    (mine / NAME).write_bytes(b"")  # the folder is not even looked into
    obtained = get(served, scratch, own_file=path, folder=mine)
    assert_same(obtained.matrices, own)
    assert not obtained.official
    assert obtained.sha256 == sha256(content)
    assert obtained.source == f"your own file {path}"
    assert not server.requests
    assert f"toy: your own file {path} is not the official one" in caplog.text


def test_a_file_of_the_users_own_may_be_the_official_one(served, scratch, mine, torch_content):
    path = mine / "renamed"
    path.write_bytes(torch_content)
    assert get(served, scratch, own_file=str(path)).official


def test_an_own_file_that_is_missing(served, server, scratch, mine):
    with pytest.raises(UserError, match=r"toy: your own file of weights .*/none\.pth does not exist"):
        get(served, scratch, own_file=mine / "none.pth")
    assert not server.requests


def test_an_own_file_that_is_wrong(served, scratch, mine):
    path = mine / "wrong.pth"
    path.write_bytes(b"something else")
    with pytest.raises(UserError, match=r"wrong\.pth does not hold the weights: expected a state dictionary"):
        get(served, scratch, own_file=path)


def test_unknown_network(served, scratch):
    with pytest.raises(UserError, match="no pretrained weights 'alexnet'; the table of weights has toy"):
        obtain_weights("alexnet", served, scratch=scratch)


def test_no_scratch_folder(served, tmp_path):
    with pytest.raises(UserError, match=f"toy: cannot write to {tmp_path / 'none'}"):
        obtain_weights("toy", served, scratch=tmp_path / "none")


def test_a_full_disk(served, scratch, monkeypatch):
    def full(*_: object, **__: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deepspectra.data.pretrained.retrieval.fetch_file", full)
    with pytest.raises(UserError, match=f"toy: cannot write to {scratch}: .*No space left on device"):
        get(served, scratch)
    assert not list(scratch.iterdir())


def test_the_file_itself(served, scratch, torch_content):
    """For what needs more of a network than its matrices."""
    with open_file("toy", served, scratch=scratch) as file:
        assert file.path.parent.parent == scratch
        assert file.path.name == NAME
        assert file.path.read_bytes() == torch_content
    assert not list(scratch.iterdir())


def test_errors_in_the_context_are_the_callers(served, scratch):
    with pytest.raises(OSError, match="their own"), open_file("toy", served, scratch=scratch):
        raise OSError("their own")
    assert not list(scratch.iterdir())
