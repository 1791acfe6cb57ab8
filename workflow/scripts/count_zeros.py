"""Exact zeros of the Hessians of all batches, counted from activation patterns (baskerville2022)."""

import torch

from deepspectra.data.loading import load_network_and_samples
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.spectra.curvature.exact_zeros import batch_zeros

network, wildcards, size = snakemake.params.network, snakemake.wildcards, snakemake.params.batch_size
files = [snakemake.input.weights, snakemake.input.data]

with job(snakemake.log[0], snakemake.threads):
    # In the precision of the matrices.
    state, split = wildcards.state, wildcards.split
    model, samples = load_network_and_samples(network, files, state, split, torch.float32, "cpu")
    parameters = {"network": network, "batch_size": size, "state": state, "split": split}
    parameters["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    zeros = batch_zeros(model, samples.inputs, size)
    store.write(snakemake.output[0], {"exact_zeros": zeros}, parameters=parameters, inputs=files, seed=network["seed"])
