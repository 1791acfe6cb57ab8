"""What fan2020's figures S1 and S3 show of images: inner products of pairs, and some before and after the removal.

Rows are those of a :class:`~deepspectra.papers.comparison.Comparison`; pixels have columns of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse.linalg import eigsh

from deepspectra.data.samples import principal_components
from deepspectra.papers.comparison import Comparison
from deepspectra.papers.histograms import histogram

PIXEL_COLUMNS = ["panel", "series", "x", "y", "red", "green", "blue"]


def compare_inner_products(found: Comparison, panel: str, series: str, x: np.ndarray, bins: int) -> None:
    """Histogram on [-1, 1] of the inner products of all pairs of samples, and what they are like.

    :param x: columns of unit norm, float64, shape (d_0, n).
    """
    gram = x.T @ x
    products = np.clip(gram[np.triu_indices(len(gram), 1)], -1, 1)
    # The start is fixed, so that equal inputs give equal digits.
    largest = eigsh(gram, k=1, v0=np.ones(len(gram)), return_eigenvectors=False)[0]
    found.rows += histogram(panel, products, np.linspace(-1, 1, bins + 1), products.size, series)
    found.summary += [
        (panel, series, "pairs", float(products.size), None),
        (panel, series, "mean inner product", products.mean(), 0.0),
        # Of independent directions in d_0 dimensions it is d_0^(-1/2).
        (panel, series, "root mean square inner product", np.sqrt(np.mean(products**2)), len(x) ** -0.5),
        (panel, series, "largest size of an inner product", np.abs(products).max(), None),
        (panel, series, "largest eigenvalue of X'X", largest, None),
    ]


def example_images(
    x: np.ndarray, shape: tuple[int, int, int], removed_components: int, count: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """The first images before and after the removal of mean and principal components of all of them.

    After the removal pixels have no range of their own: zero is shown as grey, and each image's largest absolute value
    as black or white.

    :param x: pixels from 0 to 255, one image a column, float64, shape (d_0, n).
    :param shape: rows, columns and the three channels of an image; their product is d_0.
    :returns: pixels from 0 to 1, columns :data:`PIXEL_COLUMNS`, and for each image the share of its centred squared
        norm that is left, float64, shape (count,).
    """
    shown = x[:, :count]
    centred = principal_components(x, 0).remove(x)[:, :count]
    rest = principal_components(x, removed_components).remove(x)[:, :count]
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    tables = []
    for index in range(count):
        pixels = {"before": shown[:, index] / 255}
        pixels["after"] = 0.5 + 0.5 * rest[:, index] / np.abs(rest[:, index]).max()
        for series, values in pixels.items():
            table = pd.DataFrame(values.reshape(-1, shape[2]), columns=PIXEL_COLUMNS[4:])
            tables.append(table.assign(panel=f"image_{index + 1}", series=series, x=column, y=row))
    left = np.sum(rest**2, axis=0) / np.sum(centred**2, axis=0)
    return pd.concat(tables)[PIXEL_COLUMNS], left
