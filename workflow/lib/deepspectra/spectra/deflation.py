"""Eigenvalues of float32 matrices as NumPy has them, with exact zeros split off before anything is solved.

Curvature matrices of a batch have rows of zeros (of a dead unit) and rows that are equal to the last bit (of pixels
that are dark in every image). Let Z, of zeros and ones, say to which of m distinct non-zero rows each of P rows is
equal. The matrix is then Z M Z', M its entries between those m. Since Z W^(-1/2) has orthonormal columns, W = Z'Z the
numbers of equal rows, its eigenvalues are those of W^(1/2) M W^(1/2), and P - m zeros.
"""

import hashlib

import numpy as np
import torch

from deepspectra.spectra.eigenvalues import symmetric_eigenvalues

__all__ = ["deflate", "float32_eigenvalues"]

# Rows compared at once; their part above the diagonal is read from as many columns.
_ROWS = 256


def float32_eigenvalues(matrix: np.ndarray, device: torch.device | str = "cpu") -> tuple[np.ndarray, int]:
    """Eigenvalues of a float32 matrix, solved for in double precision and rounded to float32, as NumPy's ``eigvalsh``.

    NumPy returns rounding noise, of 1e-16 times the largest eigenvalue, for zeros that are exact here.

    :param matrix: float32, shape (P, P), symmetric up to rounding; its lower triangle counts. Freed on the way.
    :param device: that solves.
    :returns: float32 numbers as float64, shape (P,), ascending, zeros included; and how many of them are exact zeros.
    :raises UserError: if the matrix is not finite, or the solver does not converge.
    """
    size = len(matrix)
    reduced = deflate(matrix)
    del matrix
    levels = symmetric_eigenvalues(torch.from_numpy(reduced).to(device)).astype(np.float32)
    zeros = size - len(levels)
    return np.sort(np.concatenate([levels, np.zeros(zeros, np.float32)])).astype(np.float64), zeros


def deflate(matrix: np.ndarray) -> np.ndarray:
    """A smaller matrix whose eigenvalues are those of the given one but for exact zeros.

    :param matrix: shape (P, P); its lower triangle counts.
    :returns: float64, shape (m, m); its lower triangle counts. P - m further eigenvalues are exactly zero.
    """
    first, counts = _distinct_rows(matrix)
    roots = np.sqrt(counts)
    # The places ascend: what was below the diagonal is so again.
    reduced = matrix[np.ix_(first, first)].astype(np.float64)
    reduced *= roots[:, None]
    reduced *= roots
    return reduced


def _distinct_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct row that is not zero is first, ascending, and how often it is there; int64, shape (m,)."""
    places: dict[bytes, list[int]] = {}
    for start in range(0, len(matrix), _ROWS):
        part, stop = slice(start, start + _ROWS), start + _ROWS
        diagonal = np.tril(matrix[part, part])
        diagonal += np.tril(diagonal, -1).T
        # Adding zero turns -0 into 0.
        rows = np.hstack([matrix[part, :start], diagonal, matrix[stop:, part].T]) + 0
        for place, row in enumerate(rows, start):
            if row.any():
                places.setdefault(hashlib.blake2b(row, digest_size=16).digest(), []).append(place)
    first = np.array([equal[0] for equal in places.values()], dtype=np.int64)
    return first, np.array([len(equal) for equal in places.values()], dtype=np.int64)
