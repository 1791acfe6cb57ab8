"""The tables of one item of a paper: CSV, Markdown, data for the page of results, and pages of their own."""

from importlib import import_module

from deepspectra.report.tables import render, shown_table
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import markdown

module, _, function = snakemake.params.numbers.partition(":")
# Before the job, with the other imports: its time is part of the start.
make = getattr(import_module(f"deepspectra.papers.{snakemake.params.paper}.{module}"), function)

with job(snakemake.log[0], snakemake.threads):
    out, note = snakemake.output, snakemake.params.scale_note
    for place, table in enumerate(make(dict(snakemake.input.items()), snakemake.params.parameters)):
        shown = shown_table(table, note)
        write_table(table.frame, out.csv[place], float_format=f"%.{table.digits}g")
        write_text(markdown(table.shown, table.title, [note, *table.notes]), out.md[place])
        write_text(shown.as_json(), out.json[place])
        write_text(render("table.html", table=shown), out.html[place])
