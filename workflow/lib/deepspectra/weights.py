"""Singular values and vectors of weight matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg


@dataclass(frozen=True)
class Decomposition:
    """Singular values (m,), ascending, and unit singular vectors as columns in the same order, all float64.

    ``output_vectors`` (outputs, m) and ``input_vectors`` (inputs, m); None where they were not asked for.
    """

    singular_values: np.ndarray
    output_vectors: np.ndarray | None
    input_vectors: np.ndarray | None


def as_matrix(weight: np.ndarray) -> np.ndarray:
    """(outputs, inputs x height x width) of a weight of any number of axes."""
    return weight.reshape(len(weight), -1)


def decompose(weight: np.ndarray, *, both_sides: bool = True) -> Decomposition:
    """Singular value decomposition in float64.

    :param weight: shape (outputs, ...).
    :param both_sides: else only the vectors of the smaller side, the m x m ones, are returned (the output side of a
        square matrix), by the eigenvectors of its Gram matrix: a third of the time and memory. Singular values are
        those of the matrix itself in both cases, so that small ones keep their digits.
    """
    matrix = as_matrix(weight).astype(np.float64)
    outputs, inputs = matrix.shape
    if both_sides:
        left, values, right = scipy.linalg.svd(matrix, full_matrices=False, overwrite_a=True, check_finite=False)
        return Decomposition(values[::-1].copy(), left[:, ::-1].copy(), right[::-1].T.copy())
    wide = outputs <= inputs
    gram = matrix @ matrix.T if wide else matrix.T @ matrix
    _, vectors = scipy.linalg.eigh(gram, overwrite_a=True, check_finite=False, driver="evd")
    del gram
    # Norms of the projections: an eigenvalue of the Gram matrix has lost half of the digits of a small one.
    projected = matrix.T @ vectors if wide else matrix @ vectors
    values = np.linalg.norm(projected, axis=0)
    order = np.argsort(values, kind="stable")
    vectors, values = vectors[:, order], values[order]
    return Decomposition(values, vectors if wide else None, None if wide else vectors)
