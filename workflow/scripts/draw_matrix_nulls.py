"""What random matrices of one shape give for every statistic of the user's own networks."""

from pathlib import Path

from deepspectra.analysis.null_files import NullKey, lend
from deepspectra.analysis.nulls import draw_nulls
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    names, file = ("rows", "columns", "draws", "window", "seed"), Path(snakemake.output[0])
    draw_nulls([NullKey(*(int(snakemake.wildcards[name]) for name in names))], file.parent)
    # For `deepspectra analyse`; nothing here reads it from there.
    lend(file)
