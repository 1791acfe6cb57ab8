"""Kernel matrices of one random network and of its linear equivalent (fan2020)."""

import torch

from deepspectra.data.samples import gaussian_samples, image_samples
from deepspectra.nn.activations import activation
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.kernels.equivalents import initial_matrices

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    samples, seed, depth = item["samples"], item["seed"], item["depth"]
    if "input_dimension" in item:
        x = gaussian_samples(item["input_dimension"], samples, seed)
    else:
        images = store.read(snakemake.input[0], {"train_images": (50_000, 32, 32, 3)})["train_images"]
        x = image_samples(images, samples, item["removed_components"], seed)
    options = {key: getattr(torch, item[key]) for key in ("dtype", "accumulation")}
    options |= {"device": choose_device(snakemake.config["device"]), "scratch": snakemake.resources.tmpdir}
    with ProgressBar(total=3 * depth, desc=snakemake.wildcards.item, unit="layer") as bar:
        sigma = activation(item["activation"])
        matrices = initial_matrices(x, [item["width"]] * depth, sigma, seed, **options, report=bar.advance)
    about = {"parameters": item, "inputs": snakemake.input, "seed": seed, "dtype": item["dtype"]}
    store.write(snakemake.output[0], matrices, **about)
