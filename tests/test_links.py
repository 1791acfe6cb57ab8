"""Links between the pages of the project lead to files and headings that are there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests import ROOT

LISTING = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
FOUND = subprocess.run(LISTING, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
#: What tests compare with is none.
PAGES = sorted(name for name in FOUND if "/golden/" not in name)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")


def anchor(heading: str) -> str:
    """What forges make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {anchor(re.sub(r"[`*]", "", heading)) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def broken(page: Path) -> list[str]:
    """Links of a page to files or headings that are not there; those to other places on the web are not followed."""
    found = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (heading and heading not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    assert not broken(ROOT / name)


def test_what_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`: c\n[1](page.md#a-b-c) [2](#a-b-c) [3](x.md) [4](page.md#b) [5](https://x.y)\n```\n[6](z)\n```\n"
    )
    assert broken(page) == ["x.md", "page.md#b"]


def test_every_page_stands_in_the_contents():
    """Sphinx warns of others, but only where it is installed."""
    contents = set()
    for index in ("docs/index.md", "docs/reference/python.md"):
        for block in re.findall(
            r"^```{toctree}\n(.*?)^```$", (ROOT / index).read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            for line in block.splitlines():
                target = (ROOT / index).parent / re.sub(r".*<(.+)>", r"\1", line)
                contents.add(target.resolve().relative_to(ROOT).as_posix() if line.strip() else "")
    assert {name.removesuffix(".md") for name in PAGES} - contents == {"docs/index"}
