"""Pooled spectra of first- and last-layer data covariance matrices for one activation (pennington2017, figure 1)."""

import numpy as np

from deepspectra.papers.pennington2017.simulations import simulate_data_covariance
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    item, alpha = snakemake.params.item, float(snakemake.wildcards.alpha)
    zeta, arrays = simulate_data_covariance(item, alpha, choose_device(snakemake.config["device"]))
    floor = float(np.finfo(np.float32).eps) * max(float(array.max()) for array in arrays.values())
    about = {"parameters": item | {"alpha": alpha, "zeta": zeta}, "seed": item["seed"], "dtype": "float32"}
    store.write(snakemake.output[0], arrays, noise_floor=floor, **about)
