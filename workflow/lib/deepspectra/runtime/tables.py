"""Read CSV files that another job wrote: whole, or one message.

Unlike HDF5 files they carry no checksum, so that people can look at them and edit them. What can be seen is checked: a
word in a column of numbers would otherwise be drawn as a category.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from deepspectra.runtime.errors import UserError

__all__ = ["read_csv"]

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

    :param columns: columns that the table must have; it must then have rows too. (A network without weights leaves a
        table without rows.)
    :param advice: what to do about a damaged file that no rule makes.
    :param numbers: columns that hold numbers whatever most of their cells say.
    :param words: columns where words may stand among numbers.
    :raises UserError: if the file is missing, empty, cut short or not CSV, lacks a column or rows, has lines longer
        than its heading, or has a word in a column of numbers.
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
