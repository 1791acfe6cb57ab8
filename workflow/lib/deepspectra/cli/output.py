"""Where commands write their files, and how they print sentences."""

import re
import shutil
import textwrap
from collections.abc import Iterable
from pathlib import Path

from deepspectra.runtime.files import check_folder

__all__ = ["output_folder", "print_sentences", "terminal_width"]

_WIDEST = 120


def output_folder(given: str | None, kind: str, name: str) -> Path:
    """The folder that the user names, or one that is called by what was done and to what.

    :raises UserError: if it cannot be written: before anything is computed.
    """
    folder = Path(given or f"{kind}_" + re.sub(r"[^A-Za-z0-9._-]+", "_", name))
    check_folder(folder)
    return folder


def terminal_width() -> int:
    """In characters; wide where nobody looks."""
    return shutil.get_terminal_size(fallback=(200, 24)).columns


def print_sentences(sentences: Iterable[str]) -> None:
    """A list item each, wrapped."""
    for sentence in sentences:
        print(textwrap.fill(sentence, min(terminal_width(), _WIDEST), initial_indent="- ", subsequent_indent="  "))
