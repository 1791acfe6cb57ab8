"""One figure of a paper as PDF and PNG, with the plotted numbers and its caption beside it."""

import shutil
from importlib import import_module

from deepspectra.papers import style
from deepspectra.papers.recorded import RECORDED_SERIES, read_figure, with_recorded
from deepspectra.report.captions import caption
from deepspectra.runtime.files import replacing, write_table, write_text
from deepspectra.runtime.job import job

module, _, function = snakemake.params.drawing.partition(":")
# Before the job, with the other imports: its time is part of the start.
draw = getattr(import_module(f"deepspectra.papers.{snakemake.wildcards.paper}.{module}"), function)

with job(snakemake.log[0], snakemake.threads):
    curves, summary = read_figure(snakemake.input.curves, snakemake.input.summary)
    if snakemake.input.recorded:
        curves, summary = with_recorded(curves, summary, *read_figure(*snakemake.input.recorded))
    figure = draw(curves, summary, f"{snakemake.params.scale_note} {snakemake.params.note}")
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    write_text(caption(snakemake.params.title, style.note_of(figure), summary), snakemake.output.caption)
    if RECORDED_SERIES in set(curves.series):
        write_table(curves, snakemake.output.csv)
    else:
        with replacing(snakemake.output.csv) as temporary:
            shutil.copyfile(snakemake.input.curves, temporary)
