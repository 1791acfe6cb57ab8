"""Eigenvalues of a network's kernels before and after training, and where in their eigenvectors the labels lie."""

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.kernels.decompositions import decompose_trained

with job(snakemake.log[0], snakemake.threads):
    found = decompose_trained(snakemake.input[0], snakemake.params.kernels)
    about = {key: found.attributes[key] for key in ("parameters", "seed", "dtype")}
    store.write(snakemake.output[0], found.arrays, inputs=snakemake.input, noise_floor=found.floors, **about)
