"""A table of a paper as a page of its own."""

from pathlib import Path

from deepspectra.report.page import render_table, table_item
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    table = Path(snakemake.input.md)
    item = table_item(snakemake.wildcards.table, table.parent, [table])
    write_text(render_table(item), snakemake.output.html)
