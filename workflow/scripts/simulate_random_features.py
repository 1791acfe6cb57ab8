"""Spectra of random features, one new quintic polynomial for every simulated point (pennington2017, figure 2)."""

import numpy as np

from deepspectra.papers.pennington2017.simulations import simulate_random_features
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    item, shape, panel = snakemake.params.item, snakemake.params.shape, snakemake.wildcards.panel
    sizes, arrays = simulate_random_features(item, panel, shape, choose_device(snakemake.config["device"]))
    # Eigenvalues are squares of singular values, each uncertain by about eps times the largest one.
    floor = float((np.finfo(float).eps ** 2) * arrays["simulated"].max())
    parameters = item | {"panel": panel, **shape, "sizes": sizes}
    about = {"parameters": parameters, "seed": item["seed"], "dtype": "float64", "noise_floor": floor}
    store.write(snakemake.output[0], arrays, **about)
