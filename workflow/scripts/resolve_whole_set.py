"""Non-zero eigenvalues in float64 of the Hessian of softmax regression over a whole set (baskerville2022)."""

import torch

from deepspectra.data.loading import load_network_and_samples
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.curvature.resolved import write_spectra
from deepspectra.spectra.curvature.whole_reduced import resolved_softmax_spectrum

network, state, split = snakemake.params.network, snakemake.wildcards.state, snakemake.wildcards.split
files = [snakemake.input.weights, snakemake.input.data]

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    model, samples = load_network_and_samples(network, files, state, split, torch.float64, device)
    inputs = samples.inputs[: snakemake.params.whole_samples]
    with torch.no_grad():
        spectrum = resolved_softmax_spectrum(inputs, model(inputs))
    parameters = {"network": network, "samples": len(inputs), "state": state, "split": split}
    write_spectra(snakemake.output[0], [spectrum], parameters, files, network["seed"])
