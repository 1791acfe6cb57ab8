"""Whether most of a spectrum is the bulk of a random matrix: between its edges, and spread as its law says."""

from __future__ import annotations

import numpy as np

from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.outliers import Outliers

__all__ = ["FARTHEST", "bulk_distance", "has_bulk"]

#: Largest difference of the distribution functions of a bulk and its law, for many values.
FARTHEST = 0.15
#: What so many values of a random matrix add to it at most: three to five values, from 15 of them to 400.
_OF_VALUES = 4.0


def bulk_distance(values: np.ndarray, rows: int, outliers: Outliers) -> float:
    """Largest difference between the distribution function of the values that are no outliers and that of their law.

    :param values: singular values, shape (m,), ascending. :param rows: n >= m.
    """
    kept = values[outliers.below : values.size - outliers.above]
    outside = outliers.below + outliers.above
    heights = singular_value_marchenko_pastur(rows - outside, kept.size, outliers.sigma).cdf(kept)
    steps = np.arange(kept.size + 1) / kept.size
    return float(max((steps[1:] - heights).max(), (heights - steps[:-1]).max()))


def has_bulk(values: np.ndarray, rows: int, outliers: Outliers, rank: int) -> bool:
    """Whether at least half of the values that are not zero, ``rank`` of them, lie in a bulk, and follow its law.

    Otherwise a spectrum has another shape, and no outliers: it is broad, or as narrow as that of an orthogonal matrix.
    """
    outside = outliers.above + outliers.below - (values.size - rank)
    kept = values.size - outliers.above - outliers.below
    return 2 * outside <= rank and bulk_distance(values, rows, outliers) <= FARTHEST + _OF_VALUES / kept
