"""Accuracies of one trained network and of its linearisation around one layer's initial weights (thamm2024, eq. 6)."""

import numpy as np
import pandas as pd
import torch

from deepspectra.data.tasks import load_standardised
from deepspectra.nn.architectures import architecture
from deepspectra.nn.images import CLASSES, image_inputs
from deepspectra.nn.linearised import linearised
from deepspectra.nn.networks import load_parameters
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import choose_device, job
from deepspectra.train.training import accuracy

with job(snakemake.log[0], snakemake.threads):
    network, training, layer = snakemake.params.network, snakemake.params.training, snakemake.params.layer
    device = choose_device(snakemake.config["device"])
    model = architecture(network["architecture"]).build(network, image_inputs(network["crop"]), CLASSES)
    shapes = {name.replace(".", "/"): tuple(value.shape) for name, value in model.named_parameters()}
    states = {f"{state}/{name}": shape for state in ("initial", "final") for name, shape in shapes.items()}
    weights = store.read(snakemake.input.weights, states)
    load_parameters(model, {name: weights[f"final/{name}"] for name in shapes})
    model.to(device)
    initial = torch.from_numpy(weights[f"initial/{layer}/weight"]).to(device)
    linear = linearised(model, dict(model.named_parameters()), initial, layer)
    final = weights[f"final/{layer}/weight"]
    moved = np.linalg.norm(final - weights[f"initial/{layer}/weight"]) / np.linalg.norm(final)

    row = {"network": snakemake.wildcards.network, "alpha": network["alpha"], "relative_displacement": moved}
    for part, count in (("train", training["images"]), ("test", training["test_images"])):
        samples = load_standardised(snakemake.input.data, part, count).to(device)
        row[f"full_{part}"] = accuracy(model, samples, network["crop"])
        row[f"linearised_{part}"] = accuracy(linear, samples, network["crop"])
    write_table(pd.DataFrame([row]), snakemake.output[0])
