"""Porter-Thomas tests of random unit vectors of one dimension (thamm2024, calibration)."""

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.weights.nulls import null_vector_statistics

with job(snakemake.log[0], snakemake.threads):
    dimension, nulls = int(snakemake.wildcards.dimension), snakemake.params.nulls
    arrays = {"statistics": null_vector_statistics(dimension, nulls["vectors"], nulls["seed"])}
    about = {"parameters": {"dimension": dimension, **nulls}, "seed": nulls["seed"], "dtype": "float64"}
    store.write(snakemake.output[0], arrays, **about)
