"""Non-zero spectrum of the Gauss-Newton matrix of a full ResNet-34 on CIFAR-10 images (beyond baskerville2022)."""

import logging

import numpy as np
import torch

from deepspectra.data.preprocessing import normalise_cifar10
from deepspectra.nn.backbones.resnet34 import random_resnet34
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.curvature.spectra import resolved_spectrum

logger = logging.getLogger(__name__)

#: CIFAR-10's classes.
OUTPUTS = 10

with job(snakemake.log[0], snakemake.threads):
    item, count = snakemake.params.item, snakemake.params.statistics_images
    shapes = {"train_images": (50_000, 32, 32, 3), "test_images": (10_000, 32, 32, 3), "test_labels": (10_000,)}
    data = store.read(snakemake.input[0], shapes)
    source = np.random.default_rng(item["seed"])
    training = np.sort(source.choice(50_000, count, replace=False))
    batch = np.sort(source.choice(10_000, item["batch_size"], replace=False))

    logger.info("batch normalisation by %d training images", count)
    model = random_resnet34(torch.from_numpy(normalise_cifar10(data["train_images"][training])), item["seed"], OUTPUTS)
    inputs = torch.from_numpy(normalise_cifar10(data["test_images"][batch]))
    labels = torch.from_numpy(data["test_labels"][batch].astype(np.int64))

    def bar(layers):
        return ProgressBar(layers, desc="Gram matrix", unit="layer")

    logger.info("Gauss-Newton matrix of %d images", len(inputs))
    found = resolved_spectrum("gauss_newton", model, inputs, labels, "cross_entropy", progress=bar)
    logger.info("%d eigenvalues above %.2g, %d below it", len(found.eigenvalues), found.bound, found.left_out)
    store.write(
        snakemake.output[0],
        {"eigenvalues": found.eigenvalues, "batch": batch},
        parameters=item
        | {
            "weights": "random",
            "statistics_images": count,
            "parameters": found.parameters,
            "outputs": OUTPUTS,
            "left_out": found.left_out,
            "unresolved_spacings": found.unresolved_spacings,
            "method": found.method,
        },
        inputs=snakemake.input,
        seed=item["seed"],
        dtype="float64",
        noise_floor=found.bound,
    )
