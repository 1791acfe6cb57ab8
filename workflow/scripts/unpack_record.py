"""Every table of the record as the run wrote it."""

from deepspectra.report.record import uncompress
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    for source, target in zip(snakemake.input, snakemake.output, strict=True):
        uncompress(source, target)
