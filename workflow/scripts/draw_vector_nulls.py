"""Porter-Thomas tests of random unit vectors of one dimension, for the user's own networks."""

from pathlib import Path

from deepspectra.analysis.null_files import lend
from deepspectra.analysis.nulls import draw_vector_nulls
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    names, file = ("dimension", "draws", "seed"), Path(snakemake.output[0])
    dimension, draws, seed = (int(snakemake.wildcards[name]) for name in names)
    draw_vector_nulls([dimension], draws, seed, file.parent)
    # For `deepspectra analyse`; nothing here reads it from there.
    lend(file)
