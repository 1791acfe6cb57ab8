"""A progress bar on standard error that also reads well in a log file."""

import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

__all__ = ["LINE_SECONDS", "ProgressBar"]

#: Seconds between the lines of a bar if standard error is no terminal.
LINE_SECONDS = 10.0


class ProgressBar(tqdm):
    """A bar on a terminal; elsewhere lines, at most every ten seconds and at the end, or none if it ends sooner."""

    def __init__(self, iterable: Any = None, **options: Any) -> None:
        defaults: dict[str, Any] = {"file": sys.stderr, "maxinterval": LINE_SECONDS, "mininterval": 0.2}
        if not sys.stderr.isatty():
            defaults |= {"mininterval": LINE_SECONDS, "delay": LINE_SECONDS, "ncols": 100}
        super().__init__(iterable, **(defaults | options))

    def advance(self, line: str) -> None:
        """One step more, described by a line of text."""
        self.set_postfix_str(line, refresh=False)
        self.update()

    @staticmethod
    def status_printer(file: Any) -> Callable[[str], None]:
        """How tqdm prints a state: over the last one on a terminal, on a line of its own elsewhere."""
        if file.isatty():
            return tqdm.status_printer(file)
        before = ""

        def print_line(text: str) -> None:
            nonlocal before
            # The line break comes before the text, since tqdm ends the last state with one.
            file.write(before + text)
            file.flush()
            before = "\n"

        return print_line
