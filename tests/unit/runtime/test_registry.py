"""Entries by name: what counts as one, and that listing imports nothing."""

from __future__ import annotations

import sys

import pytest

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.registry import Registry


@pytest.fixture
def animals(tmp_path, monkeypatch):
    """A package with two entries, a helper, a file that is no module, and a package within."""
    folder = tmp_path / "animals"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "__init__.py").touch()
    (folder / "__init__.py").write_text('"""Animals."""\n')
    (folder / "base.py").write_text("raise RuntimeError('imported')\n")
    (folder / "zebra.py").write_text("ANIMAL = 'striped'\n")
    (folder / "ape.py").write_text("raise RuntimeError('imported')\n")
    (folder / "notes.txt").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield Registry("animals", "ANIMAL", "animal")
    for name in [name for name in sys.modules if name.partition(".")[0] == "animals"]:
        del sys.modules[name]


def test_names_are_those_of_the_modules_and_listing_imports_none(animals):
    assert animals.names() == ("ape", "zebra")


def test_a_lookup_imports_that_module_and_no_other(animals):
    assert animals.find("zebra") == "striped"
    assert "animals.ape" not in sys.modules
    assert animals.find("zebra") is animals.find("zebra")


@pytest.mark.parametrize("name", ["lion", "base", "tools", "os", ".zebra", "zebra.x", ""])
def test_nothing_else_is_imported(animals, name):
    with pytest.raises(UserError, match=r"no animal is called '.*'; there are ape, zebra\."):
        animals.find(name)
