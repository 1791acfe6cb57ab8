"""A symmetric matrix ((H, C), (C', B)) without directions that it maps to zero, found in groups of rows of (H, C).

Within a group of rows g, the singular value decomposition C_g = U S V' turns the rows of both by U', and columns of H
alike. Where S is negligible B is not coupled to a row, and C has no column for it in what follows. Among such rows the
same turn, now by the decomposition of H_g, finds those that are negligible altogether. Leaving out parts of rows and
columns whose singular values s add up to sum of s^2 = e^2 moves no eigenvalue by more than sqrt(2) e (Weyl), so what is
left out is bounded by a share of the matrix's norm.

Both parts of a Hessian's row (see :mod:`.piecewise`) give such directions. All weights of a unit of the first layer act
on the inputs of the samples for which the unit is alive: fewer than it has weights. All weights from one unit to a
later layer act on the gradients there of the samples for which that unit is alive; of a network with one output, these
are as many as patterns of the units behind, and for cross-entropy those in the outputs add up to zero.
"""

from collections.abc import Sequence

import torch
from torch.nn import functional

__all__ = ["NEGLIGIBLE", "without_null_directions"]

#: What is left out moves eigenvalues by at most so many of the precision's epsilon times the matrix's Frobenius norm.
NEGLIGIBLE = 4.0


def without_null_directions(
    square: torch.Tensor, coupled: torch.Tensor, groups: Sequence[torch.Tensor], norm: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The rows of the matrix that are left.

    :param square: H, shape (n, n). :param coupled: C, shape (n, m). Both are changed.
    :param groups: int64, each a few of the n rows; every row is in at most one.
    :param norm: of the whole matrix, Frobenius.
    :returns: H of shape (k, k); C' of shape (m, j); and bool (k,), which of the k rows those j columns belong to:
        all others are zero.
    """
    allowed = NEGLIGIBLE / 2 * torch.finfo(square.dtype).eps * norm
    joined = _turned(square, coupled, groups, coupled, allowed)
    loose = [group[~joined[group]] for group in groups]
    kept = joined | _turned(square, coupled, loose, square, allowed)
    return square[kept][:, kept], coupled[joined].T, joined[kept]


def _turned(
    square: torch.Tensor, coupled: torch.Tensor, groups: Sequence[torch.Tensor], rows: torch.Tensor, allowed: float
) -> torch.Tensor:
    """Turn both, in place, to the singular directions of ``rows``; which of these are not negligible, bool (n,)."""
    groups, sizes, turns = [group for group in groups if len(group) > 1], rows.norm(dim=1), []
    for group in groups:
        triangle = torch.linalg.qr(rows[group].T, mode="r").R
        _, values, turn = torch.linalg.svd(triangle)
        sizes[group] = functional.pad(values, (0, len(group) - len(values)))
        turns.append(turn)
    for group, turn in zip(groups, turns, strict=True):
        square[group], coupled[group] = turn @ square[group], turn @ coupled[group]
        square[:, group] = square[:, group] @ turn.T
    ascending, order = sizes.sort()
    negligible = (2 * (ascending**2).cumsum(0)).sqrt() <= allowed
    kept = torch.empty_like(negligible)
    kept[order] = ~negligible
    return kept
