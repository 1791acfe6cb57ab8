"""The figure of one limit law with its caption, from its curve and its summary."""

from deepspectra.papers import style
from deepspectra.report.captions import caption
from deepspectra.report.limit_law_figure import draw_limit_law
from deepspectra.runtime.files import write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    # Notes stand among the numbers.
    curve, summary = read_csv(snakemake.input.curve), read_csv(snakemake.input.summary, words=("label", "value"))
    figure = draw_limit_law(curve, summary, snakemake.params.law)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    title = f"{snakemake.wildcards.law}: density and distribution function"
    write_text(caption(title, style.note_of(figure)), snakemake.output.caption)
