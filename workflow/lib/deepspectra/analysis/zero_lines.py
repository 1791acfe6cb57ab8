"""Rows and columns of zeros, as of dead units, pruned channels and tokens that never occur: they carry no direction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Kept", "without_zeros"]


class Kept(NamedTuple):
    """A matrix without its rows and columns of zeros.

    :ivar matrix: what is left, with the same singular values but for zeros. :ivar rows: bool, which rows are left.
    :ivar gone: what is not, in words, as "3 of its 40 rows"; empty if all is left.
    """

    matrix: np.ndarray
    rows: np.ndarray
    gone: str


def without_zeros(matrix: np.ndarray) -> Kept:
    """Leave out rows and columns that are exactly zero: random matrices of the whole shape have none.

    A matrix of nothing but zeros stays as it is.
    """
    rows, columns = np.asarray(matrix.any(axis=1)), np.asarray(matrix.any(axis=0))
    if not rows.any():
        return Kept(matrix, ~rows, "")
    sides = [
        f"{kept.size - kept.sum()} of its {kept.size} {name}"
        for name, kept in (("rows", rows), ("columns", columns))
        if not kept.all()
    ]
    return Kept(np.ascontiguousarray(matrix[rows][:, columns]) if sides else matrix, rows, " and ".join(sides))
