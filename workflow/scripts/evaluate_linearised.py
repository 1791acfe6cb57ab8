"""Accuracies of one trained network and of its linearisation around one layer's initial weights (thamm2024, eq. 6)."""

import pandas as pd

from deepspectra.papers.thamm2024.linearisation import linearised_accuracies
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    training = snakemake.params.training
    accuracies = linearised_accuracies(
        snakemake.params.network,
        snakemake.params.layer,
        snakemake.input.weights,
        snakemake.input.data,
        {"train": training["images"], "test": training["test_images"]},
        choose_device(snakemake.config["device"]),
    )
    write_table(pd.DataFrame([{"network": snakemake.wildcards.network, **accuracies}]), snakemake.output[0])
