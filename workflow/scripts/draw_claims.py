"""The claims of the four papers as a picture."""

from deepspectra.papers import style
from deepspectra.report import claims_figure as claims
from deepspectra.report.ledger import CHECKED, LEDGER, SECOND
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    checked = read_csv(snakemake.input[0], [*LEDGER, *CHECKED, *SECOND])
    figure = claims.claims(checked, snakemake.params.note)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
