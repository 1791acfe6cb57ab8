"""The float32 Hessian or Gauss-Newton matrix of one batch, or of a whole set, as published (baskerville2022)."""

import torch

from deepspectra.data.loading import load_network_and_samples
from deepspectra.data.sets import data_set
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.spectra.curvature.dense import hessian, mean_gradient_square, softmax_regression_hessian

network, wildcards, size = snakemake.params.network, snakemake.wildcards, snakemake.params.samples
files = [snakemake.input.weights, snakemake.input.data]

with job(snakemake.log[0], snakemake.threads):
    device = choose_device(snakemake.config["device"])
    # In the paper's precision, whatever the device would prefer.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    state, split = wildcards.state, wildcards.split
    model, samples = load_network_and_samples(network, files, state, split, torch.float32, device)
    first = 0 if wildcards.batch == "whole" else int(wildcards.batch)
    chosen = slice(first * size, (first + 1) * size)
    inputs = samples.inputs[chosen]
    if wildcards.batch == "whole":
        with torch.no_grad():
            matrix = softmax_regression_hessian(inputs, model(inputs))
    elif wildcards.kind == "hessian":
        matrix = hessian(model, inputs, samples.targets[chosen], data_set(network["data"]).loss)
    else:
        matrix = mean_gradient_square(model, inputs)
    parameters = {"network": network, "samples": len(inputs), "parameters": len(matrix)}
    parameters |= {key: wildcards[key] for key in ("state", "split", "kind", "batch")}
    about = {"parameters": parameters, "inputs": files, "seed": network["seed"], "dtype": "float32"}
    store.write(snakemake.output[0], {"matrix": matrix.cpu().numpy()}, **about)
