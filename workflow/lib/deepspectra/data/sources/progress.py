"""A progress bar for downloads, on standard error."""

from __future__ import annotations

from deepspectra.runtime.progress import ProgressBar


class Bar(ProgressBar):
    """Counts the bytes that have arrived, and refuses more than any right answer can have.

    :param expected: about how many bytes will come; the bar stands full then.
    :param show: False for none at all. The bytes are counted just the same.
    """

    def __init__(self, description: str, expected: int, *, show: bool) -> None:
        self.arrived = 0
        self.limit = 4 * expected + 64 * 2**20
        super().__init__(
            desc=description,
            total=expected,
            unit="B",
            unit_scale=True,
            disable=not show,
            miniters=1,
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
        """Count from zero again, as for another attempt."""
        self.arrived = 0
        super().reset(total)
