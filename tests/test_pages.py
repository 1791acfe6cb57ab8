"""Commands on the pages name commands and targets that exist; test_readme and test_tutorial run those of two pages."""

from __future__ import annotations

import contextlib
import io
import re
import shlex

import pytest

from deepspectra.cli.__main__ import main
from deepspectra.papers.registry import PAPERS, items_of
from tests import ROOT
from tests.test_links import PAGES


def helped() -> str:
    """What the command line says of itself."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        main(["--help"])
    return printed.getvalue()


LINES = [
    (name, line)
    for name in PAGES
    for block in re.findall(
        r"^```bash\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for line in block.splitlines()
]
#: Short names that no item has: rules of the Snakefile and of workflow/rules.
RULES = {
    rule
    for path in (ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk"))
    for rule in re.findall(r"^ *rule (\w+):", path.read_text(encoding="utf-8"), re.MULTILINE)
}
TARGETS = RULES | PAPERS.keys() | {f"{paper}_{item}" for paper in PAPERS for item in items_of(paper)}
#: As the command line lists them.
COMMANDS = set(re.findall(r"^    (\w+)\b", helped(), re.MULTILINE))
#: Options that take a value, and those that stand alone.
VALUED = {"--cores", "--config", "--configfile", "--profile", "--forcerun", "--report", "--directory"}


def targets_of(words: list[str]) -> list[str]:
    """What a call of Snakemake is asked to make."""
    if "--" in words:
        return words[words.index("--") + 1 :]
    found, places = [], iter(words)
    for word in places:
        if word in VALUED:
            next(places)
        elif not word.startswith("-"):
            found.append(word)
    return found


@pytest.mark.parametrize(("name", "line"), LINES, ids=[f"{name}: {line[:60]}" for name, line in LINES])
def test_commands_name_what_exists(name, line):
    words = shlex.split(line, comments=True)
    if "&&" in words:
        words = words[words.index("&&") + 1 :]
    assert words[:2] == ["uv", "run"], line
    program, *given = words[2:]
    if program == "snakemake":
        for target in targets_of(given):
            own = target.startswith(("limit_", "my_")) or (ROOT / target).suffix in (".h5", ".pdf")
            assert own or target in TARGETS, target
    elif program == "deepspectra":
        assert given[0] in COMMANDS
    else:
        assert program in ("python", "pytest") or (ROOT / program).is_file(), line


def test_targets_are_told_from_options():
    words = shlex.split("--cores 2 --config 'a={b: 1}' --dry-run fan2020")
    assert targets_of(words) == ["fan2020"]
    assert targets_of([*words, "--", "x"]) == ["x"]
