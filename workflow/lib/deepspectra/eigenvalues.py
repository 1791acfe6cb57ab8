"""What is kept of a decomposition beside its eigenvalues.

Apart from the statistics, so that an edit of those decomposes nothing again.
"""

from __future__ import annotations

import numpy as np


def noise_floor(eigenvalues: np.ndarray, dtype: str) -> float:
    """Absolute size below which the eigenvalues of a symmetric matrix are rounding.

    A symmetric n x n matrix of independent rounding errors, relative to the largest eigenvalue, has about this norm.

    :param eigenvalues: shape (n,). :param dtype: of the matrix, such as "float32".
    """
    return float(np.finfo(dtype).eps * len(eigenvalues) ** 0.5 * np.max(eigenvalues))


def label_shares(vectors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Squared projection of the targets on each eigenvector over their squared norm; they sum to one.

    :param vectors: orthonormal columns, shape (n, n). :param targets: shape (n,).
    """
    return (vectors.T @ targets) ** 2 / (targets @ targets)
