"""The section my_networks: what it takes, and what is said of each mistake in it."""

from __future__ import annotations

import pytest

from deepspectra.config import load_settings

from .conftest import FOLDER, complaint


def networks(**entries):
    return load_settings(FOLDER, {"my_networks": entries, "scale": "smoke"})["smoke"].my_networks


def test_there_are_none_at_first_and_entries_can_be_taken_away():
    assert load_settings(FOLDER)["paper"].my_networks == {}
    assert load_settings(FOLDER, {"my_networks": None})["smoke"].my_networks == {}
    assert list(networks(mine={"file": "a.pt"}, other=None)) == ["mine"]


def test_an_entry_needs_its_file_alone():
    entry = networks(mine={"file": 2024})["mine"]
    assert (entry.file, entry.initial, entry.include, entry.draws, entry.seed) == ("2024", None, [], None, 1)


@pytest.mark.parametrize(
    ("entry", "where", "expected"),
    [
        ({"fiel": "a.pt", "file": "a.pt"}, ".fiel", "unknown key; did you mean file? known here: file, initial, "),
        ({}, ".file", "this key is missing"),
        ({"file": ""}, ".file", "at least 1 character"),
        ({"file": ["a.pt"]}, ".file", "expected a string, found ['a.pt']"),
        ({"file": "a.pt", "include": "encoder.*"}, ".include", "expected a list, found 'encoder.*'"),
        ({"file": "a.pt", "draws": 50}, ".draws", "expected greater than or equal to 99, found 50"),
        ({"file": "a.pt", "head_size": 0}, ".head_size", "greater than or equal to 1, found 0"),
        ("a.pt", "", "expected a mapping with the keys file, initial, include"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(entry, where, expected):
    lines = complaint({"my_networks": {"mine": entry}}).splitlines()
    assert lines[0] == "the configuration at smoke scale has 1 mistake:"
    assert lines[1].startswith(f"  - my_networks.mine{where}: "), lines[1]
    assert expected in lines[1]


@pytest.mark.parametrize("name", ["Mine", "1st", "my-net", "my net", "a/b", "..", "networks", "nan"])
def test_a_name_that_cannot_be_a_path_and_a_target_is_refused(name):
    message = complaint({"my_networks": {name: {"file": "a.pt"}}})
    assert "  - my_networks: " in message
    assert repr(name) in message
