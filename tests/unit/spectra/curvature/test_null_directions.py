"""Matrices with planted null directions: rows that go, eigenvalues that stay, and what is too large to go."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.spectra.curvature.null_directions import NEGLIGIBLE, without_null_directions

EPSILON = float(np.finfo(np.float64).eps)


def orthogonal(size):
    return torch.linalg.qr(torch.randn(size, size, dtype=torch.float64)).Q


def planted(size, *, null, loose, residual=0.0, groups=3, columns=20):
    """H and C whose groups of ``size`` rows have ``null`` directions of which only ``residual`` is left, and ``loose``
    more to which C is not coupled; the groups are scattered among the rows."""
    count = size * groups
    square = torch.randn(count, count, dtype=torch.float64)
    square, coupled = square + square.T, torch.randn(count, columns, dtype=torch.float64)
    turn = torch.block_diag(*(orthogonal(size) for _ in range(groups)))
    place = torch.arange(count) % size
    share = torch.where(place < null, residual, 1.0).double()
    square = turn.T @ (square * share[:, None] * share) @ turn
    coupled = turn.T @ (coupled * torch.where(place < null + loose, 0.0, 1.0).double()[:, None])
    order = torch.randperm(count)
    back = order.argsort()
    return square[order][:, order], coupled[order], [back[part] for part in torch.arange(count).split(size)]


def whole(square, coupled, block):
    return torch.cat([torch.cat([square, coupled], 1), torch.cat([coupled.T, block], 1)])


@pytest.mark.parametrize(("null", "loose"), [(0, 0), (2, 0), (0, 3), (2, 3), (8, 0)])
def test_null_directions_go_and_eigenvalues_stay(null, loose):
    square, coupled, groups = planted(8, null=null, loose=loose)
    block = torch.randn(20, 20, dtype=torch.float64)
    before = whole(square, coupled, block + block.T)
    kept, columns, joined = without_null_directions(square.clone(), coupled.clone(), groups, float(before.norm()))
    assert kept.shape == (24 - 3 * null,) * 2
    assert columns.shape == (20, 24 - 3 * (null + loose))
    assert int(joined.sum()) == columns.shape[1]
    spread = torch.zeros(len(kept), 20, dtype=torch.float64)
    spread[joined] = columns.T
    found = torch.linalg.eigvalsh(whole(kept, spread, block + block.T))
    found = torch.cat([found, found.new_zeros(len(before) - len(found))]).sort().values
    torch.testing.assert_close(found, torch.linalg.eigvalsh(before), rtol=0, atol=1e-13 * float(before.norm()))


@pytest.mark.parametrize(("share", "left"), [(0.1, 18), (10, 24)])
def test_only_what_is_negligible_goes(share, left):
    """Six directions, of which rows of norm ``share`` times what is allowed are left in all."""
    square, coupled, groups = planted(8, null=2, loose=0)
    norm = float(whole(square, coupled, torch.zeros(20, 20, dtype=torch.float64)).norm())
    vectors = torch.linalg.svd(torch.cat([square, coupled], 1)).U[:, 18:]
    small = vectors @ torch.randn(6, 6, dtype=torch.float64) @ vectors.T
    small = (small + small.T) / float((small + small.T).norm())
    square = square + small * share * NEGLIGIBLE / 2 * EPSILON * norm / 2**0.5
    assert len(without_null_directions(square, coupled, groups, norm)[0]) == left


def test_groups_of_one_row_and_rows_without_a_group():
    """A row of zeros goes whether or not it has a group; without columns nothing is coupled."""
    square = torch.diag(torch.tensor([1.0, 0.0, 2.0, 0.0, 3.0], dtype=torch.float64))
    found, columns, joined = without_null_directions(square, square.new_zeros(5, 0), [torch.tensor([1])], 4.0)
    torch.testing.assert_close(found, torch.diag(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)))
    assert columns.shape == (0, 0)
    assert not joined.any()
