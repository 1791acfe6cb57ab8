"""Files that are whole or absent, even if the process is killed or the disk is full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.runtime.errors import naming_full_disk
from deepspectra.runtime.watching import part_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["replacing", "write_table", "write_text"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the body a temporary file in the same folder; it replaces the file if the body succeeds, else it goes.

    :raises UserError: if the disk is full.
    :raises OSError: if the folder cannot be written.
    """
    path = Path(path)
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    # Named before it exists: an interruption during its creation still removes it.
    temporary = path.with_name(part_name(path.name))
    try:
        with naming_full_disk(path):
            temporary.touch(exist_ok=False)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a table as CSV without its index, whole or not at all; ``options`` go to pandas."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
