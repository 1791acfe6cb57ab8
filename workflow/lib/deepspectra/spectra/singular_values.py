"""Singular value decompositions of weight matrices."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from deepspectra.runtime.shapes import check_shapes

__all__ = ["Decomposition", "decompose"]


class Decomposition(NamedTuple):
    """Thin SVD, float64: singular values (m,), ascending; unit vectors as columns, (outputs, m) and (inputs, m)."""

    singular_values: np.ndarray
    output_vectors: np.ndarray
    input_vectors: np.ndarray


def decompose(weight: np.ndarray) -> Decomposition:
    """SVD in float64 of a weight of shape (outputs, inputs, ...), as a matrix: (outputs, inputs x height x width).

    :raises UserError: if the weight has fewer axes.
    """
    check_shapes(weight=(weight, "outputs inputs ..."))
    matrix = weight.reshape(len(weight), -1).astype(np.float64)
    left, values, right = scipy.linalg.svd(matrix, full_matrices=False, overwrite_a=True, check_finite=False)
    return Decomposition(values[::-1].copy(), left[:, ::-1].copy(), right[::-1].T.copy())
