"""The claims of the four papers as a picture."""

from deepspectra.claims.ledger import CHECKED, LEDGER, SECOND
from deepspectra.csv_files import read_csv
from deepspectra.figures import claims, style
from deepspectra.job import job

with job(snakemake.log[0], snakemake.threads):
    checked = read_csv(snakemake.input[0], [*LEDGER, *CHECKED, *SECOND])
    figure = claims.claims(checked, snakemake.params.note)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
