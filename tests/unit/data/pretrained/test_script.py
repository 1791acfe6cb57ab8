"""The script, run as Snakemake runs it: with its object in the namespace and a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepspectra.runtime import store
from tests import ROOT

from .conftest import SHAPES, assert_same, torch_entry, torch_file, torch_parameters

RUN = """
import json, runpy, sys
from types import SimpleNamespace
given = json.loads(sys.argv[2])
given.update({key: SimpleNamespace(**given[key]) for key in ("wildcards", "params")})
runpy.run_path(sys.argv[1], {"snakemake": SimpleNamespace(**given)})
"""


@pytest.fixture
def fetch_weights(tmp_path):
    def run(entry: dict, own_file: Path | None = None, pretrained: str = "optional"):
        given = {
            "wildcards": {"network": "toy"},
            "params": {"entry": entry, "own_file": own_file and str(own_file)},
            "output": ["weights.h5"],
            "log": ["weights.log"],
            "threads": 1,
            "config": {"data": {"folder": None, "timeout_seconds": 1, "retries": 0}, "pretrained": pretrained},
        }
        return subprocess.run(
            [sys.executable, "-c", RUN, str(ROOT / "workflow" / "scripts" / "fetch_weights.py"), json.dumps(given)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "lib")},
            capture_output=True,
            text=True,
        )

    return run


def test_matrices(fetch_weights, write, tmp_path, matrices):
    own = write(torch_file(torch_parameters(matrices)))
    done = fetch_weights(torch_entry(), own)
    assert done.returncode == 0, done.stderr
    contents = store.read(tmp_path / "weights.h5", SHAPES)
    assert_same(contents.arrays, matrices)
    assert contents.attributes["parameters"] == {
        "name": "toy",
        "title": "Toy",
        "provider": "nobody",
        "licence": "none",
        "citation": "nobody (2001)",
        "available": True,
        "reason": None,
        "cause": None,
        "how_to_supply": None,
        "official": False,
        "sha256": store.file_hash(own),
    }


def test_unavailable(fetch_weights, tmp_path):
    done = fetch_weights(torch_entry())
    assert done.returncode == 0, done.stderr
    said = store.read(tmp_path / "weights.h5", {}).attributes["parameters"]
    assert said["available"] is False
    assert said["official"] is None
    assert said["sha256"] is None
    assert said["reason"].endswith("its host's name cannot be found")
    assert said["cause"] == "its host's name cannot be found"
    assert said["how_to_supply"].endswith("Then delete weights.h5 and run again.")
    assert f"note: {said['reason']}. {said['how_to_supply']}" in done.stderr


def test_unavailable_where_it_is_required(fetch_weights, tmp_path):
    done = fetch_weights(torch_entry(), pretrained="require")
    assert done.returncode == 1
    assert "error: toy: the pretrained weights at http://nowhere.invalid/toy-7be5be79.pth could not be" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "weights.h5").exists()


def test_a_backbone(tmp_path, matrices):
    """All of it, with which network it is; the folder's file, so that no client is started."""
    content = torch_file(torch_parameters(matrices))
    (tmp_path / "toy.pth").write_bytes(content)
    source = {
        "kind": "http",
        "urls": ["http://nowhere.invalid/toy.pth"],
        "bytes": 1,
        "format": "torch",
        "members": {"state": {"path": "toy.pth", "sha256": hashlib.sha256(content).hexdigest()}},
    }
    words = {"title": "Toy", "provider": "nobody", "licence": "none", "citation": "nobody (2001)"}
    given = {
        "wildcards": {},
        "params": {
            "table": {"toy": {**words, "homepage": "http://toy.invalid/", "sources": [source]}},
            "backbone": "auto",
        },
        "output": ["backbone.h5"],
        "log": ["backbone.log"],
        "threads": 1,
        "config": {"data": {"folder": str(tmp_path), "timeout_seconds": 1, "retries": 0}},
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "workflow" / "scripts" / "fetch_backbone.py"), json.dumps(given)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "lib")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    contents = store.read(tmp_path / "backbone.h5", {"features/0/weight": (2, 3, 4, 4), "classifier/1/weight": (6, 8)})
    assert_same({"dense1": contents["classifier/1/weight"]}, {"dense1": matrices["dense1"]})
    assert contents.attributes["parameters"] == {
        "backbone": "toy",
        "sha256": hashlib.sha256(content).hexdigest(),
        **words,
    }
    assert f"toy: backbone.h5, from toy.pth in your folder {tmp_path}" in (tmp_path / "backbone.log").read_text()
