"""Samplers of the null hypothesis: spectra and vectors of Gaussian random matrices.

No matrix is formed: a spectrum takes O(m^2) time and O(m) memory.
"""

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal, lapack

__all__ = ["goe_levels", "haar_vectors", "laguerre_singular_values"]


def goe_levels(dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Eigenvalues of one matrix of the Gaussian orthogonal ensemble (GOE), by the tridiagonal Hermite model.

    N(0, 1) on the diagonal, and chi with dimension - 1, ..., 1 degrees of freedom, divided by sqrt(2), beside it
    (Dumitriu and Edelman 2002, beta = 1): exactly the law of the dense matrix with variance 1/2 off the diagonal and 1
    on it, whose semicircle has radius sqrt(2 dimension) (baskerville2022, eq. 5 and 9).

    :returns: float64, shape (dimension,), ascending.
    """
    diagonal = rng.standard_normal(dimension)
    beside = np.sqrt(rng.chisquare(np.arange(dimension - 1, 0, -1)) / 2)
    if dimension == 1:
        return diagonal
    return np.sort(eigvalsh_tridiagonal(diagonal, beside, lapack_driver="sterf"))


def laguerre_singular_values(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Singular values of one rows x columns matrix of independent N(0, 1) entries, by the bidiagonal Laguerre model.

    With sides m <= n: chi with n, n - 1, ..., n - m + 1 degrees of freedom on the diagonal and with m - 1, ..., 1
    beside it (Dumitriu and Edelman 2002, beta = 1), exactly the law of the dense matrix.

    :returns: float64, shape (min(rows, columns),), ascending.
    """
    longer, shorter = max(rows, columns), min(rows, columns)
    diagonal = np.sqrt(rng.chisquare(np.arange(longer, longer - shorter, -1)))
    beside = np.sqrt(rng.chisquare(np.arange(shorter - 1, 0, -1)))
    return _bidiagonal_singular_values(diagonal, beside)


def _bidiagonal_singular_values(diagonal: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Ascending, of an upper bidiagonal matrix with positive entries: shapes (m,) and (m - 1,)."""
    if diagonal.size == 1:
        return diagonal
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
    """Independent unit vectors as columns, each uniform on the sphere, like one singular vector of a Gaussian matrix.

    :returns: float64, shape (dimension, count).
    """
    vectors = rng.standard_normal((dimension, count))
    return vectors / np.linalg.norm(vectors, axis=0)
