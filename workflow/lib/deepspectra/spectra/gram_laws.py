"""The law of a given Gram matrix, asked for by an entry of the configuration's section ``limit_laws``."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.eigenvalue_files import read_matrix
from deepspectra.rmt.limits.gram import GramKernel
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_means import GramMeans, gram_means

__all__ = ["entry_gram_kernel", "gram_notes", "gram_rows", "input_gram"]

# Root mean square inner products up to which networks were compared with the law (resources/ntk_law.md), and how far
# the mean square of norms may be from one without a note.
_LARGEST_PRODUCTS, _NORMS = 0.15, 0.01


def input_gram(entry: Mapping[str, Any]) -> np.ndarray:
    """X_0'X_0 from an entry's ``input``, whose ``gram`` or ``data`` names a file; float64, shape (n, n).

    :raises UserError: if the file cannot be read, or a Gram matrix has not as many rows as columns.
    """
    if entry["data"] is not None:
        x = read_matrix(entry["data"], entry["dataset"])
        return x @ x.T
    gram = read_matrix(entry["gram"], entry["dataset"])
    if gram.shape[0] != gram.shape[1]:
        told = f"a Gram matrix has as many rows as columns, found {gram.shape}; samples go under the key data"
        raise UserError(f"{entry['gram']}: {told}.")
    return gram


def entry_gram_kernel(
    entry: Mapping[str, Any], ratios: tuple[float, ...], sigma: Activation
) -> tuple[GramKernel, GramMeans]:
    """The kernel of an entry, and what it takes from its Gram matrix.

    :param ratios: gamma_1, ..., gamma_L.
    :raises UserError: if the matrix is none of samples of norm about one, or their number is not that of the entry.
    """
    gram = input_gram(entry["input"])
    if entry["samples"] not in (None, len(gram)):
        raise UserError(f"the entry has {entry['samples']} samples, its Gram matrix {len(gram)}.")
    means = gram_means(gram, sigma, len(ratios), entry["rates"])
    if entry["kernel"] == "conjugate":
        return conjugate_gram_kernel(means, ratios, entry["layer"]), means
    return tangent_gram_kernel(means, ratios, sigma), means


def gram_notes(entry: Mapping[str, Any], means: GramMeans) -> list[str]:
    """What a reader of the law has to know."""
    spread, square = means.inner_products
    notes = [
        "semi-empirical law of the given Gram matrix, from no paper: see resources/ntk_law.md",
        f"inner products have a root mean square of {spread:.3g}",
    ]
    if spread > _LARGEST_PRODUCTS:
        notes[-1] += f", above the {_LARGEST_PRODUCTS:g} up to which networks were compared with the law"
    if abs(square - 1) > _NORMS:
        notes.append(f"squared norms have the mean {square:.4g}, while the activation is normalised for 1")
    if entry["kernel"] == "tangent":
        notes.append("a network's own scale, which fluctuates like d^(-1/2), is not known here and taken at its mean")
    return notes


def gram_rows(kernel: GramKernel, means: GramMeans) -> list[tuple[str, float, str, int | None]]:
    """Quantity, value, label and number of what the law was solved with."""
    rows: list[tuple[str, float, str, int | None]] = []
    for layer, (slope, weight) in enumerate(zip(kernel.slopes, kernel.weights, strict=True), start=1):
        rows.append(("slope", slope, f"mean of Phi' off the diagonal, layer {layer}", layer))
        rows.append(("gram_coefficient", weight, f"coefficient of X_{layer}'X_{layer}", layer))
    return [
        *rows,
        ("noise", kernel.noise.total_variance, "variance of the noise of sensitivities", None),
        ("inner_products", float(means.inner_products[0]), "root mean square inner product", None),
        ("samples", float(means.kernels.shape[1]), "samples", None),
    ]
