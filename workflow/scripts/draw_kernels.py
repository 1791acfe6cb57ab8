"""Spectra of many random networks' kernels at several sizes (fan2020, figures 1, 2 and S2)."""

from deepspectra.papers.fan2020.draws import draw_kernels
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar

with job(snakemake.log[0], snakemake.threads):
    entry, images = snakemake.params.entry, None
    if snakemake.input:
        images = store.read(snakemake.input[0], {"train_images": (50_000, 32, 32, 3)})["train_images"]
    options = {"device": choose_device(snakemake.config["device"]), "scratch": snakemake.resources.tmpdir}
    draws = sum(size["draws"] for size in entry["sizes"])
    with ProgressBar(total=draws, desc=snakemake.wildcards.inputs, unit="network") as bar:
        arrays, floors = draw_kernels(entry, images, bar.update, **options)
    about = {"parameters": entry, "inputs": snakemake.input, "seed": entry["seed"], "dtype": entry["dtype"]}
    store.write(snakemake.output[0], arrays, noise_floor=floors, **about)
