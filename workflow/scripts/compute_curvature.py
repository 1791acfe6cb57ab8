"""The float32 Hessian or Gauss-Newton matrix of one batch, or of a whole set, as published (baskerville2022)."""

import torch

from deepspectra.data.tasks import load_samples, loss_of
from deepspectra.nn.images import DATA_SIZES
from deepspectra.nn.loading import load_trained
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.whole import softmax_regression_hessian

with job(snakemake.log[0], snakemake.threads):
    network, batch, kind = snakemake.params.network, snakemake.wildcards.batch, snakemake.wildcards.kind
    device = choose_device(snakemake.config["device"])
    # In the precision of the paper, whatever the device would like better.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    samples = load_samples(network, snakemake.input.data, snakemake.wildcards.split, dtype=torch.float32).to(device)
    features, outputs = samples.inputs[0].numel(), DATA_SIZES[network["data"]][1]
    model = load_trained(network, snakemake.input.weights, snakemake.wildcards.state, features, outputs, torch.float32)
    model = model.to(device)
    first, size = 0 if batch == "whole" else int(batch), snakemake.params.samples
    chosen = slice(first * size, (first + 1) * size)
    inputs, targets, loss = samples.inputs[chosen], samples.targets[chosen], loss_of(network["data"])
    if batch == "whole":
        with torch.no_grad():
            matrix = softmax_regression_hessian(inputs, model(inputs))
    elif kind == "hessian":
        matrix = hessian(model, inputs, targets, loss)
    else:
        factor = gauss_newton_factor(model, inputs, loss)
        matrix = factor @ factor.T
    store.write(
        snakemake.output[0],
        {"matrix": matrix.cpu().numpy()},
        parameters={
            **{"network": network, "samples": len(inputs), "parameters": len(matrix)},
            **{key: snakemake.wildcards[key] for key in ("state", "split", "kind", "batch")},
        },
        inputs=[snakemake.input.weights, snakemake.input.data],
        seed=network["seed"],
        dtype="float32",
    )
