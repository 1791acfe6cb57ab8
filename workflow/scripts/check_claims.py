"""Every claim of the papers beside what was measured, with two verdicts."""

from deepspectra.papers.reading import Results
from deepspectra.report.claims import check_claims, claims_page, read_ledger
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    params, ledger = snakemake.params, read_ledger(snakemake.input.ledger)
    files = zip(params.names, snakemake.input.results, strict=True)
    results = Results({name: read_csv(path) for name, path in files}, params.absent)
    checked = check_claims(ledger, results, params.sizes, params.papers, params.changed)
    write_table(checked, snakemake.output.csv, float_format="%.6g")
    write_text(claims_page(checked, "Claims of the four papers", params.reduced), snakemake.output.md)
