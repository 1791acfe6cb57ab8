"""CIFAR-10 with and without its principal components: the numbers of figures S1 and S3 of Fan and Wang (2020)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse.linalg import eigsh

from deepspectra.data.samples import choose_images, columns_of, image_samples, principal_components
from deepspectra.nn.images import CHANNELS, CIFAR10_CLASSES, IMAGE_SIDE
from deepspectra.papers.histograms import Bar, histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.runtime import store
from deepspectra.runtime.seeds import stream_seed

__all__ = ["compare_inner_products", "example_image_numbers", "example_images", "inner_product_numbers"]
__all__ += ["root_mean_square"]

_SHAPE = (IMAGE_SIDE, IMAGE_SIDE, CHANNELS)
_PIXEL_COLUMNS = ["panel", "series", "x", "y", "red", "green", "blue"]


def inner_product_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Inner products of pairs of figure 2's images: as they are, centred, and without principal components.

    :param files: ``images``: CIFAR-10. :param parameters: ``samples``, ``removed_components``, ``seed``, ``bins``,
        and ``choices`` of images, all but the first of which are told by one number.
    """
    images = store.read(files["images"][0], {"train_images": (50_000, *_SHAPE)})["train_images"]
    samples, removed, seed, bins = (parameters[key] for key in ("samples", "removed_components", "seed", "bins"))
    sets = {
        ("a", "raw"): _raw_images(images, samples, seed),
        ("a", "centred"): image_samples(images, samples, 0, seed),
        ("b", "after"): image_samples(images, samples, removed, seed),
    }
    curves: list[Bar] = []
    summary = [Row("b", "after", "components_removed", "components removed", float(removed))]
    for (panel, series), x in sets.items():
        bars, rows = compare_inner_products(panel, series, x, bins)
        curves, summary = curves + bars, summary + rows
    label = "root mean square inner product without components over before"
    for choice in range(parameters["choices"]):
        own = stream_seed(seed, choice)
        further = (_raw_images(images, samples, own), image_samples(images, samples, removed, own)) if choice else ()
        before, after = map(root_mean_square, further or (sets["a", "raw"], sets["b", "after"]))
        summary.append(Row("choices", "after", "shrinkage", label, after / before, at=choice))
    table = pd.DataFrame(curves, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(table, summary_table(summary, "reference", "at"))


def _raw_images(images: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """The chosen images as they are, each of unit norm, (d_0, samples)."""
    raw = columns_of(images[choose_images(samples, len(images), seed)])
    return raw / np.linalg.norm(raw, axis=0)


def root_mean_square(x: np.ndarray) -> float:
    """Root mean square inner product of all pairs of samples.

    :param x: columns of unit norm, float64, shape (d_0, n).
    """
    n = x.shape[1]
    return math.sqrt((np.sum((x.T @ x) ** 2) - n) / (n * (n - 1)))


def example_image_numbers(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Some of figure 2's images before and after the removal of their principal components.

    :param files: ``images``: CIFAR-10. :param parameters: ``samples``, ``removed_components``, ``seed``, ``images``.
    """
    data = store.read(files["images"][0], {"train_images": (50_000, *_SHAPE), "train_labels": (50_000,)})
    chosen = choose_images(parameters["samples"], 50_000, parameters["seed"])
    # The first images in the order of their indices are a random choice, as all of them are.
    x = columns_of(data["train_images"][chosen])
    pixels, left = example_images(x, _SHAPE, parameters["removed_components"], parameters["images"])
    summary, label = [], "share of the centred squared norm that is left"
    for number, (image, share) in enumerate(zip(chosen, left, strict=False), 1):
        panel, series = f"image_{number}", CIFAR10_CLASSES[int(data["train_labels"][image])]
        summary += [
            Row(panel, series, "image_index", "index of the training image", float(image)),
            Row(panel, series, "share_left", label, share, told=True),
        ]
    return Numbers(pixels.round(6), summary_table(summary, "reference"))


def compare_inner_products(panel: str, series: str, x: np.ndarray, bins: int) -> tuple[list[Bar], list[Row]]:
    """Histogram on [-1, 1] of the inner products of all pairs of samples, and their statistics.

    :param x: columns of unit norm, float64, shape (d_0, n).
    """
    gram = x.T @ x
    products = np.clip(gram[np.triu_indices(len(gram), 1)], -1, 1)
    # The start is fixed, so that equal inputs give equal digits.
    largest = eigsh(gram, k=1, v0=np.ones(len(gram)), return_eigenvectors=False)[0]
    # Independent directions in d_0 dimensions have d_0^(-1/2).
    spread, independent = np.sqrt(np.mean(products**2)), len(x) ** -0.5
    label = "root mean square inner product"
    return histogram(panel, products, np.linspace(-1, 1, bins + 1), products.size, series), [
        Row(panel, series, "pairs", "pairs", float(products.size), told=True),
        Row(panel, series, "mean_inner_product", "mean inner product", products.mean(), 0.0),
        Row(panel, series, "root_mean_square_inner_product", label, spread, independent, told=True),
        Row(panel, series, "largest_inner_product", "largest size of an inner product", np.abs(products).max()),
        Row(panel, series, "largest_eigenvalue", "largest eigenvalue of X'X", largest),
    ]


def example_images(
    x: np.ndarray, shape: tuple[int, int, int], removed_components: int, count: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """The first images before and after the removal of the mean and principal components of all of them.

    After the removal zero becomes grey, each image's largest absolute value black or white.

    :param x: pixels from 0 to 255, one image a column, float64, shape (d_0, n).
    :param shape: rows, columns and the three channels of an image.
    :returns: pixels from 0 to 1, columns panel, series, x, y, red, green, blue; and the share of each image's centred
        squared norm that is left, float64, shape (count,).
    """
    centred, rest = (principal_components(x, k).remove(x)[:, :count] for k in (0, removed_components))
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    tables = []
    for index in range(count):
        after = 0.5 + 0.5 * rest[:, index] / np.abs(rest[:, index]).max()
        for series, values in (("before", x[:, index] / 255), ("after", after)):
            table = pd.DataFrame(values.reshape(-1, shape[2]), columns=_PIXEL_COLUMNS[4:])
            tables.append(table.assign(panel=f"image_{index + 1}", series=series, x=column, y=row))
    left = np.sum(rest**2, axis=0) / np.sum(centred**2, axis=0)
    return pd.concat(tables)[_PIXEL_COLUMNS], left
