"""Samplers of the null hypothesis: spectra and vectors of matrices with independent standard normal entries.

No matrix is formed: a spectrum takes O(m^2) time and O(m) memory.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal, lapack

from deepspectra.runtime.errors import UserError

__all__ = ["haar_vectors", "laguerre_singular_values"]


def laguerre_singular_values(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Singular values of one rows x columns matrix of independent N(0, 1) entries, by the bidiagonal Laguerre model.

    Householder reflections reduce a Gaussian matrix with sides m <= n to a bidiagonal one with independent entries: chi
    with n, n - 1, ..., n - m + 1 degrees of freedom on the diagonal and with m - 1, ..., 1 beside it (Dumitriu and
    Edelman 2002, beta = 1). The law of the singular values is exactly that of the dense matrix.

    :returns: float64, shape (min(rows, columns),), ascending.
    :raises UserError: if a side is not positive.
    """
    if rows < 1 or columns < 1:
        raise UserError(f"a random matrix needs at least one row and one column, not {rows} x {columns}.")
    longer, shorter = max(rows, columns), min(rows, columns)
    diagonal = np.sqrt(rng.chisquare(np.arange(longer, longer - shorter, -1)))
    beside = np.sqrt(rng.chisquare(np.arange(shorter - 1, 0, -1)))
    return _bidiagonal_singular_values(diagonal, beside)


def _bidiagonal_singular_values(diagonal: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Singular values, ascending, of an upper bidiagonal matrix with positive entries: shapes (m,) and (m - 1,)."""
    if diagonal.size == 1:
        return diagonal.copy()
    # BB' is tridiagonal and positive definite. LAPACK's pteqr factorises it and keeps almost all digits even of the
    # smallest eigenvalue, since B is upper bidiagonal and falls along its diagonal; with B'B it would lose them.
    square = diagonal**2
    square[:-1] += beside**2
    values, *_, failure = lapack.dpteqr(square, beside * diagonal[1:], np.zeros((1, 1)), compute_z=0)
    if not failure:
        return np.sqrt(np.sort(values))
    # Rounding made it indefinite. [[0, B], [B', 0]] has plus and minus the singular values as eigenvalues, and becomes
    # tridiagonal when its rows are interleaved: four times as slow, and exact to 1e-16 of the largest.
    interleaved = np.empty(2 * diagonal.size - 1)
    interleaved[0::2], interleaved[1::2] = diagonal, beside
    both = eigvalsh_tridiagonal(np.zeros(2 * diagonal.size), interleaved, lapack_driver="sterf")
    return np.maximum(both[diagonal.size :], 0)


def haar_vectors(dimension: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Independent unit vectors, each uniform on the sphere, like one singular vector of a Gaussian matrix.

    Unlike the singular vectors of one matrix, they are not orthogonal to each other.

    :returns: float64, shape (dimension, count), one column a vector.
    :raises UserError: if the dimension is not positive or the count is negative.
    """
    if dimension < 1 or count < 0:
        raise UserError(f"unit vectors need a positive dimension and a count, not {dimension} and {count}.")
    vectors = rng.standard_normal((dimension, count))
    return vectors / np.linalg.norm(vectors, axis=0)
