"""What training changed in a matrix, beside what random changes would do."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from deepspectra.analysis.bulk import has_bulk
from deepspectra.analysis.decomposition import decompose_large
from deepspectra.analysis.matrix import MatrixOptions
from deepspectra.analysis.nulls import MatrixNull
from deepspectra.analysis.zero_lines import without_zeros
from deepspectra.rmt.outliers import count_outliers
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.layer_matrices import FEWEST_VALUES

__all__ = ["CHANGE_COLUMNS", "change_of_matrix", "is_along"]

CHANGE_COLUMNS = (
    *("relative_change", "stable_rank_of_change", "change_above", "change_has_bulk", "overlap", "overlap_random"),
)
#: Spaces overlap if so much of what random ones leave is shared, and so many standard deviations more than random.
_SHARED, _DEVIATIONS = 0.1, 5


def change_of_matrix(
    matrix: np.ndarray, initial: np.ndarray, null: Callable[[tuple[int, int]], MatrixNull], options: MatrixOptions
) -> tuple[dict[str, float], str]:
    """How far a matrix moved, in how many directions, and whether these were the leading ones before.

    Rows and columns that did not move are left out of the change, which is judged by random matrices of what is left.

    :param matrix: after training, (outputs, inputs). :param initial: before, of the same shape.
    :param null: draws of a shape.
    :returns: ``relative_change``, the Frobenius norm of the difference over that of the initial matrix;
        ``stable_rank_of_change``, its squared Frobenius norm over its squared largest singular value;
        ``change_above``, outliers of the difference above its own bulk; ``change_has_bulk``, whether that is at least
        half of its values that are not zero; ``overlap``, the mean squared cosine between its leading left space, of
        that many directions (one at least), and the initial matrix's as large leading one; ``overlap_random``, what
        random spaces have. Beside an initial matrix of zeros the first and the overlaps are NaN. And a note.
    :raises UserError: if the initial matrix has entries that are not finite.
    """
    if not np.isfinite(initial).all():
        raise UserError("the initial matrix has entries that are not finite.")
    difference = matrix - initial
    if not difference.any():
        return dict.fromkeys(CHANGE_COLUMNS, 0.0), ""
    moved = without_zeros(difference)
    notes = [f"{moved.gone} did not move."] if moved.gone else []
    values, left, _ = decompose_large(moved.matrix)
    # Subtraction leaves rounding in directions that did not move.
    floor = float(np.finfo(np.float64).eps * max(matrix.shape) * np.abs(matrix).max() * len(values) ** 0.5)
    above = rank = int(np.sum(values > floor))
    is_random = False
    if rank >= FEWEST_VALUES:
        try:
            shape = moved.matrix.shape
            found = count_outliers(values, max(shape), null(shape).extremes, options.level, floor)
            above, is_random = found.above, has_bulk(values, max(shape), found, rank)
        except UserError:  # of low rank: all that is not rounding
            pass
    changes = {
        "relative_change": math.nan,
        "stable_rank_of_change": float(np.sum(values**2) / values[-1] ** 2),
        "change_above": above,
        "change_has_bulk": int(is_random),
        "overlap": math.nan,
        "overlap_random": math.nan,
    }
    if initial.any():
        number = max(above, 1)
        before = decompose_large(initial).output_vectors[moved.rows, -number:]
        overlap = float(np.sum((left[:, -number:].T @ before) ** 2) / number)
        changes |= {
            "relative_change": float(np.linalg.norm(difference) / np.linalg.norm(initial)),
            **{"overlap": overlap, "overlap_random": number / len(matrix)},
        }
    else:
        notes.append("The initial matrix is zero: there is no norm to compare with, and no direction.")
    return changes, " ".join(notes)


def is_along(overlap: float, random: float, outputs: int) -> bool:
    """Whether a change lies along leading directions: its overlap with them is beyond that of random spaces.

    Of two random k-dimensional spaces in n dimensions the overlap has mean k / n and standard deviation
    (1 - k / n) sqrt(2 / ((n - 1) (n + 2))). What is over the mean, as a share of 1 - k / n, must be over 0.1 and five
    standard deviations; a single random direction reaches these with probability 0.005, spaces hardly ever.

    :param outputs: n. NaN overlaps lie along nothing.
    """
    deviation = math.sqrt(2 / ((outputs - 1) * (outputs + 2)))
    return overlap - random > max(_SHARED, _DEVIATIONS * deviation) * (1 - random)
