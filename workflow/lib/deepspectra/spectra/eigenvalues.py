"""Eigenvalues of symmetric matrices and their noise floor.

Kept apart from the statistics, so that editing those decomposes nothing again.
"""

import numpy as np
import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["noise_floor", "symmetric_eigenvalues"]


def symmetric_eigenvalues(matrix: torch.Tensor) -> np.ndarray:
    """Eigenvalues of a matrix, computed in double precision from its lower triangle.

    In float32, torch's solver fails for many matrices of low rank with many rows of zeros (Hessians of a network whose
    units are mostly dead): it does not converge, or returns NaN. In float64 it did for none of hundreds.

    :param matrix: shape (P, P), symmetric up to rounding, on any device.
    :returns: float64, shape (P,), ascending.
    :raises UserError: if the matrix is not square or not finite, or the solver does not converge.
    """
    check_shapes(matrix=(matrix, "rows rows"))
    if not torch.isfinite(matrix).all():
        raise UserError("the matrix is not finite: check whether all weights and inputs are.")
    try:
        eigenvalues = torch.linalg.eigvalsh(matrix.double()).cpu().numpy()
    except torch.linalg.LinAlgError:
        eigenvalues = np.array([np.nan])
    if not np.isfinite(eigenvalues).all():
        raise UserError(
            f"torch's solver does not converge for a matrix of size {len(matrix)}. Change the network's seed or, if "
            "this is a spectrum as published, do without them (published_batches: 0)."
        )
    return eigenvalues


def noise_floor(eigenvalues: np.ndarray, dtype: str) -> float:
    """Absolute size below which the eigenvalues of a symmetric matrix are rounding errors.

    It is about the norm of a symmetric n x n matrix of independent rounding errors of the largest eigenvalue.

    :param eigenvalues: shape (n,). :param dtype: of the matrix, such as "float32".
    """
    return float(np.finfo(dtype).eps * len(eigenvalues) ** 0.5 * np.abs(eigenvalues).max())
