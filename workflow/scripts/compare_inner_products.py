"""Inner products of pairs of images, as they are, centred, and without principal components (fan2020)."""

import numpy as np

from deepspectra.data.samples import choose_images, columns_of, image_samples
from deepspectra.papers.comparison import Comparison
from deepspectra.papers.fan2020.image_statistics import compare_inner_products
from deepspectra.runtime import store
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    images = store.read(snakemake.input[0], {"train_images": (50_000, 32, 32, 3)})["train_images"]
    samples, removed, seed = (item[key] for key in ("samples", "removed_components", "seed"))
    raw = columns_of(images[choose_images(samples, len(images), seed)])
    sets = {
        ("a", "raw"): raw / np.linalg.norm(raw, axis=0),
        ("a", "centred"): image_samples(images, samples, 0, seed),
        ("b", "after"): image_samples(images, samples, removed, seed),
    }
    found = Comparison(summary=[("b", "after", "components removed", float(removed), None)])
    for (panel, series), x in sets.items():
        compare_inner_products(found, panel, series, x, item["bins"])
    found.write(snakemake.output.curves, snakemake.output.summary)
