"""The command for one's own network: its example works as pasted, and every mistake is one message."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deepspectra.cli.__main__ import main
from deepspectra.cli.curvature import EXAMPLE
from tests import ROOT

MODULE = """
import torch
from torch import nn

def right():
    torch.manual_seed(1)
    return nn.Linear(4, 3).bfloat16().eval(), nn.CrossEntropyLoss(), [torch.randn(9, 4), torch.arange(9) % 3]

def two():
    return right()[:2]

def bare():
    return (*right()[:2], torch.randn(9, 4))

def training():
    model, loss, batch = right()
    return model.train(), loss, batch

def failing():
    raise FileNotFoundError("weights.pt")

def exiting():
    raise SystemExit(2)

number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's in the current folder."""
    (tmp_path / "curved.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("def here(:\n")
    (tmp_path / "script.py").write_text("raise SystemExit(2)\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("curved", "broken", "script"):
        sys.modules.pop(name, None)
    sys.path[:] = [folder for folder in sys.path if folder != str(tmp_path)]


def test_the_example_works_as_pasted(tmp_path):
    """The help's own lines in a shell."""
    shown = subprocess.run(
        [sys.executable, "-m", "deepspectra.cli", "curvature", "--help"],
        env={"PYTHONPATH": str(ROOT / "workflow/lib")},
        capture_output=True,
        text=True,
    ).stdout
    assert EXAMPLE in shown
    pasted = EXAMPLE.removeprefix("example:\n")
    # Without uv: what it runs.
    command = f'uv() {{ shift 2; "{sys.executable}" -m deepspectra.cli "$@"; }}\n{pasted}'
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "workflow/lib"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "has rank 120: 120 of 120 eigenvalues" in done.stdout
    assert (tmp_path / "curvature_my_network_trained/summary.md").is_file()


def test_files_go_where_they_should(module, capsys):
    assert main(["curvature", "curved:right", "--out", "here", "--eigenvectors", "1"]) == 0
    assert "has rank at least 10: 10 of 15 eigenvalues" in " ".join(capsys.readouterr().out.split())
    assert (module / "here/curvature.h5").is_file()


def test_a_folder_that_cannot_be_is_told_before_anything_is_computed(module, capsys):
    (module / "file").write_text("")
    assert main(["curvature", "curved:failing", "--out", "file"]) == 1
    assert "file must be a folder, but is a file" in capsys.readouterr().err


def test_a_second_run_without_participation_leaves_no_shares(module):
    for options, there in ((["--participation", "1"], True), ([], False)):
        assert main(["curvature", "curved:right", "--out", "here", *options]) == 0
        assert (module / "here/shares.csv").exists() == there


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("curved", "network 'curved': expected module:function, such as my_network:trained."),
        ("nowhere:right", "there is no module 'nowhere' in"),
        ("broken:here", "its module cannot be imported: SyntaxError"),
        ("script:here", "its module ends the program when it is imported (exit 2). If it is a script, put what"),
        ("curved:exiting", "function 'curved:exiting' fails: SystemExit: 2"),
        ("curved:wrong", "has no function 'wrong'; it has bare, exiting, failing, right, training, two."),
        ("curved:number", "is not a function but a 'int'"),
        ("curved:two", "returns a tuple of 2 (Linear, CrossEntropyLoss); expected a model, a loss and a batch"),
        ("curved:bare", "returns a Tensor as its batch; expected a model, a loss and a batch (inputs, targets)"),
        ("curved:failing", "function 'curved:failing' fails: FileNotFoundError: weights.pt"),
        ("curved:training", "evaluation mode, and Linear is not; call eval()."),
    ],
)
def test_mistakes_are_one_message(module, capsys, reference, words):
    assert main(["curvature", reference]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    # A script's own words come before it.
    error = told.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert words in error
