"""Levels of the orthogonal ensemble without its matrices, against dense ones and the laws that they follow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import mean_ratio


def dense_levels(size, count, source):
    """Eigenvalues of symmetric matrices, variance 1/2 off the diagonal and 1 on it, shape (count, size)."""
    drawn = source.standard_normal((count, size, size))
    return torch.linalg.eigvalsh(torch.from_numpy((drawn + drawn.transpose(0, 2, 1)) / 2)).numpy()


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_tridiagonal_matrices_have_the_levels_of_dense_ones(size):
    """Each level by itself, and neighbours together: 20,000 matrices of each kind, a test for every quantity."""
    source = np.random.default_rng(0)
    found = np.array([goe_levels(size, source) for _ in range(20_000)])
    dense = dense_levels(size, 20_000, source)
    assert (np.diff(found) >= 0).all()
    quantities = [*zip(found.T, dense.T, strict=True), *zip(np.diff(found).T, np.diff(dense).T, strict=True)]
    for one, other in quantities:
        assert stats.ks_2samp(one, other).pvalue > 1e-3


def test_levels_of_two_by_two_matrices_have_the_surmise_exactly():
    source = np.random.default_rng(1)
    gaps = np.array([np.diff(goe_levels(2, source))[0] for _ in range(20_000)])
    # E |difference| of eq. 5 is sqrt(pi).
    assert ks_distance(gaps / np.pi**0.5, wigner_surmise.cdf) < 1.36 / gaps.size**0.5


def test_large_orthogonal_matrices_have_the_semicircle_and_the_staircase_of_equation_9():
    size, source = 1000, np.random.default_rng(2)
    levels = np.array([goe_levels(size, source) for _ in range(10)])
    law = stats.semicircular(scale=(2 * size) ** 0.5)
    assert ks_distance(levels, law.cdf) < 0.002
    x = np.linspace(-44, 44, 50)
    root = np.sqrt(2 * size - x**2)
    staircase = size * (0.5 + x * root / (2 * np.pi * size) + np.arctan(x / root) / np.pi)
    np.testing.assert_allclose(size * law.cdf(x), staircase, rtol=1e-10)
    mean = mean_ratio(list(levels), seed=1)
    assert mean.value == pytest.approx(GOE_MEAN, abs=3 * mean.error)
    assert mean.error < 0.004
