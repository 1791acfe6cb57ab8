"""One figure of a paper as PDF and PNG, with the plotted numbers and its caption beside it."""

import importlib
import shutil

from deepspectra.papers import style
from deepspectra.report.captions import caption
from deepspectra.runtime.files import replacing, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

paper, item = snakemake.wildcards.paper, snakemake.wildcards.item
# Before the job, with the other imports, so that its time counts as the job's start.
module = importlib.import_module(f"deepspectra.papers.{paper}.figures")

with job(snakemake.log[0], snakemake.threads):
    curves = read_csv(snakemake.input.curves, ("panel", "series", "x", "y"), numbers=("x", "y"))
    summary = read_csv(snakemake.input.summary, ("panel", "series", "quantity", "value"), numbers=("value",))
    figure = getattr(module, item)(curves, summary, f"{snakemake.params.scale_note} {module.NOTES[item]}")
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    write_text(caption(module.TITLES[item], style.note_of(figure), summary), snakemake.output.caption)
    with replacing(snakemake.output.csv) as temporary:
        shutil.copyfile(snakemake.input.curves, temporary)
