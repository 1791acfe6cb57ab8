"""Files that are whole or absent, whatever kills the process or fills the disk."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepspectra.runtime.errors import naming_full_disk
from deepspectra.runtime.watching import part_mark

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary name in the folder of a file, which takes the file's place if the body succeeds and goes if not.

    :raises UserError: if the disk is full.
    :raises OSError: if the folder cannot be written.
    """
    path = Path(path)
    with naming_full_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    # Named before it is there, so that an interruption as it is made finds what to remove.
    temporary = path.parent / f".{path.name}.{part_mark()}.{secrets.token_hex(4)}.part"
    try:
        with naming_full_disk(path):
            temporary.touch(exist_ok=False)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | os.PathLike, **options: Any) -> None:
    """A table as CSV without its index, whole or not at all; ``options`` are those of pandas."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", **options)


def write_text(text: str, path: str | os.PathLike) -> None:
    """A text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
