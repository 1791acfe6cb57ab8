"""Non-zero eigenvalues in float64 of the Hessian of softmax regression over a whole set (baskerville2022)."""

import numpy as np
import torch

from deepspectra.data.tasks import load_samples
from deepspectra.nn.images import DATA_SIZES
from deepspectra.nn.loading import load_trained
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.curvature.whole import resolved_softmax_spectrum

with job(snakemake.log[0], snakemake.threads):
    network, wildcards = snakemake.params.network, snakemake.wildcards
    device = choose_device(snakemake.config["device"])
    samples = load_samples(network, snakemake.input.data, wildcards.split)
    inputs = samples.inputs[: snakemake.params.whole_samples].to(device)
    features, outputs = inputs[0].numel(), DATA_SIZES[network["data"]][1]
    model = load_trained(network, snakemake.input.weights, wildcards.state, features, outputs, torch.float64).to(device)
    with torch.no_grad():
        spectrum = resolved_softmax_spectrum(inputs, model(inputs))
    store.write(
        snakemake.output[0],
        {
            "eigenvalues": spectrum.eigenvalues,
            "lengths": np.array([len(spectrum.eigenvalues)]),
            "bounds": np.array([spectrum.bound]),
            "left_out": np.array([spectrum.left_out]),
            "unresolved": np.array([spectrum.unresolved_spacings]),
        },
        parameters={
            **{"network": network, "samples": len(inputs), "parameters": spectrum.parameters},
            **{"method": spectrum.method, "reason": spectrum.reason},
            **{"state": wildcards.state, "split": wildcards.split},
        },
        inputs=[snakemake.input.weights, snakemake.input.data],
        seed=network["seed"],
        dtype="float64",
        noise_floor=spectrum.bound,
    )
