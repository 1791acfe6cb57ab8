"""The claims of the papers as a picture."""

from deepspectra.papers import style
from deepspectra.report.claims import read_checked
from deepspectra.report.claims_figure import draw_claims
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    figure = draw_claims(read_checked(snakemake.input[0]), snakemake.params.note)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
