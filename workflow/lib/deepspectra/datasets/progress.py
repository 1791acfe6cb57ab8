"""A progress bar for downloads, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO

from tqdm import tqdm

LINE_SECONDS = 10.0


class Bar(tqdm):
    """Counts the bytes that have arrived, and refuses more than any right answer can have.

    On a terminal it is an ordinary bar. Elsewhere (a log file, a cluster job) every state is a line of its own, printed
    at most every ten seconds and at the end; a download that is over sooner prints none.

    :param expected: about how many bytes will come; the bar stands full then.
    :param show: False for none at all. The bytes are counted just the same.
    """

    def __init__(self, description: str, expected: int, *, show: bool) -> None:
        self.arrived = 0
        self.limit = 4 * expected + 64 * 2**20
        terminal = sys.stderr.isatty()
        super().__init__(
            desc=description,
            total=expected,
            unit="B",
            unit_scale=True,
            disable=not show,
            file=sys.stderr,
            miniters=1,
            mininterval=0.2 if terminal else LINE_SECONDS,
            maxinterval=LINE_SECONDS,
            delay=0 if terminal else LINE_SECONDS,
            ncols=None if terminal else 100,
        )

    def __bool__(self) -> bool:
        """True: tqdm's own truth value is whether anything is expected, and pooch asks ``if progressbar``."""
        return True

    def update(self, n: float = 1) -> bool | None:
        """Count ``n`` more bytes.

        :raises OverflowError: if there are far more than expected.
        """
        self.arrived += n
        if self.arrived > self.limit:
            raise OverflowError(f"more than {self.limit // 10**6} MB where {self.total} bytes were expected")
        return super().update(n)

    def reset(self, total: float | None = None) -> None:
        self.arrived = 0
        super().reset(total)

    @staticmethod
    def status_printer(file: IO[str]) -> Callable[[str], None]:
        """How tqdm prints a state: over the last one on a terminal, on a new line elsewhere."""
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
