"""Files of an analysis: tables, a summary, and one page with pictures that needs nothing else."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from deepspectra.analysis.explanations import COLUMNS, EXPLANATIONS, OVERVIEW, PANELS
from deepspectra.analysis.figures import panels
from deepspectra.analysis.findings import bulk_words, describe
from deepspectra.analysis.overview import overview
from deepspectra.analysis.tables import AnalysisTables, shortened, write_tables
from deepspectra.runtime.files import check_folder, write_text
from deepspectra.runtime.processes import worker_processes
from deepspectra.runtime.progress import ProgressBar

__all__ = ["summary", "terminal_notes", "terminal_table", "write_all", "write_page"]

#: Columns for a terminal, the most telling first, by the shorter headings that they have there.
_TERMINAL = {
    **{"matrix": "matrix", "above": "above", "below": "below", "bulk": "bulk", "spacing p": "spacing p"},
    **{"output vectors": "out. vec.", "input vectors": "in. vec.", "exponent": "exponent"},
    **{"random matrices' exponent": "if random", "moved": "moved", "variance p": "variance p"},
    **{"outputs": "outputs", "inputs": "inputs", "rank": "rank"},
    **{"WeightWatcher's": "WeightWatcher's", "levels": "levels", "MP share": "MP share"},
}
_LONGEST_NAME = 40
#: So many different notes are told in a terminal, each with so many matrices.
_NOTES, _NAMED = 8, 3
_DPI = 110


def write_all(analysis: AnalysisTables, folder: Path, workers: int = 1) -> Path:
    """Write the tables (:data:`deepspectra.analysis.tables.FILES`), ``summary.md`` and ``index.html``.

    :param workers: processes that draw the panels.
    :returns: the page's path. :raises UserError: if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    check_folder(folder)
    write_tables(analysis, folder)
    return write_page(analysis, folder, workers)


def write_page(analysis: AnalysisTables, folder: Path, workers: int = 1) -> Path:
    """Write ``summary.md`` and ``index.html``; the page's path."""
    write_text(summary(analysis), folder / "summary.md")
    write_text(_page(analysis, workers), folder / "index.html")
    return folder / "index.html"


def shown(analysis: AnalysisTables) -> pd.DataFrame:
    """The columns that people read, as text; empty where a number cannot be had."""
    table = analysis.matrices
    table = table.assign(has_bulk=[bulk_words(row) for _, row in table.iterrows()])
    columns = {heading: _cells(table[name]) for name, heading in COLUMNS.items() if name in table}
    return pd.DataFrame(columns, index=table.index)


def terminal_table(analysis: AnalysisTables, width: int) -> str:
    """As many of the most telling columns as a terminal of so many characters has room for."""
    table = shown(analysis)
    table = table[[name for name in _TERMINAL if name in table and table[name].ne("").any()]].rename(columns=_TERMINAL)
    table["matrix"] = [shortened(name, _LONGEST_NAME) for name in table["matrix"]]
    widths = [max(len(name), *map(len, table[name])) + 2 for name in table]
    room = max(1, int(np.searchsorted(np.cumsum(widths), width, side="right")))
    return table.iloc[:, :room].to_string(index=False)


def terminal_notes(analysis: AnalysisTables) -> list[str]:
    """What the table has no room for: each note once, with the matrices that have it."""
    said = _grouped_notes(analysis.matrices)
    more = [f"{len(said) - _NOTES} other notes are on the page."] if len(said) > _NOTES else []
    return said[:_NOTES] + more


def _grouped_notes(matrices: pd.DataFrame) -> list[str]:
    said = []
    for note, group in matrices[matrices.note.fillna("").ne("")].groupby("note", sort=False):
        names = list(group.name)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        said.append(f"{', '.join(names[:_NAMED])}{more}: {note}")
    return said


def _failures(analysis: AnalysisTables) -> list[str]:
    """Why matrices could not be analysed."""
    return _grouped_notes(analysis.matrices[analysis.matrices["rank"].isna()])


def _cells(column: pd.Series) -> pd.Series:
    if column.dtype == object or column.dtype.name.startswith(("str", "string")):
        return column.fillna("").astype(str)
    whole = column.dropna().mod(1).eq(0).all()
    return column.map(lambda value: "" if pd.isna(value) else f"{value:.0f}" if whole else f"{value:.3g}")


def summary(analysis: AnalysisTables) -> str:
    """Findings and the table of matrices in Markdown."""
    table = shown(analysis)
    lines = [f"# Spectra of {_title(analysis.origin)}", "", *(f"- {sentence}" for sentence in analysis.findings)]
    lines += [*(f"  - {failure}" for failure in _failures(analysis)), ""]
    lines += [f"- Note: {note}" for note in analysis.notes] + [""] * bool(analysis.notes)
    lines += ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in table.to_numpy()]
    lines += ["", "## What the columns say", "", *(f"- **{name}**: {text}" for name, text in EXPLANATIONS.items())]
    if len(analysis.left_out):
        lines += [
            "",
            "## Left out",
            "",
            *(f"- {row.name}: {row.reason}" for row in analysis.left_out.itertuples(index=False)),
        ]
    return "\n".join(lines) + "\n"


def _plain(cell: str) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")


def _page(analysis: AnalysisTables, workers: int) -> str:
    table = shown(analysis)
    known = analysis.matrices["rank"].notna()
    names = analysis.matrices.name[known]
    with worker_processes(min(workers, len(names))) as executor:
        drawn = (executor.map if executor else map)(_panels, _one_by_one(analysis, names), names)
        bar = ProgressBar(drawn, desc="panels", unit="matrix", total=len(names))
        pictures = {
            name: {"id": _anchor(place), "picture": picture, "words": describe(analysis.matrices.loc[place])}
            for place, name, picture in zip(names.index, names, bar, strict=True)
        }
    environment = Environment(
        loader=PackageLoader("deepspectra.analysis", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    rows = [
        {"id": _anchor(place) if known[place] else "", "cells": list(cells)}
        for place, cells in zip(table.index, table.to_numpy(), strict=True)
    ]
    return environment.get_template("page.html").render(
        origin=analysis.origin,
        title=_title(analysis.origin),
        findings=analysis.findings,
        failures=_failures(analysis),
        notes=analysis.notes,
        overview=_picture(overview(analysis)) if known.any() else "",
        overview_words=OVERVIEW,
        panel_words=PANELS,
        draws=_draws(analysis.matrices.null_draws.dropna()),
        columns=list(table.columns),
        rows=rows,
        explanations=EXPLANATIONS,
        pictures=pictures,
        left_out=analysis.left_out.to_dict("records"),
    )


def _title(origin: str) -> str:
    """The file's name; the folder's where the file has everybody's."""
    path = Path(re.sub(r"[^\w./\\ -]", "", origin))
    is_usual = path.name.startswith(("model.", "pytorch_model.")) and path.parent.name
    return f"{path.parent.name}/{path.name}" if is_usual else path.name or origin


def _draws(numbers: pd.Series) -> str:
    """ "999 random matrices", or the range of their numbers."""
    ends = sorted({int(numbers.min()), int(numbers.max())}) if len(numbers) else [0]
    return f"{' to '.join(map(str, ends))} random matrices"


def _anchor(place: int) -> str:
    return f"matrix-{place}"


def _one_by_one(analysis: AnalysisTables, names: pd.Series) -> Iterator[AnalysisTables]:
    """The tables of one matrix after the other: all that its panels need, and little to send to another process."""
    if names.empty:
        return
    curves, vectors = (dict(list(table.groupby("name"))) for table in (analysis.curves, analysis.vectors))
    for place, name in names.items():
        parts = {"matrices": analysis.matrices.loc[[place]], "curves": curves[name], "vectors": vectors[name]}
        yield AnalysisTables(analysis.origin, left_out=analysis.left_out[:0], findings=[], notes=[], **parts)


def _panels(analysis: AnalysisTables, name: str) -> str:
    return _picture(panels(analysis, name))


def _picture(figure: Figure) -> str:
    """A data address, so that the page can be mailed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
