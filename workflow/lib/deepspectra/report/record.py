"""The record: tables of finished runs, compressed in the repository, with what they were made from and what that took.

Below ``resources/record/{scale}`` the files lie as they lay below ``results/{scale}``, each compressed by gzip. Beside
them ``items.json`` tells of each figure and table, and ``jobs.csv`` of each job, what it took and on what.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import replacing, write_text

__all__ = ["SCHEMA", "SUFFIX", "compress", "kept_names", "read_record", "uncompress", "write_record"]

#: Of the files' layout; raise it when an older record cannot be read any more.
SCHEMA = 1
SUFFIX = ".gz"
_ITEMS = "items.json"
#: What figures, tables and claims are drawn from, and the course of every training.
_KEPT = ("statistics/**/*.csv", "tables/**/*.*", "networks/*_history.csv")


def kept_names(results: Path) -> list[str]:
    """Names below a scale's folder of the files that a record keeps; sorted."""
    found = {path for pattern in _KEPT for path in results.glob(pattern) if path.is_file()}
    return sorted(path.relative_to(results).as_posix() for path in found)


def compress(source: Path, target: Path) -> None:
    """Write a file compressed, whole or not at all; equal contents give equal bytes."""
    content = gzip.compress(source.read_bytes(), mtime=0)
    if not target.is_file() or target.read_bytes() != content:
        with replacing(target) as temporary:
            temporary.write_bytes(content)


def uncompress(source: Path, target: Path) -> None:
    """Write a file of a record as it was.

    :raises UserError: if it is damaged.
    """
    try:
        content = gzip.decompress(source.read_bytes())
    except (OSError, EOFError) as error:
        raise UserError(f"{source} is damaged ({error}); restore it: git checkout -- {source}") from None
    with replacing(target) as temporary:
        temporary.write_bytes(content)


def write_record(folder: Path, settings: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]]) -> None:
    """What the record of a scale tells.

    :param settings: all that its tables were made with. :param items: of each figure and table, ``{paper}/{item}``.
    """
    content = {"schema": SCHEMA, "settings": settings, "items": items}
    write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", folder / _ITEMS)


def read_record(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The same, read: settings and items, empty if there is no record.

    :raises UserError: if another version of the project wrote it.
    """
    path = folder / _ITEMS
    if not path.is_file():
        return {}, {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["schema"] != SCHEMA:
        raise UserError(
            f"{path} has schema {content['schema']}; this version of the project reads {SCHEMA}. Update it."
        )
    return content["settings"], content["items"]
