"""Eigenvalues of all kernel matrices of one network, in float64."""

from deepspectra.runtime.job import job
from deepspectra.spectra.kernels.decompositions import decompose_initial

with job(snakemake.log[0], snakemake.threads):
    depth, compared = snakemake.params.depth, snakemake.params.compared
    decompose_initial(snakemake.input[0], snakemake.output[0], depth, compared)
