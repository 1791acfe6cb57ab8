"""CIFAR-10 images as features of a network trained on ImageNet (baskerville2022)."""

import shutil
from pathlib import Path

from deepspectra.data.features import embed_cifar10
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

with job(snakemake.log[0], snakemake.threads):
    settings = snakemake.params.settings
    # Not among the outputs, which Snakemake deletes when a job fails.
    folder = Path(snakemake.output[0]).parents[1] / "checkpoints" / "features"
    device = choose_device(snakemake.config["device"], deterministic=True)
    files, code = snakemake.input, snakemake.params.code
    arrays, parameters = embed_cifar10(files.data, files.backbone, settings, device=device, folder=folder, code=code)
    about = {"parameters": parameters, "inputs": files, "seed": settings["seed"], "dtype": "float32"}
    store.write(snakemake.output[0], arrays, **about)
    shutil.rmtree(folder, ignore_errors=True)
