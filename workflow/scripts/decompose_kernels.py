"""Eigenvalues of all kernel matrices of one network, in float64."""

import torch

from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.eigenvalues import noise_floor, symmetric_eigenvalues

with job(snakemake.log[0], snakemake.threads):
    layers = range(1, snakemake.params.depth + 1)
    names = [f"{kind}conjugate_{layer}" for kind in ("", "equivalent_") for layer in layers]
    names += ["input", "tangent", "mean_tangent", "lemma_tangent", "equivalent_tangent"]
    spectra, floors = {}, {}
    for name in ProgressBar(names, desc="eigenvalues", unit="matrix"):
        # One at a time: all of them would be a dozen matrices of n x n.
        kernels = store.read(snakemake.input[0], {name: ("n", "n")})
        matrix = torch.from_numpy(kernels.arrays.pop(name))
        spectra[name] = symmetric_eigenvalues(matrix.double())
        floors[name] = noise_floor(spectra[name], str(matrix.dtype).removeprefix("torch."))
    differences = {}
    if snakemake.params.compared:
        told = [f"difference/{name}" for name in (*(f"conjugate_{layer}" for layer in layers), "tangent")]
        differences = store.read(snakemake.input[0], dict.fromkeys(told, (2,))).arrays
    store.write(
        snakemake.output[0],
        spectra | differences,
        parameters=kernels.attributes["parameters"],
        inputs=snakemake.input,
        seed=kernels.attributes["seed"],
        dtype=kernels.attributes["dtype"],
        noise_floor=floors,
    )
