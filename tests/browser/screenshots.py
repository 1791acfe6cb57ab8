"""Screenshots of the report's pages as readers see them: ``uv run python -m tests.browser.screenshots preview FOLDER``.

Narrow (390 pixels) and wide (1400), light and dark: the first page from the top and at each paper, the page of a figure
and that of a table; and PDFs as printed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .chromium import Browser

WIDTHS = (390, 1400)
HEIGHT = 1000
#: Pages below a scale's folder.
PAGES = ("report", "items/thamm2024/figure_1", "items/thamm2024/table_2")


def take(page: Path, folder: Path) -> list[Path]:
    """All pictures of a page, and where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with Browser() as browser:
        for width in WIDTHS:
            for dark in (False, True):
                browser.open(page, width=width, dark=dark)
                browser.page.set_viewport_size({"width": width, "height": HEIGHT})
                places = browser.ask("[...document.querySelectorAll('.paper, h2#claims')].map(x => x.id)")
                for place in ("", *places):
                    browser.ask(f"document.getElementById('{place}')?.scrollIntoView()")
                    name = f"{place or 'top'}_{width}_{'dark' if dark else 'light'}.png"
                    browser.picture(folder / name)
                    made.append(folder / name)
        browser.page.pdf(path=folder / "printed.pdf", prefer_css_page_size=True)
        made.append(folder / "printed.pdf")
    return made


if __name__ == "__main__":
    scale, folder = sys.argv[1:]
    for name in PAGES:
        print(*take(Path("results") / scale / f"{name}.html", Path(folder) / Path(name).name), sep="\n")
