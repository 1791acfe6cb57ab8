"""Non-zero spectrum of the Gauss-Newton matrix of a full ResNet-34 on CIFAR-10 images (beyond baskerville2022)."""

import logging
from functools import partial

import numpy as np
import torch

from deepspectra.data.sets.cifar10 import normalise_cifar10
from deepspectra.nn.backbones.resnet34 import random_resnet34
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.curvature.gauss_newton import gram_spectrum

logger = logging.getLogger(__name__)
item, count = snakemake.params.item, snakemake.params.statistics_images
#: CIFAR-10's classes.
OUTPUTS = 10
bar = partial(ProgressBar, desc="Gram matrix", unit="layer")

with job(snakemake.log[0], snakemake.threads):
    shapes = {"train_images": (50_000, 32, 32, 3), "test_images": (10_000, 32, 32, 3), "test_labels": (10_000,)}
    data = store.read(snakemake.input[0], shapes)
    rng = np.random.default_rng(item["seed"])
    training = np.sort(rng.choice(50_000, count, replace=False))
    batch = np.sort(rng.choice(10_000, item["batch_size"], replace=False))

    logger.info("batch normalisation by %d training images", count)
    model = random_resnet34(torch.from_numpy(normalise_cifar10(data["train_images"][training])), item["seed"], OUTPUTS)
    inputs = torch.from_numpy(normalise_cifar10(data["test_images"][batch]))
    logger.info("Gauss-Newton matrix of %d images", len(inputs))
    found = gram_spectrum(model, inputs, "cross_entropy", progress=bar)
    logger.info("%d eigenvalues above their errors, %d below", len(found.eigenvalues), found.left_out)
    parameters = {"weights": "random", "statistics_images": count, "outputs": OUTPUTS}
    known = ("parameters", "left_out", "unresolved_spacings", "method")
    parameters |= {name: getattr(found, name) for name in known}
    arrays = {"eigenvalues": found.eigenvalues, "errors": found.errors, "batch": batch}
    about = {"inputs": snakemake.input, "seed": item["seed"], "dtype": "float64", "noise_floor": found.bound}
    store.write(snakemake.output[0], arrays, parameters=item | parameters, **about)
