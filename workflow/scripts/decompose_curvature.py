"""Float32 eigenvalues of a float32 curvature matrix, as published (baskerville2022)."""

import torch

from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.eigenvalues import noise_floor, symmetric_eigenvalues

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    contents = store.read(snakemake.input[0], {"matrix": ("parameters", "parameters")})
    eigenvalues = symmetric_eigenvalues(torch.from_numpy(contents.arrays.pop("matrix")).to(device))
    about = {key: contents.attributes[key] for key in ("parameters", "seed")} | {"dtype": "float32"}
    about |= {"inputs": snakemake.input, "noise_floor": noise_floor(eigenvalues, "float32")}
    store.write(snakemake.output[0], {"eigenvalues": eigenvalues}, **about)
