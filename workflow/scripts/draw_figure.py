"""One figure of a paper as PDF and PNG, with the plotted numbers and its caption beside it."""

import importlib
import shutil

from deepspectra.csv_files import read_csv
from deepspectra.figures import style
from deepspectra.files import replacing, write_text
from deepspectra.job import job
from deepspectra.report.captions import caption

paper, item = snakemake.wildcards.paper, snakemake.wildcards.item
# Before the job, with the other imports, so that its time counts as the job's start.
module = importlib.import_module(f"deepspectra.figures.{paper}")
#: What some papers name in words, others count.
WORDS = ("statistic",)

with job(snakemake.log[0], snakemake.threads):
    curves = read_csv(snakemake.input.curves, ("panel", "series", "x", "y"), words=WORDS)
    summary = read_csv(snakemake.input.summary, ("panel", "series", "quantity", "value"), words=WORDS)
    figure = getattr(module, item)(curves, summary, f"{snakemake.params.scale_note} {module.NOTES[item]}")
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    write_text(caption(module.TITLES[item], style.note_of(figure), summary), snakemake.output.caption)
    with replacing(snakemake.output.csv) as temporary:
        shutil.copyfile(snakemake.input.curves, temporary)
