"""The tables of an analysis, from which its pictures and its page are made, and the files that hold them."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from deepspectra.runtime.errors import REMAKE, UserError
from deepspectra.runtime.files import write_table, write_text

__all__ = ["FILES", "AnalysisTables", "read_tables", "shortened", "write_tables"]

_TABLES, _ABOUT = ("matrices", "left_out", "curves", "vectors"), "about.json"
#: What :func:`write_tables` writes.
FILES = (*(f"{name}.csv" for name in _TABLES), _ABOUT)
#: Columns of text, in all tables; a layer may be called 0.
_TEXT = ("name", "layer", "part", "kind", "dtype", "ranks_output", "ranks_input", "note", "reason", "series", "side")


@dataclass(frozen=True)
class AnalysisTables:
    """What was found in a network.

    :ivar origin: the checkpoint's name. :ivar matrices: a row for each matrix, tidy. :ivar left_out: ``name`` and
        ``reason`` of every other tensor. :ivar curves: spectra, spacings and number variances, by ``name`` and
        ``series``. :ivar vectors: a row for each singular vector. :ivar findings: sentences. :ivar notes: on the file.
    """

    origin: str
    matrices: pd.DataFrame
    left_out: pd.DataFrame
    curves: pd.DataFrame
    vectors: pd.DataFrame
    findings: list[str]
    notes: list[str]


def write_tables(analysis: AnalysisTables, folder: Path) -> None:
    """Write the tables as CSV, and as JSON the origin, findings and notes."""
    for name in _TABLES:
        write_table(getattr(analysis, name), folder / f"{name}.csv")
    about = {name: getattr(analysis, name) for name in ("origin", "findings", "notes")}
    write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", folder / _ABOUT)


def read_tables(folder: Path) -> AnalysisTables:
    """Read what :func:`write_tables` wrote: the same texts, and numbers to the last bit.

    :raises UserError: if a file is missing or damaged.
    """
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        return AnalysisTables(**{name: _read(folder / f"{name}.csv") for name in _TABLES}, **about)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{folder} does not hold the tables of an analysis ({error}). {REMAKE}") from error


def _read(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8") as file:
        columns = file.readline().rstrip("\n").split(",")
    if columns == [""]:
        return pd.DataFrame()
    text = {name: str for name in _TEXT if name in columns}
    # Nothing stands for a missing number, but texts are what they are: "nan" may be a name.
    missing = {name: [""] for name in columns if name not in text}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=missing)


def shortened(text: str, longest: int) -> str:
    """A text without its middle if it is longer than so many characters."""
    half = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:half]}...{text[-half:]}"
