"""Singular values that stand apart from a random bulk, counted with a known rate of false alarms."""

import math
from dataclasses import dataclass

import numpy as np

from deepspectra.rmt.laws.singular_values import bulk_scale, marchenko_pastur_bulk
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["Outliers", "count_outliers", "extreme_ratios", "null_extremes"]


@dataclass(frozen=True)
class Outliers:
    """How many values lie apart from the bulk.

    :ivar below: among them zeros up to rounding. :ivar sigma: standard deviation of the entries of a random matrix with
        this bulk. :ivar edges: of its law. :ivar p_below: and ``p_above``, Monte Carlo p-values of the outlier next to
        the bulk, or of the bulk's outermost value if there is none.
    """

    below: int
    above: int
    sigma: float
    edges: tuple[float, float]
    p_below: float
    p_above: float


def extreme_ratios(values: np.ndarray, rows: int) -> tuple[float, float]:
    """Smallest and largest singular value of a bulk, each in units of where a random matrix has it.

    The scale is the bulk's median. The largest lies near sqrt(n) + sqrt(m), the smallest near sqrt(n) - sqrt(m - 1),
    which is right for square matrices too (Rudelson and Vershynin 2009).

    :param values: shape (m,), ascending. :param rows: n >= m.
    """
    columns = values.size
    sigma = bulk_scale(values, rows)
    lowest, highest = math.sqrt(rows) - math.sqrt(columns - 1), math.sqrt(rows) + math.sqrt(columns)
    return float(values[0] / sigma / lowest), float(values[-1] / sigma / highest)


def _fluctuation(rows: int, columns: int) -> float:
    """Scale of the largest singular value's deviations, in units of where it lies (Johnstone 2001)."""
    long, short = math.sqrt(rows), math.sqrt(columns)
    return (1 / long + 1 / short) ** (1 / 3) / (long + short)


def null_extremes(rows: int, columns: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """:func:`extreme_ratios` of random matrices, float64 of shape (draws, 2)."""
    return np.array([extreme_ratios(laguerre_singular_values(rows, columns, rng), rows) for _ in range(draws)])


def count_outliers(
    values: np.ndarray, rows: int, null: np.ndarray, level: float = 0.01, floor: float = 0.0
) -> Outliers:
    """Outliers above and below the bulk, so that a random matrix has any on one side with probability ``level``.

    What :func:`deepspectra.rmt.laws.singular_values.marchenko_pastur_bulk` leaves out is tested from the bulk outwards:
    the value next to the bulk joins it, unless the extreme value of at most a share ``level`` of random matrices lies
    so far out; then it is an outlier, and so is all that lies beyond. A matrix with k outliers has the bulk of an
    (n - k) x (m - k) random matrix; that its largest value fluctuates more than that of n x m is accounted for.

    :param values: singular values, shape (m,), ascending. :param rows: n >= m.
    :param null: of :func:`null_extremes` for this shape, shape (draws, 2).
    :param floor: values up to this one are rounding and outliers below.
    :raises UserError: if there is no bulk, or there are too few draws for the level.
    """
    check_shapes(null=(null, "draws extremes"))
    if not 1 / (len(null) + 1) <= level < 1:
        needed = math.ceil(1 / level) - 1
        raise UserError(f"a level of {level} needs at least {needed} random matrices, not {len(null)}.")
    bulk = marchenko_pastur_bulk(values, rows, floor)
    lowest, highest = np.sort(null[:, 0]), np.sort(null[:, 1])
    below, above = bulk.below, bulk.above
    rounding = int(np.searchsorted(values, floor, side="right"))

    def p_values(below: int, above: int) -> tuple[float, float]:
        """Of the outermost values, if so many are left out."""
        left_out = below + above
        low, high = extreme_ratios(values[below : values.size - above], rows - left_out)
        fluctuation = _fluctuation(rows, values.size) / _fluctuation(rows - left_out, values.size - left_out)
        high = 1 + (high - 1) * fluctuation
        so_low = int(np.searchsorted(lowest, low, side="right"))
        so_high = int(highest.size - np.searchsorted(highest, high, side="left"))
        return (1 + so_low) / (lowest.size + 1), (1 + so_high) / (highest.size + 1)

    seen: set[tuple[int, int]] = set()
    # What is left out on one side moves the scale by which the other is judged.
    while (below, above) not in seen:
        seen.add((below, above))
        while above and p_values(below, above - 1)[1] > level:
            above -= 1
        while below > rounding and p_values(below - 1, above)[0] > level:
            below -= 1
        # Square matrices have no lower edge that a value could lie below.
        while values.size - above - below > 2 and p_values(below, above)[0] <= level:
            below += 1
    nearest = p_values(max(below - 1, rounding), above)[0], p_values(below, max(above - 1, 0))[1]
    kept = values[below : values.size - above]
    shape = rows - below - above, kept.size
    sigma = bulk_scale(kept, shape[0])
    edges = tuple(sigma * (math.sqrt(shape[0]) + sign * math.sqrt(shape[1])) for sign in (-1, 1))
    return Outliers(below, above, sigma, (edges[0], edges[1]), *nearest)
