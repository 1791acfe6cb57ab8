"""Eigenvalues of GOE matrices (baskerville2022, figures 1 and 2)."""

import numpy as np

from deepspectra.rmt.nulls import goe_levels
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

with job(snakemake.log[0], snakemake.threads):
    ensemble = snakemake.params.ensemble
    rng = np.random.default_rng(ensemble["seed"])
    draws = ProgressBar(range(ensemble["matrices"]), desc="GOE", unit="matrix")
    levels = np.stack([goe_levels(ensemble["dimension"], rng) for _ in draws])
    floor = float(np.finfo(np.float64).eps * np.abs(levels).max())
    about = {"parameters": ensemble, "seed": ensemble["seed"], "dtype": "float64", "noise_floor": floor}
    store.write(snakemake.output[0], {"levels": levels}, **about)
