"""CSV files of one job read by another: whole, or one message.

They carry no checksum as HDF5 files do, so that people can look at them and edit them; what can be seen is seen. A
word where a number was is: a picture of categories would be drawn of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from deepspectra.runtime.errors import UserError

#: Columns that may hold words in any table; all others hold numbers or nothing, but for those that its reader names.
# fmt: off
TEXT = frozenset({
    "claim", "dataset", "id", "item", "kind", "layer", "network", "note", "panel", "paper", "published",
    "published_rejected", "quantity", "reason", "rejected", "rejected_calibrated", "resolved", "scale", "scope",
    "second", "second_verdict", "series", "side", "source", "spectrum", "split", "state", "trained_here",
    "unfolding", "verdict",
})
# fmt: on
#: What to do about a file that a rule makes.
_MADE = (
    "Delete it and run the workflow again; only this file, what it needs that was temporary, and what depends on it "
    "will be made anew."
)


def read_csv(
    path: str | Path, columns: Sequence[str] = (), advice: str = _MADE, words: Collection[str] = ()
) -> pd.DataFrame:
    """A table with a heading.

    :param columns: that it must have, among others, and then rows too: a network without weights leaves no rows.
    :param advice: what to do about a damaged file, where no rule makes it.
    :param words: columns that may hold words in this table, besides :data:`TEXT`.
    :raises UserError: if the file is missing or empty, ends within a line, is no CSV, lacks a column or rows, has lines
        longer than its heading, or a word in a column of numbers.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            raise UserError(f"{path} is cut short: its last line has no end. {advice}")
        table = pd.read_csv(path, low_memory=False)  # one type for a column, however long
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist. Let the workflow make it: snakemake --cores 1 {path}") from error
    except ValueError as error:  # pandas' own errors and undecodable bytes are of this kind
        raise UserError(f"{path} is not a CSV file ({error}). {advice}") from error
    if not isinstance(table.index, pd.RangeIndex):  # what is too much would pass for names of rows
        raise UserError(f"{path} is not a CSV file (its lines have more cells than its heading). {advice}")
    missing = [column for column in columns if column not in table]
    if columns and (missing or table.empty):
        found = f"it has no column {missing[0]!r}" if missing else "it has no rows"
        raise UserError(f"{path} is not what was written there: {found}. {advice}")
    for column in table.columns.difference([*TEXT, *words]):
        values = table[column]
        wrong = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        if not wrong.empty:
            raise UserError(
                f"{path} is not what was written there: row {wrong.index[0] + 1} below the heading has "
                f"{str(wrong.iloc[0])!r} in column {column!r}, expected a number or nothing. {advice}"
            )
    return table
