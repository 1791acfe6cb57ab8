"""Singular values and vectors of large matrices, in a third of the time and memory of a general decomposition."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from deepspectra.spectra.singular_values import Decomposition, decompose

__all__ = ["decompose_large"]

#: Of fewer entries the general decomposition is fast enough.
_LARGE = 2_000_000
#: Ratio of squares below which singular values from squares lose too many digits.
_SMALLEST = 1e-10


def decompose_large(matrix: np.ndarray) -> Decomposition:
    """Thin SVD of a float64 matrix, (outputs, inputs); of a large one by the eigenvectors of its smaller Gram matrix.

    Squaring leaves singular values of size s an error of eps smax^2 / s: far below float32's rounding, unless s itself
    is; then the general decomposition decides.
    """
    if matrix.size < _LARGE:
        return decompose(matrix)
    wide = matrix.shape[0] < matrix.shape[1]
    tall = matrix.T if wide else matrix
    # BLAS reads columns: of the two ways to write the product, the one that needs no copy.
    is_transposed = not tall.flags.f_contiguous
    gram = scipy.linalg.blas.dsyrk(1.0, tall.T if is_transposed else tall, trans=not is_transposed, lower=1)
    squares, right = scipy.linalg.eigh(gram, lower=True, overwrite_a=True, check_finite=False)
    if squares[0] < _SMALLEST * squares[-1]:
        return decompose(matrix)
    values = np.sqrt(squares)
    left = tall @ right
    left /= values
    return Decomposition(values, right, left) if wide else Decomposition(values, left, right)
