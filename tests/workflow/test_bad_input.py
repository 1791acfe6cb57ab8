"""Bad input of every kind: one message, the right exit status, nothing lost and nothing wrong drawn."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from .bad_inputs import CASES, RUNS
from .conftest import ROOT
from .spoiling import message_with
from .trying import RUN, Case, Impossible, contents, copy_of, failed_outputs, prepare, try_call, try_run

PAGE = ROOT / "tests" / "bad_input.md"
REFERENCES = [case for case in CASES if case.shown_by]


def by_spoilt(case: Case) -> str:
    return re.sub("[^a-zA-Z0-9.]+", "_", case.spoilt)[:60]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The project after the small jobs, in a folder whose name has a space."""
    return prepare(tmp_path_factory.mktemp("finished project"))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_with_bad_input_says_so_and_harms_nothing(finished, tmp_path, name):
    cases = [case for case in CASES if case.run == name]
    try:
        outcome = try_run(finished, RUNS[name], cases, tmp_path / "project")
    except Impossible as reason:
        pytest.skip(str(reason))
    for case in cases:
        assert outcome.status == case.status, outcome.output[-6000:]
        assert message_with(outcome.output, case.words) or not case.words, (case.words, outcome.output[-6000:])
    # No line of the library or of a script is shown. Snakemake's own traceback has none either.
    assert not re.search(r'File ".*/(workflow/lib|scripts)/', outcome.output), outcome.output[-6000:]
    assert not outcome.changed
    assert outcome.lost <= failed_outputs(outcome.output), outcome.output[-6000:]
    assert not outcome.canary
    if name == "checkpoint":
        log = (tmp_path / "project/results/smoke/logs/train_network/tiny.log").read_text()
        assert "tiny.h5 cannot be read, training starts anew and replaces it" in log


@pytest.mark.parametrize("case", [case for case in CASES if case.call], ids=by_spoilt)
def test_the_library_names_bad_input(tmp_path, case):
    message = try_call(case, tmp_path)
    for words in case.words:
        assert words in message


@pytest.mark.parametrize("case", REFERENCES, ids=by_spoilt)
def test_what_another_test_shows_is_there(case):
    """The row refers to a test by its name."""
    file, _, name = case.shown_by.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_page_has_every_row_with_the_words_of_its_message():
    """``uv run tests/record_bad_input.py`` makes it anew."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = {
        line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ") and "---" not in line
    }
    rows.pop("what was done")
    assert sorted(rows) == sorted(case.spoilt for case in CASES)
    for case in CASES:
        line = rows[case.spoilt]
        assert f" | {case.ended} | " in line
        assert line.endswith(f" | {case.stays} |")
        assert case.shown_by in line
        assert case.shown_by or all(words in line for words in case.words), (case.words, line)


def test_every_row_is_tried():
    """By a run, by a call, or by a test that it names."""
    assert len({case.spoilt for case in CASES}) == len(CASES)
    for case in CASES:
        assert bool(case.run) + bool(case.call) + bool(case.shown_by) == 1, case
    assert {case.run for case in CASES if case.run} == set(RUNS)


def test_any_path_will_do(finished, tmp_path):
    """One job of every kind of script: a figure and its numbers, in a copy at another place."""
    folder = tmp_path / 'Größe ünd it\'s "mine" $HOME' / ("long " * 20) / ("name_" * 20) / "project"
    project = copy_of(finished, folder)
    before = contents(folder)
    rules = ("evaluate_activations", "draw_figure")
    result = project.snakemake(*RUN, "--forcerun", *rules, "--", "pennington2017_figure_3")
    assert result.returncode == 0, result.stdout[-6000:]
    assert "rule evaluate_activations" in result.stdout
    assert contents(folder) == before


def backdate(folder: Path, seconds: float) -> None:
    """All files of a folder by so many seconds, to 1970 at most."""
    for path in folder.rglob("*"):
        if path.is_file():
            when = max(0.0, path.stat().st_mtime - seconds)
            os.utime(path, (when, when))


@pytest.mark.parametrize(
    ("seconds", "folders"),
    [(4e9, ("resources", "results")), (3600, ("resources", "results")), (86400, ("results/smoke/figures",))],
    ids=["1970", "an hour earlier", "outputs older"],
)
def test_clocks_that_jump_cost_one_run_at_most(finished, tmp_path, seconds, folders):
    """What is made anew is the same to the byte, and then there is nothing to do."""
    project = copy_of(finished, tmp_path / "project")
    for name in folders:
        backdate(project.folder / name, seconds)
    before = contents(project.folder)
    result = project.snakemake(*RUN, "--", "pennington2017_figure_3")
    assert result.returncode == 0, result.stdout[-6000:]
    assert contents(project.folder) == before
    again = project.snakemake(*RUN, "--", "pennington2017_figure_3")
    assert "Nothing to be done" in again.stdout, again.stdout[-3000:]
