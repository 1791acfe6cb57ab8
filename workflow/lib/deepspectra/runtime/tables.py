"""Tables: CSV files that another job wrote are read whole, or one message says why not; Markdown is for people."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from deepspectra.runtime.errors import REMAKE, UserError

__all__ = ["markdown", "number", "read_csv"]


def read_csv(
    path: str | Path,
    columns: Sequence[str] = (),
    advice: str = REMAKE,
    *,
    numbers: Collection[str] = (),
    words: Collection[str] = (),
) -> pd.DataFrame:
    """Read a table with a heading.

    A column that has both numbers and words is an error.

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
    if len(table.columns) == 1 and any(mark in str(table.columns[0]) for mark in ";\t"):
        found = "its cells are separated by semicolons or tabs, expected commas, and points in numbers"
        raise UserError(f"{path} is not a CSV file ({found}). {advice}")
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes surplus cells for an index
        raise UserError(f"{path} is not a CSV file (its lines have more cells than its heading). {advice}")
    missing, wrong = [name for name in columns if name not in table], f"{path} is not the table that was written"
    if missing or (columns and table.empty):
        raise UserError(f"{wrong}: it has no {f'column {missing[0]!r}' if missing else 'rows'}. {advice}")
    for column in table.columns.difference(list(words)):
        filled = table[column].dropna()
        is_word = pd.to_numeric(filled, errors="coerce").isna()
        if is_word.any() and (column in numbers or not is_word.all()):
            row, word = next(filled[is_word].items())
            found = f"row {row + 1} below the heading has {str(word)!r} in column {column!r}"
            raise UserError(f"{wrong}: {found}, expected a number or nothing. {advice}")
    return table


def markdown(frame: pd.DataFrame, title: str, notes: Sequence[str]) -> str:
    """A Markdown page: a title, the table, whose cells are texts or missing, and notes below."""
    lines = [f"# {title}", "", "| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
    for row in frame.itertuples(index=False):
        cells = ["" if pd.isna(cell) else str(cell).replace("|", r"\|").replace("\n", " ") for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *(f"{note}\n" for note in notes)]).rstrip() + "\n"


def number(value: float, digits: int = 3) -> str:
    """A number with fixed decimals; empty if it is missing."""
    return "" if pd.isna(value) else f"{value:.{digits}f}"
