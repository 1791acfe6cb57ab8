"""A user's surroundings change no result, or end in one message: the first two tables of ``tests/surroundings.md``."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from .conftest import ROOT, Project

TABLES = (ROOT / "tests" / "surroundings.md").read_text(encoding="utf-8")
FIGURE = ("--cores", "1", "--config", "scale=smoke", "--", "pennington2017_figure_3")
MATPLOTLIBRC = "font.size: 30\naxes.facecolor: red\nsavefig.bbox: tight\nlines.linewidth: 7\n"
#: A line of the library, which the copy has otherwise: figures tell whose library drew them.
LINE, OTHER = 'matplotlib.rc("axes", labelsize=7.5', 'matplotlib.rc("axes", labelsize=6.5'

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="takes /proc for a folder nobody can write to")


def table(heading: str) -> list[tuple[str, str, str]]:
    """Every row below a heading."""
    part = TABLES.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    assert len(rows) > 10
    return [(name, how.strip("`"), happens.strip("`")) for name, how, happens in rows[2:]]


def split(how: str) -> tuple[dict[str, str], list[str]]:
    """Environment variables, and what follows them."""
    words = shlex.split(how)
    count = next((place for place, word in enumerate(words) if not re.match("[A-Z0-9_]+=", word)), len(words))
    return dict(word.split("=", 1) for word in words[:count]), words[count:]


def results(project: Project) -> dict[str, bytes]:
    """Contents of what was made, logs and benchmarks apart; it is taken away."""
    files = [path for path in (project.folder / "results/smoke").rglob("*") if path.is_file()]
    made = {path.relative_to(project.folder).as_posix(): path.read_bytes() for path in files}
    shutil.rmtree(project.folder / "results")
    return {name: content for name, content in made.items() if not re.search("/(logs|benchmarks)/", name)}


def test_whatever_the_environment_says_a_figure_is_the_same(project):
    rival, style = project.folder / "rival", project.folder / "workflow/lib/deepspectra/papers/style.py"
    (rival / "deepspectra").mkdir(parents=True)
    (rival / "deepspectra/__init__.py").write_text("raise RuntimeError('a rival')\n")
    (rival / "matplotlibrc").write_text(MATPLOTLIBRC)
    text = style.read_text(encoding="utf-8")
    assert LINE in text
    style.write_text(text.replace(LINE, OTHER), encoding="utf-8")
    plain = project.snakemake(*FIGURE)
    assert plain.returncode == 0, plain.stdout[-6000:]
    expected = results(project)
    assert {Path(name).suffix for name in expected} == {".csv", ".pdf", ".png", ".txt"}

    environment: dict[str, str] = {}
    for _, how, happens in table("Environment"):
        assert happens.startswith("same bytes")
        variables, rest = split(how)
        assert variables
        assert not rest
        assert not environment.keys() & variables
        environment |= variables
    # Started as for users: Python reads some of them before anything else.
    run = project.start(*FIGURE, **environment)
    output = run.communicate(timeout=300)[0]
    assert run.returncode == 0, output[-6000:]
    assert "Traceback" not in output, output[-6000:]
    assert results(project) == expected


@pytest.mark.parametrize(("how", "words"), [row[1:] for row in table("Command lines")])
def test_a_command_line_is_understood_or_refused_in_one_message(project, how, words):
    environment, arguments = split(how)
    result = project.snakemake(*arguments, **environment)
    assert words in result.stdout, result.stdout[-3000:]
    assert result.returncode == ("error:" in words or "Unparsable" in words), result.stdout[-3000:]
    if not words.startswith("Unparsable"):
        assert "Traceback" not in result.stdout


def test_a_path_with_braces_is_refused(project, tmp_path):
    copy = shutil.copytree(project.folder, tmp_path / "a{b}c", ignore=shutil.ignore_patterns("results", ".snakemake"))
    result = Project(copy).snakemake("--dry-run")
    assert result.returncode == 1
    assert re.search(r"^error: Snakemake takes the braces in .*a\{b\}c for wildcards", result.stdout, re.MULTILINE)
