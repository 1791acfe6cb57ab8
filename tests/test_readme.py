"""The README: short, with the two commands, and each of its commands and examples works as pasted."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys

import pytest
import torch

from tests import ROOT
from tests.workflow.conftest import Project, copy_project

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial_own_network.md").read_text(encoding="utf-8")
#: Language and text of each block.
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
EVERYTHING, TESTS = "pip install uv && uv run snakemake --cores 2", "pip install uv && uv run pytest"
#: In blocks, and in the table of what a reader may want.
FOUND = [line for language, text in BLOCKS if language == "bash" for line in text.splitlines()]
COMMANDS = list(dict.fromkeys([*FOUND, *re.findall(r"\| `(uv run [^`]+)` \|", TEXT)]))


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A copy of the checkout with the files that the commands name: the examples of its pages, two checkpoints."""
    project = copy_project(tmp_path_factory.mktemp("a reader"))
    pages = ("own_network.md", "own_limit_law.md")
    examples = "".join((ROOT / "docs" / "how_to" / page).read_text(encoding="utf-8") for page in pages)
    for name in ("mine.yaml", "laws.yaml", "mymodule.py"):
        found = re.search(rf"^```\w+\n(# {re.escape(name)}.*?)^```$", examples, re.MULTILINE | re.DOTALL)
        (project.folder / name).write_text(found[1], encoding="utf-8")
    for seed, name in enumerate(("before.pt", "after.pt")):
        torch.manual_seed(seed)
        torch.save({"0.weight": torch.randn(160, 240), "2.weight": torch.randn(160, 160)}, project.folder / name)
    return project


def arguments(command: str) -> list[str]:
    return shlex.split(command.removeprefix("pip install uv && ").removeprefix("uv run "))


def test_it_takes_a_minute():
    assert len(TEXT.splitlines()) <= 150
    assert max(map(len, (line for line in TEXT.splitlines() if not line.startswith("|")))) <= 125


def test_the_two_commands_stand_there_and_the_second_is_what_is_checked():
    assert [command for command in COMMANDS if command.startswith("pip")] == [EVERYTHING, TESTS]
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec uv run pytest"


def test_each_command_is_tried_below():
    programs = {arguments(command)[0] for command in COMMANDS}
    assert programs == {"snakemake", "pytest", "deepspectra"}
    assert len(COMMANDS) >= 8


# The plan of everything is looked at in workflow/test_rules.py.
@pytest.mark.parametrize("command", [command for command in COMMANDS[2:] if arguments(command)[0] == "snakemake"])
def test_what_takes_long_has_a_plan(project, command):
    options, dashes, targets = (given := arguments(command)[1:]), [], []
    if "--" in given:
        options, dashes, targets = given[: given.index("--")], ["--"], given[given.index("--") + 1 :]
    result = project.snakemake(*options, "--dry-run", "--quiet", "rules", *dashes, *targets)
    assert result.returncode == 0, result.stdout
    assert re.search(r"^total +\d+$", result.stdout, re.MULTILINE), result.stdout


@pytest.mark.parametrize("command", [command for command in COMMANDS if arguments(command)[0] == "deepspectra"])
def test_a_checkpoint_is_analysed(project, command):
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "deepspectra.cli",
            *arguments(command)[1:],
            *("--cache", "cache", "--draws", "99", "--workers", "1"),
        ],
        cwd=project.folder,
        env={"PYTHONPATH": str(project.folder / "workflow" / "lib")},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "spectra_after/index.html" in result.stdout
    assert (project.folder / "spectra_after" / "index.html").is_file()
    shown = next(text for language, text in BLOCKS if not language and text.startswith("matrix"))
    # A wide terminal shows more columns.
    assert set(shown.splitlines()[0].split()) <= set(result.stdout.splitlines()[0].split())


def test_the_table_shown_is_that_of_the_tutorial_whose_numbers_are_tested():
    (command,) = (text for language, text in BLOCKS if language == "bash" and "analyse" in text)
    (shown,) = (text for language, text in BLOCKS if not language and text.startswith("matrix"))
    assert command in TUTORIAL
    assert shown in TUTORIAL


def test_the_law_prints_what_is_shown():
    index = next(index for index, (language, _) in enumerate(BLOCKS) if language == "python")
    (_, example), (language, shown) = BLOCKS[index : index + 2]
    assert not language
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(example, "README.md", "exec"), {})
    assert printed.getvalue() == shown
