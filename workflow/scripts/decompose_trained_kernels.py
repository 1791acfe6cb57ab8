"""Eigenvalues of a network's kernels before and after training, and where in their eigenvectors the labels lie."""

from deepspectra.runtime.job import job
from deepspectra.spectra.kernels.decompositions import decompose_trained

with job(snakemake.log[0], snakemake.threads):
    decompose_trained(snakemake.input[0], snakemake.output[0], snakemake.params.kernels)
