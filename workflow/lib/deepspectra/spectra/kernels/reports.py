"""Progress of kernels, layer by layer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deepspectra.runtime.progress import ProgressBar

__all__ = ["LayerReport", "layer_bar", "silent"]

logger = logging.getLogger(__name__)

LayerReport = Callable[[str], None]


def silent(line: str) -> None:
    """Report nothing."""


@contextmanager
def layer_bar(name: str, layers: int) -> Iterator[LayerReport]:
    """A progress bar and lines in the log.

    :param layers: how many reports make the bar full.
    """
    with ProgressBar(total=layers, desc=name, unit="layer") as bar:

        def report(line: str) -> None:
            logger.info(line)
            bar.set_postfix_str(line, refresh=False)
            bar.update()

        yield report
