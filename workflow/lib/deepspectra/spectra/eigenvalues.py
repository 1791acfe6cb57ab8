"""Eigenvalues of symmetric matrices and their noise floor.

Kept apart from the statistics, so that editing those decomposes nothing again.
"""

import logging

import numpy as np
import torch

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["noise_floor", "symmetric_eigenvalues"]

logger = logging.getLogger(__name__)


def symmetric_eigenvalues(matrix: torch.Tensor) -> np.ndarray:
    """Eigenvalues of a matrix, computed in its own precision from its lower triangle.

    torch's solver does not converge for some float32 matrices of low rank with many rows of zeros (Hessians of a
    network whose units are mostly dead), or returns NaN. NumPy's solver is slower and does neither.

    :param matrix: shape (P, P), symmetric up to rounding, float32 or float64, on any device.
    :returns: float64, shape (P,), ascending.
    :raises UserError: if the matrix is not square or not finite, or neither solver converges.
    """
    check_shapes(matrix=(matrix, "rows rows"))
    if not torch.isfinite(matrix).all():
        raise UserError("the matrix is not finite: check whether all weights and inputs are.")
    try:
        eigenvalues = torch.linalg.eigvalsh(matrix).cpu().double().numpy()
        if np.isfinite(eigenvalues).all():
            return eigenvalues
        failure = "returned NaN"
    except torch.linalg.LinAlgError:
        failure = "did not converge"
    logger.warning("torch's eigensolver %s; using NumPy's instead", failure)
    try:
        return np.linalg.eigvalsh(matrix.cpu().numpy()).astype(np.float64)
    except np.linalg.LinAlgError as error:
        raise UserError(
            f"neither torch's nor NumPy's solver converges for a {matrix.dtype} matrix of size {len(matrix)}. Change "
            "the network's seed or, if this is a spectrum as published, do without them (published_batches: 0)."
        ) from error


def noise_floor(eigenvalues: np.ndarray, dtype: str) -> float:
    """Absolute size below which the eigenvalues of a symmetric matrix are rounding errors.

    It is about the norm of a symmetric n x n matrix of independent rounding errors of the largest eigenvalue.

    :param eigenvalues: shape (n,). :param dtype: of the matrix, such as "float32".
    """
    return float(np.finfo(dtype).eps * len(eigenvalues) ** 0.5 * np.abs(eigenvalues).max())
