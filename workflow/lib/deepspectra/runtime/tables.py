"""Tables: CSV files that another job wrote are read whole, or one message says why not; Markdown is for people.

CSV files carry no checksum, so that people can edit them. A word among numbers would otherwise be drawn as a category.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from deepspectra.runtime.errors import UserError

__all__ = ["markdown", "number", "read_csv"]

#: What to do about a file that a rule makes.
_REMAKE = (
    "Delete it and run the workflow again; only this file, the temporary files that it needs, and what depends on it "
    "will be remade."
)


def read_csv(
    path: str | Path,
    columns: Sequence[str] = (),
    advice: str = _REMAKE,
    *,
    numbers: Collection[str] = (),
    words: Collection[str] = (),
) -> pd.DataFrame:
    """Read a table with a heading.

    A column holds numbers if more than half of its filled cells do; a word in it is then an error.

    :param columns: columns that the table must have; it must then have rows too.
    :param advice: what to do about a damaged file that no rule makes.
    :param numbers: columns that hold numbers whatever most of their cells say.
    :param words: columns where words may stand among numbers.
    :raises UserError: if the file is missing, cut short or no CSV, lacks a column or rows, or has words among numbers.
    """
    try:
        if not Path(path).read_bytes().endswith(b"\n"):
            raise UserError(f"{path} is cut short: its last line has no end. {advice}")
        table = pd.read_csv(path, low_memory=False)  # one type for a column, however long
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist. Let the workflow make it: snakemake --cores 1 {path}") from error
    except ValueError as error:  # includes pandas' own errors and undecodable bytes
        raise UserError(f"{path} is not a CSV file ({error}). {advice}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes surplus cells for an index
        raise UserError(f"{path} is not a CSV file (its lines have more cells than its heading). {advice}")
    missing = [column for column in columns if column not in table]
    if missing or (columns and table.empty):
        found = f"it has no column {missing[0]!r}" if missing else "it has no rows"
        raise UserError(f"{path} is not the table that was written: {found}. {advice}")
    for column in table.columns.difference(list(words)):
        filled = table[column].dropna()
        is_word = pd.to_numeric(filled, errors="coerce").isna()
        if is_word.any() and (column in numbers or is_word.mean() < 0.5):
            row, word = next(filled[is_word].items())
            raise UserError(
                f"{path} is not the table that was written: row {row + 1} below the heading has {str(word)!r} in "
                f"column {column!r}, expected a number or nothing. {advice}"
            )
    return table


def markdown(frame: pd.DataFrame, title: str, notes: Sequence[str]) -> str:
    """A Markdown page: a title, the table with its texts unchanged, and notes below.

    :param frame: every cell a text; missing cells stay empty.
    """
    lines = [f"# {title}", "", "| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    for row in frame.itertuples(index=False):
        cells = ["" if pd.isna(cell) else str(cell).replace("|", r"\|").replace("\n", " ") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *(f"{note}\n" for note in notes)]).rstrip() + "\n"


def number(value: float, digits: int = 3) -> str:
    """A number with fixed decimals; empty if it is missing."""
    return "" if pd.isna(value) else f"{value:.{digits}f}"
