"""One network trained on CIFAR-10: initial and final weights, and the history of the training (thamm2024)."""

import os
from pathlib import Path

# Deterministic products on a GPU need this before the first of them.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np
import pandas as pd
import torch

from deepspectra import store
from deepspectra.job import choose_device, job
from deepspectra.networks import build, initialise_glorot, parameters_of, standardise_images
from deepspectra.training import HISTORY_COLUMNS, Plan, Samples, train

with job(snakemake.log[0], snakemake.threads):
    network, training = snakemake.params.network, snakemake.params.training
    device = choose_device(snakemake.config["device"])
    # Pooling and response normalisation have no deterministic form on a GPU: torch warns, and last digits may differ.
    torch.use_deterministic_algorithms(device.type == "cuda", warn_only=True)
    torch.backends.cudnn.allow_tf32 = False
    shapes = {"train_images": (50_000, 32, 32, 3), "test_images": (10_000, 32, 32, 3)}
    data = store.read(snakemake.input[0], shapes | {"train_labels": (50_000,), "test_labels": (10_000,)})
    chosen, tested = slice(training["images"]), slice(training["test_images"])

    def samples(images: np.ndarray, labels: np.ndarray) -> Samples:
        return Samples(standardise_images(images).to(device), torch.from_numpy(labels.astype(np.int64)).to(device))

    model = build(network).to(device)
    initialise_glorot(model, network["seed"])
    initial = parameters_of(model)
    plan = Plan(
        learning_rates=tuple(training["learning_rate"] * training["decay"] ** n for n in range(training["epochs"])),
        batch_size=training["batch_size"],
        momentum=training["momentum"],
        l2=network["l2"],
        output_scale=network["alpha"],
        crop=network["crop"],
        seed=network["seed"],
    )
    checkpoint = Path(snakemake.params.checkpoint)
    history = train(
        model,
        samples(data["train_images"][chosen], data["train_labels"][chosen]),
        samples(data["test_images"][tested], data["test_labels"][tested]),
        plan,
        checkpoint=checkpoint,
        checkpoint_epochs=snakemake.config["checkpoint_epochs"],
        description=snakemake.wildcards.network,
    )
    store.write(
        snakemake.output.weights,
        {f"initial/{name}": array for name, array in initial.items()}
        | {f"final/{name}": array for name, array in parameters_of(model).items()},
        parameters={"network": network, "training": training, "device": device.type},
        inputs=snakemake.input,
        seed=network["seed"],
        dtype="float32",
    )
    table = pd.DataFrame(history, columns=HISTORY_COLUMNS).astype({"epoch": int})
    table.to_csv(snakemake.output.history, index=False, lineterminator="\n")
    checkpoint.unlink(missing_ok=True)
