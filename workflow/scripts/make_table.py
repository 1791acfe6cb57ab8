"""The tables of one item of a paper, as CSV and as Markdown."""

from importlib import import_module

from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.markdown import markdown

module, _, function = snakemake.params.numbers.partition(":")
# Before the job, with the other imports: its time is part of the start.
make = getattr(import_module(f"deepspectra.papers.{snakemake.params.paper}.{module}"), function)

with job(snakemake.log[0], snakemake.threads):
    tables = make(snakemake.params.files, snakemake.params.parameters)
    for table, csv, md in zip(tables, snakemake.output.csv, snakemake.output.md, strict=True):
        write_table(table.frame, csv, float_format=f"%.{table.digits}g")
        write_text(markdown(table.shown, table.title, [snakemake.params.scale_note, *table.notes]), md)
