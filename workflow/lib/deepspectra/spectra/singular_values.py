"""Singular values and vectors of weight matrices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg


class Decomposition(NamedTuple):
    """Singular values (m,), ascending, and unit singular vectors as columns in the same order, all float64.

    ``output_vectors`` (outputs, m) and ``input_vectors`` (inputs, m).
    """

    singular_values: np.ndarray
    output_vectors: np.ndarray
    input_vectors: np.ndarray


def as_matrix(weight: np.ndarray) -> np.ndarray:
    """(outputs, inputs x height x width) of a weight of any number of axes."""
    return weight.reshape(len(weight), -1)


def decompose(weight: np.ndarray) -> Decomposition:
    """Singular value decomposition in float64 of a weight of shape (outputs, ...)."""
    matrix = as_matrix(weight).astype(np.float64)
    left, values, right = scipy.linalg.svd(matrix, full_matrices=False, overwrite_a=True, check_finite=False)
    return Decomposition(values[::-1].copy(), left[:, ::-1].copy(), right[::-1].T.copy())
