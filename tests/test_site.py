"""The documentation as Sphinx builds it: without a warning, with every page, and with links that lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from tests import ROOT
from tests.browser.chromium import Browser, Impossible
from tests.test_links import PAGES

if not find_spec("sphinx"):
    pytest.skip("what builds the documentation is not installed: uv sync --group docs", allow_module_level=True)


class Links(HTMLParser):
    """Where a page leads to, and the places in it that others may lead to."""

    def __init__(self, page: Path):
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value and tag != "base":
                self.targets.append(value)
            if name in ("id", "name") and value:
                self.places.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", "-d", f"{folder}/doctrees"]
    result = subprocess.run([*command, ".", f"{folder}/html"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return folder / "html"


def test_every_page_of_the_project_is_there(site):
    assert [page for page in PAGES if not (site / page).with_suffix(".html").is_file()] == []


def test_every_link_within_leads_to_a_place_that_is_there(site):
    pages = {page.resolve(): Links(page) for page in site.rglob("*.html")}
    broken = []
    for page, links in pages.items():
        for target in links.targets:
            path, _, place = unquote(target).partition("#")
            if "://" in path or path.startswith(("mailto:", "data:")):
                continue
            file = (page.parent / path.partition("?")[0]).resolve() if path else page
            if not file.exists() or (place and file in pages and place not in pages[file].places):
                broken.append((page.relative_to(site.resolve()).as_posix(), target))
    assert broken == []


def test_every_program_of_the_gallery_has_its_picture(site):
    programs = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8").count("```{plot}\n")
    names = re.findall(r'<img [^>]*src="([^"]+/gallery-[^"]+)"', (site / "docs" / "gallery.html").read_text("utf-8"))
    pictures = [np.asarray(Image.open(site / "docs" / name).convert("L")) for name in dict.fromkeys(names)]
    assert len(pictures) == programs >= 7
    # Something is drawn, and nothing at the right border is cut off.
    assert all(0.005 < (picture < 200).mean() < 0.5 and (picture[:, -2:] > 200).all() for picture in pictures)


def test_what_is_made_from_the_code_is_there(site):
    def text(page: str) -> str:
        return (site / page).read_text(encoding="utf-8")

    assert "thamm2024_table_2" in text("docs/results/thamm2024.html")
    assert "B33" in text("docs/results/baskerville2022.html")
    assert "--by-head" in text("docs/reference/command_line.html")
    assert "figure_1.samples" in text("docs/reference/keys.html")
    assert "monte_carlo_p_value" in text("docs/reference/api/rmt.html")
    assert "<math" in text("docs/methods/limit_laws.html")


@pytest.mark.parametrize("dark", [False, True])
def test_pages_fit_a_narrow_window_and_load_nothing_from_elsewhere(site, dark):
    pages = ("README", "resources/findings", "docs/results/fan2020", "docs/methods/limit_laws", "results/README")
    pages += ("docs/gallery",)
    try:
        with Browser() as browser:
            for name in pages:
                browser.open(site / f"{name}.html", width=400, dark=dark)
                width = browser.page.evaluate("document.documentElement.scrollWidth")
                assert width <= 400, name
                assert browser.complaints == [], name
                assert all(address.startswith("file:") for address in browser.requests), name
    except Impossible as reason:
        pytest.skip(str(reason))
