"""What claims ask of the singular vectors of one weight matrix, in the order of their singular values.

Each takes rows of a table of vectors (``rank`` from 0, the smallest, to 1) and the column of their p-values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepspectra.papers.reading import AbsentError, Measured, counted, difference, finite, mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["information", "largest_values", "middle_of_spectrum", "share_at_large_values", "share_significant"]
__all__ += ["smallest_values"]

_LEVEL = 0.05
# Vectors that count as those of the largest (or smallest) singular values, and as many as an eighth of a spectrum.
_FEW, _EIGHTH = 15, 64
# Ranks from here on are those of large singular values.
_LARGE = 0.8


def information(rows: pd.DataFrame, column: str, count: int = _FEW) -> Measured:
    """Mean p of the largest singular values less that of the middle half."""
    return difference(mean(rows[column].tail(count), "the largest", "vectors"), middle_of_spectrum(rows, column))


def middle_of_spectrum(rows: pd.DataFrame, column: str, half_width: float = 0.25) -> Measured:
    """Mean p of the middle of the spectrum, by default its half."""
    chosen = rows[rows["rank"].between(0.5 - half_width, 0.5 + half_width)]
    return mean(chosen[column], "the middle", "vectors")


def _significant(rows: pd.DataFrame, column: str, level: float = _LEVEL) -> pd.DataFrame:
    """Vectors rejected at a false discovery rate, by their p-values or by their ``q``."""
    from deepspectra.rmt.calibration import false_discovery

    p = rows[column].map(finite)
    if p.isna().all():
        raise AbsentError(f"there is no {column}")
    return rows[(p if column == "q" else false_discovery(p)) <= level]


def share_significant(rows: pd.DataFrame, column: str, level: float = _LEVEL) -> Measured:
    """Share of the vectors that are rejected."""
    return counted(len(_significant(rows, column, level)) / len(rows), len(rows), "vectors")


def share_at_large_values(
    rows: pd.DataFrame, column: str, level: float = _LEVEL, least_rank: float = _LARGE
) -> Measured:
    """Share of the rejected vectors that belong to large singular values.

    :raises AbsentError: if none is rejected.
    """
    chosen = _significant(rows, column, level)
    if chosen.empty:
        raise AbsentError("no vector is significant")
    return counted(float((chosen["rank"] >= least_rank).mean()), len(chosen), "significant vectors")


def largest_values(rows: pd.DataFrame, column: str) -> Measured:
    """Mean p of as many of the largest singular values as an eighth of a spectrum of 512."""
    return mean(rows[column].tail(_EIGHTH), "the largest", "vectors")


def smallest_values(rows: pd.DataFrame, column: str) -> Measured:
    """Mean p of the smallest singular values."""
    return mean(rows[column].head(_FEW), "the smallest", "vectors")
