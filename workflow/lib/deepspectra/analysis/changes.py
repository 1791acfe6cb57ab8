"""What training changed in a matrix, beside what random changes would do."""

from __future__ import annotations

import numpy as np

from deepspectra.analysis.decomposition import decompose_large
from deepspectra.analysis.matrix import MatrixOptions
from deepspectra.analysis.nulls import MatrixNull
from deepspectra.rmt.outliers import count_outliers
from deepspectra.runtime.errors import UserError

__all__ = ["CHANGE_COLUMNS", "change_of_matrix"]

CHANGE_COLUMNS = (
    *("relative_change", "stable_rank_of_change", "change_above", "change_has_bulk", "overlap", "overlap_random"),
)


def change_of_matrix(
    matrix: np.ndarray, initial: np.ndarray, null: MatrixNull, options: MatrixOptions
) -> dict[str, float]:
    """How far a matrix moved, in how many directions, and whether these were the leading ones before.

    :param matrix: after training, (outputs, inputs). :param initial: before, of the same shape.
    :returns: ``relative_change``, the Frobenius norm of the difference over that of the initial matrix;
        ``stable_rank_of_change``, its squared Frobenius norm over its squared largest singular value;
        ``change_above``, outliers of the difference above its own bulk; ``change_has_bulk``, whether that is at least
        half of its values; ``overlap``, the mean squared cosine between
        its leading left space, of that many directions (one at least), and the initial matrix's as large leading one;
        ``overlap_random``, what random spaces have.
    :raises UserError: if the initial matrix has entries that are not finite.
    """
    if not np.isfinite(initial).all():
        raise UserError("the initial matrix has entries that are not finite.")
    difference = matrix - initial
    if not difference.any():
        return dict.fromkeys(CHANGE_COLUMNS, 0.0)
    values, left, _ = decompose_large(difference)
    # Subtraction leaves rounding in directions that did not move.
    floor = float(np.finfo(np.float64).eps * max(matrix.shape) * np.abs(matrix).max() * len(values) ** 0.5)
    try:
        found = count_outliers(values, max(matrix.shape), null.extremes, options.level, floor)
        above, has_bulk = found.above, 2 * (found.above + found.below) <= len(values)
    except UserError:  # of low rank: all that is not rounding
        above, has_bulk = int(np.sum(values > floor)), False
    number = max(above, 1)
    before = decompose_large(initial).output_vectors[:, -number:]
    overlap = float(np.sum((left[:, -number:].T @ before) ** 2) / number)
    return {
        "relative_change": float(np.linalg.norm(difference) / max(np.linalg.norm(initial), np.finfo(float).tiny)),
        "stable_rank_of_change": float(np.sum(values**2) / values[-1] ** 2),
        "change_above": above,
        "change_has_bulk": int(has_bulk),
        "overlap": overlap,
        "overlap_random": number / len(matrix),
    }
