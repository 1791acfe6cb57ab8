"""Whether most of a spectrum is the bulk of a random matrix: between its edges, and spread as its law says."""

from __future__ import annotations

import math

import numpy as np

from deepspectra.rmt.laws.singular_values import bulk_scale, singular_value_marchenko_pastur
from deepspectra.rmt.outliers import Outliers

__all__ = ["FARTHEST", "bulk_distance", "has_bulk", "of_any_size", "without_outliers"]

#: Largest difference of the distribution functions of a bulk and its law, for many values: a matter of words, not of
#: chance, since random matrices are far nearer.
FARTHEST = 0.15
#: What so many values of a random matrix add to it at most: three to five values, from 15 of them to 400.
_OF_VALUES = 4.0


def without_outliers(values: np.ndarray, rows: int, outliers: Outliers) -> tuple[np.ndarray, int]:
    """The values between the outliers, and the longer side of a random matrix that has as many.

    :param values: singular values, shape (m,), ascending. :param rows: n >= m.
    """
    return values[outliers.below : values.size - outliers.above], rows - outliers.below - outliers.above


def bulk_distance(bulk: np.ndarray, rows: int) -> float:
    """Largest difference between the distribution functions of values and of the law that has their median.

    :param bulk: singular values of one random matrix, shape (m,), ascending. :param rows: n >= m.
    """
    heights = singular_value_marchenko_pastur(rows, bulk.size, bulk_scale(bulk, rows)).cdf(bulk)
    steps = np.arange(bulk.size + 1) / bulk.size
    return float(max((steps[1:] - heights).max(), (heights - steps[:-1]).max()))


def of_any_size(distance: np.ndarray | float, size: int) -> np.ndarray | float:
    """:func:`bulk_distance` of so many values, where random matrices of all sizes are alike.

    The largest deviation of a rigid spectrum's counts grows like the logarithm of its size: for m = 15 to 400, square
    and three to one, the 95 % quantile of distance times m is 0.51 (2.2 + ln m) to within 6 %.
    """
    return distance * size / (2.2 + math.log(size))


def has_bulk(values: np.ndarray, rows: int, outliers: Outliers, rank: int) -> bool:
    """Whether more than half of the values that are not zero, ``rank`` of them, lie in a bulk, and roughly follow its
    law.

    Otherwise a spectrum has another shape, and no outliers: it is broad, or as narrow as that of an orthogonal matrix.
    """
    outside = outliers.above + outliers.below - (values.size - rank)
    bulk, longer = without_outliers(values, rows, outliers)
    return 2 * outside < rank and bulk_distance(bulk, longer) <= FARTHEST + _OF_VALUES / bulk.size
