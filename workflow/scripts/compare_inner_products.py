"""Inner products of pairs of images, as they are, centred, and without principal components (fan2020)."""

import numpy as np
from scipy.sparse.linalg import eigsh

from deepspectra import store
from deepspectra.job import job
from deepspectra.kernel_statistics import Comparison
from deepspectra.samples import choose_images, columns_of, image_samples
from deepspectra.statistics import histogram

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    images = store.read(snakemake.input[0], {"train_images": (50_000, 32, 32, 3)})["train_images"]
    chosen = images[choose_images(item["samples"], len(images), item["seed"])]
    raw = columns_of(chosen)
    sets = {
        ("a", "raw"): raw / np.linalg.norm(raw, axis=0),
        ("a", "centred"): image_samples(images, item["samples"], 0, item["seed"]),
        ("b", "after"): image_samples(images, item["samples"], item["removed_components"], item["seed"]),
    }
    pairs = np.triu_indices(item["samples"], 1)
    edges = np.linspace(-1, 1, item["bins"] + 1)
    rows, summary = [], [("b", "after", "components removed", float(item["removed_components"]), None)]
    for (panel, series), x in sets.items():
        gram = x.T @ x
        products = np.clip(gram[pairs], -1, 1)
        # The start is fixed, so that equal inputs give equal digits.
        largest = eigsh(gram, k=1, v0=np.ones(len(gram)), return_eigenvectors=False)[0]
        rows += histogram(panel, products, edges, products.size, series)
        summary += [
            (panel, series, "pairs", float(products.size), None),
            (panel, series, "mean inner product", products.mean(), 0.0),
            # Of independent directions in d_0 dimensions it is d_0^(-1/2).
            (panel, series, "root mean square inner product", np.sqrt(np.mean(products**2)), len(x) ** -0.5),
            (panel, series, "largest size of an inner product", np.abs(products).max(), None),
            (panel, series, "largest eigenvalue of X'X", largest, None),
        ]
    Comparison(rows, summary).write(snakemake.output.curves, snakemake.output.summary)
