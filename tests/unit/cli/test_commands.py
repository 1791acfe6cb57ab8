"""The command line: what it prints, and what it says of mistakes."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from deepspectra.cli import commands
from deepspectra.cli.__main__ import main
from deepspectra.papers.item import Item
from tests import ROOT


@pytest.fixture
def items(monkeypatch):
    """Two items a paper, in place of the real ones."""
    made = {"figure_1": Item("Spacings", "statistics:figure_1"), "table_1": Item("Accuracies", "statistics:table_1")}
    monkeypatch.setattr(commands, "items_of", lambda paper: made)


def test_a_key_is_explained_with_its_values(capsys):
    assert main(["settings", "fan2020.figure_1.samples"]) == 0
    assert capsys.readouterr().out == (
        "fan2020.figure_1.samples\n    n, the number of training samples.\n    paper: 3000, preview: 900, smoke: 150\n"
    )
    assert main(["settings", "device"]) == 0
    assert capsys.readouterr().out.endswith("\n    all scales: auto\n")


def test_a_part_of_a_path_shows_all_below_it_and_none_shows_everything(capsys):
    main(["settings", "fan2020.figure_1"])
    part = re.findall(r"^\S+", capsys.readouterr().out, re.MULTILINE)
    assert len(part) > 5
    assert all(key.startswith("fan2020.figure_1.") for key in part)
    main(["settings"])
    everything = capsys.readouterr().out
    assert set(part) < set(re.findall(r"^\S+", everything, re.MULTILINE))
    assert len(part) < everything.count("all scales: ")


def test_own_settings_are_shown_in_place_of_the_files(capsys, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("fan2020: {figure_1: {samples: 1200, bins: 7}}\n")
    own = ["--configfile", str(mine), "--config", "fan2020={figure_1: {bins: 8}}", "device=cpu"]
    assert main(["settings", "fan2020.figure_1", *own]) == 0
    shown = capsys.readouterr().out
    assert "all scales: 1200\n" in shown
    assert "all scales: 8\n" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["settings", "fan2020.figure_1.sample"], "error: no key begins with 'fan2020.figure_1.sample'."),
        (["settings", "--config", "device"], "error: expected key=value, found 'device'"),
        (["settings", "--config", "device=gpu"], "error: the configuration at preview scale has 1 mistake:"),
        (["settings", "--configfile", "none.yaml"], "error: configuration file none.yaml is missing"),
    ],
)
def test_mistakes_are_one_message(capsys, arguments, words):
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(words)


def test_without_a_checkout_the_message_says_where_to_go(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["settings", "device"]) == 0
    monkeypatch.setattr(commands, "__file__", str(tmp_path / "a/b/c/d/commands.py"))
    assert main(["settings", "device"]) == 1
    assert "is not in a checkout of the workflow. Change to the folder" in capsys.readouterr().err


def test_the_schema_is_json(capsys):
    assert main(["settings", "--schema"]) == 0
    assert "fan2020" in json.loads(capsys.readouterr().out)["properties"]


def test_the_example_of_the_analysis_is_that_of_the_readme_which_is_tried(capsys):
    with pytest.raises(SystemExit):
        main(["analyse", "--help"])
    (example,) = re.findall("^example: (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert f"\n{example}\n" in (ROOT / "README.md").read_text()


def test_targets_are_listed_with_their_titles(capsys, items):
    assert main(["targets"]) == 0
    shown = capsys.readouterr().out
    assert "fan2020: Fan and Wang (2020), Spectra of the conjugate kernel" in shown
    assert re.search(r"^    thamm2024_table_1 +Table 1: Accuracies$", shown, re.MULTILINE)
    assert shown.count("Figure 1: Spacings") == 4


def test_it_runs_as_a_program_and_stops_with_its_reader():
    command = f"{sys.executable} -m deepspectra.cli"
    environment = {"PYTHONPATH": str(ROOT / "workflow" / "lib")}
    version = subprocess.run([*command.split(), "--version"], env=environment, capture_output=True, text=True)
    assert version.returncode == 0
    assert version.stdout.startswith("deepspectra ")
    piped = subprocess.run(f"{command} settings | head -1", shell=True, env=environment, capture_output=True, text=True)
    assert (piped.stdout, piped.stderr) == ("scale\n", "")
    assert subprocess.run(command.split(), env=environment, capture_output=True).returncode == 2
