"""How bad input is tried: a copy of the finished project is spoilt, and a command line run in it.

A row of the table is a :class:`Case`; ``bad_inputs.py`` has them all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from deepspectra.runtime.errors import UserError

from . import spoiling
from .conftest import NO_NETWORK, Project, copy_project

Spoil = Callable[[Path], object]
#: What stays, in words.
STAYS = "all that stood"
#: Small jobs of every stage; what they leave stands when an input is spoilt.
SETTINGS = "scale: smoke\nthamm2024: {networks: {tiny: {hidden: [24], seed: 7}}}\n"
RUN = ("--cores", "2", "--keep-going", "--notemp", "--configfile", "small.yaml")
FINISHED = (
    *("pennington2017_figure_3", "fan2020_figure_1", "limit_three_layers"),
    "results/smoke/statistics/thamm2024/networks/tiny_levels.csv",
)


@dataclass(frozen=True)
class Case:
    """One bad input.

    :ivar spoilt: what was done, in words. :ivar words: that its one message has.
    :ivar spoil: does it, in a copy of the finished project.
    :ivar run: name of the command line in ``bad_inputs.RUNS``; cases of one run are spoilt together.
    :ivar call: in place of a command line, what the library does with the input; raises UserError.
    :ivar shown_by: the test that shows the case, where another one does. :ivar status: of the command line.
    :ivar ended: how it ended, in the table: with that status, or for a call with its exception.
    """

    group: str
    spoilt: str
    words: tuple[str, ...]
    spoil: Spoil | None = None
    run: str = ""
    call: Spoil | None = None
    shown_by: str = ""
    status: int = 1
    stays: str = STAYS

    @property
    def ended(self) -> str:
        return "UserError" if self.call else str(self.status)


@dataclass(frozen=True)
class Run:
    """A command line: ``arguments`` of Snakemake; without results if ``fresh``; ``read_only`` is a path."""

    arguments: tuple[str, ...]
    fresh: bool = False
    read_only: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what became of the files that stood before, spoilt ones apart."""

    status: int
    output: str
    lost: frozenset[str]
    changed: frozenset[str]
    #: Whether code that was in a file has run.
    canary: bool


def prepare(folder: Path) -> Project:
    """A copy of the checkout in which the small jobs have run."""
    project = copy_project(folder)
    spoiling.write_inputs(folder)
    (folder / "small.yaml").write_text(SETTINGS)
    result = project.snakemake(*RUN, "--", *FINISHED)
    assert result.returncode == 0, result.stdout[-6000:]
    return project


def copy_of(project: Project, folder: Path) -> Project:
    """Another copy to spoil, with the times of its files."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """What may not be lost: data and results; logs, benchmarks and checkpoints apart."""
    files = (path for top in ("resources/data", "results") for path in (folder / top).rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {
        name: content for name, content in found.items() if not re.search("(^|/)(logs|benchmarks|checkpoints)/", name)
    }


def failed_outputs(output: str) -> set[str]:
    """Declared outputs of jobs that failed: Snakemake takes them away before a job begins."""
    lists = re.findall(r"^Error in rule .*\n(?:    .*\n)*?    output: (.*)$", output, flags=re.MULTILINE)
    return {re.sub(r" \(.*\)$", "", name) for line in lists for name in line.split(", ")}


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """A file or folder that cannot be written: by its permissions, which do not bind the superuser, or by the system.

    :raises Impossible: where the superuser may not do that.
    """
    if os.geteuid():
        undo, mode = lambda: path.chmod(mode), path.stat().st_mode
        path.chmod(mode & ~0o222)
    elif path.is_dir():
        _ask("mount", "--bind", str(path), str(path))
        undo = lambda: _ask("umount", str(path))  # noqa: E731
        try:
            _ask("mount", "-o", "remount,ro,bind", str(path))
        except Impossible:
            undo()
            raise
    else:
        _ask("chattr", "+i", str(path))
        undo = lambda: _ask("chattr", "-i", str(path))  # noqa: E731
    try:
        yield
    finally:
        undo()


class Impossible(Exception):
    """What this machine does not allow a test to do."""


def _ask(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Impossible(f"{' '.join(command[:2])} is not possible here: {error}") from error


def try_run(finished: Project, run: Run, cases: Sequence[Case], folder: Path) -> Outcome:
    """Spoil what the cases spoil, in a copy of the finished project, and run the command line there.

    :raises Impossible: if what it takes is not allowed here.
    """
    project = copy_of(finished, folder)
    if run.fresh:
        shutil.rmtree(folder / "results")
    for case in cases:
        if case.spoil:
            case.spoil(folder)
    before = contents(folder)
    with read_only(folder / run.read_only) if run.read_only else nullcontext():
        result = project.snakemake(*run.arguments, **NO_NETWORK)
    after = contents(folder)
    canary = any(path.name == spoiling.CANARY for path in folder.parent.rglob("*"))
    return Outcome(
        result.returncode,
        result.stdout.replace(str(folder), "PATH"),
        frozenset(before.keys() - after.keys()),
        frozenset(path for path in before.keys() & after.keys() if before[path] != after[path]),
        canary,
    )


def try_call(case: Case, folder: Path) -> str:
    """The message of a case that the library itself refuses; empty if it does not."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        case.call(folder)
    except UserError as error:
        return " ".join(str(error).replace(str(folder), "PATH").split())
    return ""


def page(cases: Sequence[Case], messages: dict[str, str]) -> str:
    """The table: a section for each group.

    :param messages: by what was spoilt.
    """
    lines = [
        "# Bad input that is tried",
        "",
        "Made by `uv run tests/record_bad_input.py`, which tries every row of `tests/workflow/bad_inputs.py`, as the",
        "tests in `tests/workflow/test_bad_input.py` do. PATH is the folder of the project. What stood stays, to the",
        "byte; only the outputs of a job that failed are gone: Snakemake takes them away before it makes them anew,",
        "and they were out of date. Tables in CSV carry no checksum: another number in one is not seen. Rows with",
        "`UserError` were tried by calling the library: a command line prints the same message and ends with status 1.",
        "Messages with the name of another exception are Snakemake's own.",
    ]
    for group in dict.fromkeys(case.group for case in cases):
        lines += ["", f"## {group}", "", "| what was done | exit status | message | what stays |", "|---|---|---|---|"]
        for case in (case for case in cases if case.group == group):
            told = f"`{shortened(messages[case.spoilt])}`" if messages.get(case.spoilt) else ""
            told = f"see `{case.shown_by}`" if case.shown_by else told or "none"
            cells = (case.spoilt, case.ended, told, case.stays)
            lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def shortened(message: str) -> str:
    """No backticks, which end a quotation, and no more than fits a table."""
    message = message.replace("`", "'")
    return message if len(message) <= 600 else message[:600] + " ..."
