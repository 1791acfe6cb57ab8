"""Spectra with Gaussian inputs in place of a network's samples: controls of resolved spectra (baskerville2022)."""

import torch

from deepspectra.data.loading import load_network_and_samples
from deepspectra.data.sets import data_set
from deepspectra.papers.baskerville2022.control_spectra import Batches, network_controls, softmax_controls
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

network, wildcards, seed = snakemake.params.network, snakemake.wildcards, snakemake.params.seed
files, kind = [snakemake.input.weights, snakemake.input.data], wildcards.kind
batches = Batches(**snakemake.params.batches)

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    model, samples = load_network_and_samples(network, files, wildcards.state, wildcards.split, torch.float64, device)
    loss = data_set(network["data"]).loss
    if snakemake.params.softmax:
        arrays = softmax_controls(model, samples, batches, seed)
    else:
        # The settings' method is one for Hessians.
        method = snakemake.params.method if kind == "hessian" else None
        arrays = network_controls(kind, model, samples, loss, batches, seed, method)
    parameters = {"network": network, "kind": kind, "state": wildcards.state, "split": wildcards.split}
    store.write(
        snakemake.output[0], arrays, parameters=parameters | batches._asdict(), inputs=files, seed=seed, dtype="float64"
    )
