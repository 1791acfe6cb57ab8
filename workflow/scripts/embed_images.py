"""CIFAR-10 images as features of a network trained on ImageNet (baskerville2022)."""

import os
import shutil
from pathlib import Path

# Deterministic products on a GPU need this before the first of them.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import torch

from deepspectra.data.features import embed_cifar10
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    settings = snakemake.params.settings
    # Not among the outputs, which Snakemake deletes when a job fails.
    folder = Path(snakemake.output[0]).parents[1] / "checkpoints" / "features"
    device = choose_device(snakemake.config["device"])
    if device.type == "cuda":
        # Unnecessary on CPUs, where the call would import torch's compiler: two seconds.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.allow_tf32 = False
    files, code = snakemake.input, snakemake.params.code
    arrays, parameters = embed_cifar10(files.data, files.backbone, settings, device=device, folder=folder, code=code)
    store.write(
        snakemake.output[0], arrays, parameters=parameters, inputs=files, seed=settings["seed"], dtype="float32"
    )
    shutil.rmtree(folder, ignore_errors=True)
