"""Eigenvalues of a float32 curvature matrix, as published: NumPy's, in double precision (baskerville2022)."""

import numpy as np

from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.deflation import float32_eigenvalues
from deepspectra.spectra.eigenvalues import noise_floor

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    contents = store.read(snakemake.input[0], {"matrix": ("parameters", "parameters")})
    eigenvalues, zeros = float32_eigenvalues(contents.arrays.pop("matrix"), device)
    about = {key: contents.attributes[key] for key in ("parameters", "seed")} | {"dtype": "float32"}
    about |= {"inputs": snakemake.input, "noise_floor": noise_floor(eigenvalues, "float32")}
    store.write(snakemake.output[0], {"eigenvalues": eigenvalues, "exact_zeros": np.array([zeros])}, **about)
