"""Accuracies of one trained network and of its linearisation around one layer's initial weights (thamm2024, eq. 6)."""

import pandas as pd

from deepspectra.papers.thamm2024.linearisation import linearised_accuracies
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    network, layer, training = (getattr(snakemake.params, name) for name in ("network", "layer", "training"))
    images = {"train": training["images"], "test": training["test_images"]}
    files, device = (snakemake.input.weights, snakemake.input.data), choose_device(snakemake.config["device"])
    accuracies = linearised_accuracies(network, layer, *files, images, device)
    write_table(pd.DataFrame([{"network": snakemake.wildcards.network, **accuracies}]), snakemake.output[0])
