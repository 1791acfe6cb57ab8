"""Spectra of the Gaussian orthogonal ensemble (GOE), sampled without forming the matrices."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from deepspectra.runtime.errors import UserError

__all__ = ["goe_levels"]


def goe_levels(dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Eigenvalues of one GOE matrix, by the tridiagonal Hermite model.

    Householder reflections reduce the dense matrix to a tridiagonal one with independent entries: N(0, 1) on the
    diagonal, and chi with dimension - 1, ..., 1 degrees of freedom, divided by sqrt(2), beside it (Dumitriu and Edelman
    2002, beta = 1). The law is exactly that of the dense matrix with variance 1/2 off the diagonal and 1 on it, whose
    semicircle has radius sqrt(2 dimension) (baskerville2022, eq. 5 and 9).

    :returns: float64, shape (dimension,), ascending.
    :raises UserError: if the dimension is not positive.
    """
    if dimension < 1:
        raise UserError(f"a random matrix needs at least one row, not {dimension}.")
    diagonal = rng.standard_normal(dimension)
    beside = np.sqrt(rng.chisquare(np.arange(dimension - 1, 0, -1)) / 2)
    if dimension == 1:
        return diagonal
    return np.sort(eigvalsh_tridiagonal(diagonal, beside, lapack_driver="sterf"))
