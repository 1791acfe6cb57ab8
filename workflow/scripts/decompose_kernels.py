"""Eigenvalues of all kernel matrices of one network, in float64."""

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.kernels.decompositions import decompose_initial

with job(snakemake.log[0], snakemake.threads):
    found = decompose_initial(snakemake.input[0], snakemake.params.depth, snakemake.params.compared)
    about = {key: found.attributes[key] for key in ("parameters", "seed", "dtype")}
    store.write(snakemake.output[0], found.arrays, inputs=snakemake.input, noise_floor=found.floors, **about)
