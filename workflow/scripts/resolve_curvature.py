"""Non-zero eigenvalues in float64 of the curvature matrices of some batches (baskerville2022)."""

import logging

import numpy as np
import torch

from deepspectra.data.tasks import load_samples, loss_of
from deepspectra.nn.images import DATA_SIZES
from deepspectra.nn.loading import load_trained
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.curvature.spectra import resolved_spectrum

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    network, wildcards, size = snakemake.params.network, snakemake.wildcards, snakemake.params.batch_size
    device = choose_device(snakemake.config["device"])
    samples = load_samples(network, snakemake.input.data, wildcards.split).to(device)
    features, outputs = samples.inputs[0].numel(), DATA_SIZES[network["data"]][1]
    model = load_trained(network, snakemake.input.weights, wildcards.state, features, outputs, torch.float64).to(device)
    found = []
    title = f"{wildcards.network} {wildcards.state} {wildcards.split} {wildcards.kind}"
    for batch in ProgressBar(range(int(wildcards.first), int(wildcards.last) + 1), desc=title, unit="batch"):
        chosen = slice(batch * size, (batch + 1) * size)
        spectrum = resolved_spectrum(
            wildcards.kind,
            model,
            samples.inputs[chosen],
            samples.targets[chosen],
            loss_of(network["data"]),
            # A method that is asked for is one for Hessians.
            snakemake.params.method if wildcards.kind == "hessian" else None,
        )
        if not found:
            logger.info("method %s: %s", spectrum.method, spectrum.reason)
        if spectrum.unresolved_spacings > 0.01:
            logger.warning(
                "batch %d is unresolved: %.1f %% of its spacings are below the error bound",
                batch,
                100 * spectrum.unresolved_spacings,
            )
        found.append(spectrum)
    store.write(
        snakemake.output[0],
        {
            "eigenvalues": np.concatenate([spectrum.eigenvalues for spectrum in found]),
            "lengths": np.array([len(spectrum.eigenvalues) for spectrum in found]),
            "bounds": np.array([spectrum.bound for spectrum in found]),
            "left_out": np.array([spectrum.left_out for spectrum in found]),
            "unresolved": np.array([spectrum.unresolved_spacings for spectrum in found]),
        },
        parameters={
            **{"network": network, "batch_size": size, "parameters": found[0].parameters},
            **{"method": found[0].method, "reason": found[0].reason},
            **{key: wildcards[key] for key in ("state", "split", "kind", "first", "last")},
        },
        inputs=[snakemake.input.weights, snakemake.input.data],
        seed=network["seed"],
        dtype="float64",
        noise_floor=max(spectrum.bound for spectrum in found),
    )
