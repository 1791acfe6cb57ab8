"""What the tests of the configuration share: the real files, and paths such as "fan2020.figure_1.samples"."""

from __future__ import annotations

import shutil

import pytest
import yaml

from deepspectra.config import load_settings
from deepspectra.runtime.errors import UserError
from tests import ROOT

FOLDER = ROOT / "config"
F1, F2, F3 = (f"pennington2017.figure_{i}" for i in (1, 2, 3))


def read(name):
    return yaml.safe_load((FOLDER / name).read_text())


def leaves(tree, prefix=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def nested(path, value):
    """{"a": {"b": value}} for "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def at(settings, path):
    for key in path.split("."):
        settings = getattr(settings, key)
    return settings


def complaint(overrides, folder=FOLDER):
    """The message about a mistake, at smoke scale unless the overrides ask for another."""
    with pytest.raises(UserError) as caught:
        load_settings(folder, {"scale": "smoke", **overrides})
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    """A copy of the real files, to be damaged."""
    for scale in ("config", "record", "preview", "smoke"):
        shutil.copy(FOLDER / f"{scale}.yaml", tmp_path)
    return tmp_path
