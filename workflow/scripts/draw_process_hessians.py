"""Eigenvalues of Hessians of Gaussian processes (baskerville2022, figures 5 and 6)."""

from deepspectra.papers.baskerville2022.process_spectra import draw_process_spectra
from deepspectra.runtime import store
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    process = snakemake.params.process
    arrays, floors = draw_process_spectra(process)
    about = {"parameters": process, "seed": process["seed"], "dtype": "float64", "noise_floor": floors}
    store.write(snakemake.output[0], arrays, **about)
