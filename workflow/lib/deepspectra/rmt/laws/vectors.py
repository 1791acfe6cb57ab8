"""The law of entries of singular vectors."""

from __future__ import annotations

from typing import Any

from scipy import stats

__all__ = ["porter_thomas"]


def porter_thomas(dimension: int) -> Any:
    """N(0, 1/m) for the entries of a random unit vector of m entries (thamm2024, section 4).

    This is the limit of large m. At finite m the square of an entry has the law Beta(1/2, (m - 1)/2) of the same mean.

    :param dimension: m, positive.
    :returns: a frozen scipy.stats distribution.
    """
    return stats.norm(scale=dimension**-0.5)
