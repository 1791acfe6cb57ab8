"""A headless Chromium with one page, driven by Playwright; the browser is the one on the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, sync_playwright

__all__ = ["Browser", "Impossible"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Without the browser's own calls to the network.
OPTIONS = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server")


class Impossible(Exception):
    """Chromium cannot run here; the message says why."""


class Browser:
    """One browser with one page, from ``with`` to its end.

    :raises Impossible: on entering, if there is no Chromium or it does not start.
    """

    page: Page
    _context: BrowserContext | None = None

    def __enter__(self) -> Browser:
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            raise Impossible(f"none of {', '.join(NAMES)} is installed")
        options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        self._driver = sync_playwright().start()
        try:
            self._browser = self._driver.chromium.launch(executable_path=program, args=options)
        except Error as error:
            self._driver.stop()
            raise Impossible(f"Chromium does not start: {error}") from error
        return self

    def __exit__(self, *error: object) -> None:
        self._browser.close()
        self._driver.stop()

    def open(self, path: Path, *, width: int = 1400, dark: bool = False, script: bool = True) -> None:
        """Load a file in a window of that width, and wait until all of it is there."""
        if self._context:
            self._context.close()
        self._context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        self.page = self._context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda problem: self.complaints.append(f"error: {problem}"))
        self.page.goto(path.resolve().as_uri(), wait_until="load")

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression; also where the page's own scripts are disabled."""
        return self.page.evaluate(expression)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """What the window shows, or the whole page, as PNG."""
        self.page.screenshot(path=path, full_page=whole)
