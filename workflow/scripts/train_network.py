"""Train one network as its paper does: initial and final weights, and the history of the training."""

import os
from importlib import import_module
from pathlib import Path

# Deterministic matrix products on a GPU need this before the first of them.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import pandas as pd
import torch

from deepspectra.nn.networks import parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import choose_device, job
from deepspectra.train.training import HISTORY_COLUMNS, train

# Before the job, with the other imports: its time is part of the start.
recipe_of = import_module(f"deepspectra.papers.{snakemake.params.paper}.recipe").recipe

with job(snakemake.log[0], snakemake.threads):
    network, training = snakemake.params.network, snakemake.params.training
    device = choose_device(snakemake.config["device"])
    # Pooling and response normalisation have no deterministic form on a GPU: torch warns, and last digits may differ.
    if device.type == "cuda":
        # Unnecessary on CPUs, where it would import torch's compiler for two seconds.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.allow_tf32 = False
    recipe = recipe_of(network, training, snakemake.input[0] if snakemake.input else None)
    model = recipe.model.to(device)
    states = {f"initial/{name}": array for name, array in parameters_of(model).items()}
    weights = Path(snakemake.output.weights)
    # Not among the outputs, which Snakemake deletes when a job fails.
    checkpoint = weights.parents[1] / "checkpoints" / weights.name
    history = train(
        *(model, recipe.train.to(device), recipe.test.to(device), recipe.plan),
        checkpoint=checkpoint,
        checkpoint_epochs=snakemake.config["checkpoint_epochs"],
        code=snakemake.params.code,
        description=snakemake.wildcards.network,
    )
    states |= {f"final/{name}": array for name, array in parameters_of(model).items()}
    parameters = {"network": network, "training": training, "device": device.type}
    inputs, seed = snakemake.input, network["seed"]
    store.write(weights, states, parameters=parameters, inputs=inputs, seed=seed, dtype="float32")
    table = pd.DataFrame(history, columns=HISTORY_COLUMNS[recipe.plan.loss]).astype({"epoch": int})
    write_table(table, snakemake.output.history)
    checkpoint.unlink(missing_ok=True)
