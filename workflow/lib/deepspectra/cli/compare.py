"""``deepspectra compare``: the numbers of a run beside those of the record."""

import argparse
import tempfile
from pathlib import Path

import pandas as pd

from deepspectra.cli.commands import checkout
from deepspectra.config import load_settings, scale_name
from deepspectra.papers import style
from deepspectra.papers.reading import Results
from deepspectra.papers.readings import READINGS
from deepspectra.report.claims import check_claims, read_ledger
from deepspectra.report.compare import BEYOND, OUTCOMES, comparison_table, draw_comparison, shown_rows
from deepspectra.report.record import SUFFIX, read_record, uncompress
from deepspectra.report.verdicts import PUBLISHED_SIZES
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.tables import markdown, read_csv

__all__ = ["compare_run"]


def compare_run(options: argparse.Namespace) -> int:
    """Compare, write the tables and the picture, and print what is not the same.

    :returns: exit status, 1 if a number differs beyond the spread of seeds.
    :raises UserError: if the run has no table that a claim is read from, or there is no record to compare it with.
    """
    root = checkout()
    scale = options.scale or load_settings(root / "config").scale
    # The sizes of both are the published ones.
    kept = root / "resources" / "record" / ("record" if scale in PUBLISHED_SIZES else scale)
    if not read_record(kept)[1]:
        raise UserError(f"there is no record of {scale} scale; resources/record has those that can be compared with")
    results = Path(options.directory or root) / "results" / scale
    names = sorted({file for paper in READINGS.values() for reading in paper.values() for file in reading.files})
    here = {name: results / f"{name}.csv" for name in names if (results / f"{name}.csv").is_file()}
    if not here:
        raise UserError(f"{results} has no table that a claim is read from: run the workflow there first")
    ledger = read_ledger(root / "resources" / "claims.csv")

    def judged(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        return check_claims(ledger, Results(tables, "{} is absent"), scale, list(READINGS))

    with tempfile.TemporaryDirectory() as folder:
        recorded = {}
        for name in names:
            if (source := kept / f"{name}.csv{SUFFIX}").is_file():
                uncompress(source, place := Path(folder, name.replace("/", "_")))
                recorded[name] = read_csv(place)
    table = comparison_table(judged({name: read_csv(path) for name, path in here.items()}), judged(recorded))
    counts = {outcome: int((table.outcome == outcome).sum()) for outcome in OUTCOMES}
    said = "; ".join(f"{count} {outcome}" for outcome, count in counts.items())
    other = "the record" if kept.name == "record" else f"the kept {kept.name}"
    title = f"{scale_name(scale)} beside {other}: {said}"
    notes = [*(f"{outcome}: {meaning}." for outcome, meaning in OUTCOMES.items()), f"Read from {len(here)} tables."]
    write_table(table, results / "compared.csv", float_format="%.6g")
    write_text(markdown(shown_rows(table), title, notes), results / "compared.md")
    style.save(draw_comparison(table, title.replace(": ", "\n")), results / "compared.pdf", results / "compared.png")
    beyond = shown_rows(table[table.outcome == BEYOND])
    if len(beyond):
        print(beyond.to_string(index=False))
    print(f"{title}. All of them: {results / 'compared.md'}")
    return int(bool(len(beyond)))
