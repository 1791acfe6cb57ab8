"""CIFAR-10 images as features of a network trained on ImageNet (baskerville2022)."""

import logging
import os
import shutil

# Deterministic products on a GPU need this before the first of them.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np
import torch

from deepspectra.data.features import CROP_RATIOS, CROP_SHARES, embed_in_parts
from deepspectra.nn.backbones import backbone
from deepspectra.nn.embedding import load_embedding, parameter_shapes
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    settings = snakemake.params.settings
    device = choose_device(snakemake.config["device"])
    if device.type == "cuda":
        # Not on the CPU, which needs it not: the call imports torch's compiler, two seconds.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.allow_tf32 = False
    shapes = {"train_images": (50_000, 32, 32, 3), "test_images": (10_000, 32, 32, 3)}
    data = store.read(snakemake.input.data, shapes | {"train_labels": (50_000,), "test_labels": (10_000,)})
    name = store.read(snakemake.input.backbone, {}).attributes["parameters"]["backbone"]
    weights = store.read(snakemake.input.backbone, parameter_shapes(name))
    embedding = load_embedding(name, weights.arrays).to(device)
    network = backbone(name)
    logger.info("features of %s", network.title)

    arrays = {}
    for split, count in (("train", settings["images"]), ("test", settings["test_images"])):
        arrays[f"{split}_features"] = embed_in_parts(
            embedding,
            data[f"{split}_images"][:count],
            settings["seed"],
            split,
            weights=weights.attributes["parameters"]["sha256"],
            folder=snakemake.params.parts,
            code=snakemake.params.code,
            description=network.title,
        )
        arrays[f"{split}_labels"] = data[f"{split}_labels"][:count].astype(np.int64)
    store.write(
        snakemake.output[0],
        arrays,
        parameters={
            "backbone": name,
            "title": network.title,
            "mean": network.mean,
            "deviation": network.deviation,
            "crop_shares": CROP_SHARES,
            "crop_ratios": CROP_RATIOS,
            "device": device.type,
            **settings,
        },
        inputs=snakemake.input,
        seed=settings["seed"],
        dtype="float32",
    )
    shutil.rmtree(snakemake.params.parts, ignore_errors=True)
