"""Train one network as its paper does: initial and final weights, and the history of the training."""

import logging
from importlib import import_module
from pathlib import Path

import pandas as pd

from deepspectra.nn.networks import parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import choose_device, job
from deepspectra.train.training import HISTORY_COLUMNS, DivergedError, train

logger = logging.getLogger(__name__)
# Before the job, with the other imports: its time is part of the start.
recipe_of = import_module(f"deepspectra.papers.{snakemake.params.paper}.recipe").recipe

with job(snakemake.log[0], snakemake.threads):
    network, training = snakemake.params.network, snakemake.params.training
    device = choose_device(snakemake.config["device"], deterministic=True)
    recipe = recipe_of(network, training, snakemake.input[0] if snakemake.input else None)
    model = recipe.model.to(device)
    states = {f"initial/{name}": array for name, array in parameters_of(model).items()}
    weights = Path(snakemake.output.weights)
    # Not among the outputs, which Snakemake deletes when a job fails.
    checkpoint = weights.parents[1] / "checkpoints" / weights.name
    resumed = {"checkpoint": checkpoint, "checkpoint_epochs": snakemake.config["checkpoint_epochs"]}
    resumed |= {"code": snakemake.params.code, "description": snakemake.wildcards.network}
    parameters = {"network": network, "training": training, "device": device.type}
    try:
        history = train(model, recipe.train.to(device), recipe.test.to(device), recipe.plan, **resumed)
        states |= {f"final/{name}": array for name, array in parameters_of(model).items()}
    except DivergedError as diverged:
        if not snakemake.params.may_diverge:
            raise
        # A result of the sweep over output scales: the file tells where, and has no final weights.
        logger.warning("%s", diverged)
        history = diverged.history
        parameters["diverged"] = {"epoch": diverged.epoch, "learning_rate": diverged.learning_rate}
    inputs, seed = snakemake.input, network["seed"]
    store.write(weights, states, parameters=parameters, inputs=inputs, seed=seed, dtype="float32")
    table = pd.DataFrame(history, columns=HISTORY_COLUMNS[recipe.plan.loss]).astype({"epoch": int})
    write_table(table, snakemake.output.history)
    checkpoint.unlink(missing_ok=True)
