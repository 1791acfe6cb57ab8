"""Non-zero eigenvalues in float64 of the curvature matrices of some batches (baskerville2022)."""

import logging

import torch

from deepspectra.data.loading import load_network_and_samples
from deepspectra.data.sets import data_set
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.curvature.resolved import write_spectra
from deepspectra.spectra.curvature.spectra import resolved_spectrum

logger = logging.getLogger(__name__)
network, wildcards, size = snakemake.params.network, snakemake.wildcards, snakemake.params.batch_size
state, split, kind = wildcards.state, wildcards.split, wildcards.kind
files = [snakemake.input.weights, snakemake.input.data]

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    model, samples = load_network_and_samples(network, files, state, split, torch.float64, device)
    # The settings' method is one for Hessians.
    loss, method = data_set(network["data"]).loss, snakemake.params.method if kind == "hessian" else None
    batches = range(int(wildcards.first), int(wildcards.last) + 1)
    found = []
    for batch in ProgressBar(batches, desc=f"{wildcards.network} {state} {split} {kind}", unit="batch"):
        chosen = slice(batch * size, (batch + 1) * size)
        spectrum = resolved_spectrum(kind, model, samples.inputs[chosen], samples.targets[chosen], loss, method)
        if not found:
            logger.info("method %s: %s", spectrum.method, spectrum.reason)
        if (share := spectrum.unresolved_spacings) > 0.01:
            logger.warning("batch %d is unresolved: %.1f %% of spacings are below their errors", batch, 100 * share)
        found.append(spectrum)
    parameters = {key: wildcards[key] for key in ("state", "split", "kind", "first", "last")}
    parameters |= {"network": network, "batch_size": size}
    write_spectra(snakemake.output[0], found, parameters, files, network["seed"])
