"""What the record holds, as the Snakefile plans with it."""

import json
from pathlib import Path
from typing import NamedTuple

from deepspectra.config import RECORDED

__all__ = ["Recorded", "read_kept", "record_targets"]


class Recorded(NamedTuple):
    """Of the record in the repository.

    :ivar names: files below ``results/record`` that are kept. :ivar items: finished ones, as ``{paper}/{item}``.
    """

    names: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()


def read_kept(folder: Path) -> Recorded:
    """What lies in the folder of a record; nothing if there is none.

    Only names: that the files can be read, :mod:`deepspectra.report.record` checks when they are unpacked.
    """
    names = {path.relative_to(folder).as_posix().removesuffix(".gz") for path in folder.rglob("*.gz")}
    index = folder / "items.json"
    items = json.loads(index.read_text(encoding="utf-8"))["items"] if index.is_file() else {}
    return Recorded(frozenset(names), frozenset(items))


def record_targets(kept: Recorded) -> list[str]:
    """The record's page, which has all else, and its claims."""
    files = ("report.html", "claims.csv", "claims.md", "claims.pdf", "claims.png")
    return [f"results/{RECORDED}/{name}" for name in files] if kept.items else []
