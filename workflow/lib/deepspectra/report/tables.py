"""A table as people read it: as data for the page of results, and as a page of its own for Snakemake's report."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deepspectra.papers.item import Table
from deepspectra.runtime.errors import UserError

__all__ = ["ShownTable", "read_table", "render", "shown_table"]


@dataclass(frozen=True)
class ShownTable:
    """Heading, names of the columns, rows of cells and the notes below; every cell is text."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]

    def as_json(self) -> str:
        """The text of a file that :func:`read_table` reads."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def shown_table(table: Table, scale_note: str) -> ShownTable:
    """What people read of a table of a paper; missing cells are empty, and the note on the scale comes first."""
    cells = table.shown.astype(object).where(table.shown.notna(), "").astype(str)
    # The notes are Markdown: its marks of code are not part of the text.
    notes = [note.replace("`", "") for note in (scale_note, *table.notes) if note]
    return ShownTable(table.title, list(cells.columns), cells.to_numpy().tolist(), notes)


def read_table(path: str | Path) -> ShownTable:
    """Read a table that :meth:`ShownTable.as_json` wrote.

    :raises UserError: if the file is missing or not such a table.
    """
    try:
        return ShownTable(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} is not a table ({error}). Delete it and run the workflow again.") from error


def render(template: str, **values: Any) -> str:
    """Fill a template of the report, such as "table.html"; texts stay text, whatever is in them."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    """One for all pages: to compile a template takes longer than to fill it."""
    spaces: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **spaces)
