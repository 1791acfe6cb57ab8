"""Every table of the record as the run wrote it."""

from pathlib import Path

from deepspectra.report.record import read_record, uncompress
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    # Refuses a record of another version.
    read_record(Path(snakemake.input.index).parent)
    for source, target in zip(snakemake.input.tables, snakemake.output, strict=True):
        uncompress(Path(source), Path(target))
