from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt import nulls
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values

# Of a false alarm, in each of some thirty tests of samples.
CHANCE = 1e-3


@pytest.mark.parametrize(("rows", "columns"), [(40, 40), (60, 25), (25, 60), (3, 1)])
def test_spectra_are_distributed_as_those_of_dense_matrices(rows, columns):
    rng = np.random.default_rng(0)
    model = np.array([laguerre_singular_values(rows, columns, rng) for _ in range(1000)])
    dense = np.linalg.svd(rng.normal(size=(1000, rows, columns)), compute_uv=False)[:, ::-1]
    assert model.shape == dense.shape
    assert (np.diff(model) >= 0).all()
    middle = model.shape[1] // 2
    for statistic in (
        lambda x: x[:, 0],
        lambda x: x[:, -1],
        lambda x: x.mean(axis=1),
        lambda x: x[:, middle] - x[:, middle - 1],
    ):
        assert stats.ks_2samp(statistic(model), statistic(dense)).pvalue > CHANCE


def test_moments_are_those_of_gaussian_matrices():
    """Exact means: of tr W'W rows times columns, of tr (W'W)^2 nm (n + m + 1), of det W'W n! / (n - m)!."""
    rng, rows, columns, draws = np.random.default_rng(0), 5, 3, 20_000
    squares = np.array([laguerre_singular_values(rows, columns, rng) for _ in range(draws)]) ** 2
    for sample, expected in (
        (squares.sum(axis=1), rows * columns),
        ((squares**2).sum(axis=1), rows * columns * (rows + columns + 1)),
        (squares.prod(axis=1), math.factorial(5) / math.factorial(2)),
    ):
        assert sample.mean() == pytest.approx(expected, abs=3.5 * sample.std() / draws**0.5)
        assert sample.std() / draws**0.5 < 0.03 * expected


@pytest.mark.parametrize(("rows", "columns"), [(1000, 1000), (3000, 1000), (1000, 2500)])
def test_large_spectra_have_the_limit_law(rows, columns):
    values = laguerre_singular_values(rows, columns, np.random.default_rng(0))
    law = singular_value_marchenko_pastur(max(rows, columns), min(rows, columns), 1.0)
    assert values.shape == (min(rows, columns),)
    # A random spectrum is rigid: nowhere is it off by more than a few levels.
    assert ks_distance(values, law.cdf) < 5 / len(values)


def test_one_entry_is_the_size_of_a_normal_number():
    rng = np.random.default_rng(0)
    values = np.concatenate([laguerre_singular_values(1, 1, rng) for _ in range(1000)])
    assert stats.kstest(values, stats.halfnorm.cdf).pvalue > CHANCE


@pytest.mark.parametrize("last", [1.0, 1e-4, 1e-8])
@pytest.mark.parametrize("size", [2, 120])
def test_small_singular_values_keep_their_digits(last, size, monkeypatch):
    """Against LAPACK's decomposition of the bidiagonal matrix itself, which has them to full relative accuracy."""
    rng = np.random.default_rng(0)
    diagonal, beside = (
        np.sqrt(rng.chisquare(np.arange(size, 0, -1))),
        np.sqrt(rng.chisquare(np.arange(size - 1, 0, -1))),
    )
    diagonal[-1] *= last
    expected = np.linalg.svd(np.diag(diagonal) + np.diag(beside, 1), compute_uv=False)[::-1]
    np.testing.assert_allclose(nulls._bidiagonal_singular_values(diagonal, beside), expected, rtol=1e-11)

    # And the other way, for matrices that LAPACK finds not positive definite: to 1e-14 of the largest.
    monkeypatch.setattr(nulls.lapack, "dpteqr", lambda *_, **__: (None, None, None, 1))
    other = nulls._bidiagonal_singular_values(diagonal, beside)
    np.testing.assert_allclose(other, expected, rtol=0, atol=2e-14 * expected[-1])


def test_a_singular_matrix_has_a_singular_value_of_zero():
    """Here the first way fails by itself, or gives rounding."""
    values = nulls._bidiagonal_singular_values(np.array([2.0, 1.0, 0.0]), np.array([1.0, 1.0]))
    expected = np.linalg.svd([[2, 1, 0], [0, 1, 1], [0, 0, 0]], compute_uv=False)[::-1]
    np.testing.assert_allclose(values, expected, atol=1e-14)


def test_a_seed_gives_the_same_spectrum_again():
    first, again = (laguerre_singular_values(30, 20, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("dimension", [1, 2, 30])
def test_vectors_are_uniform_on_the_sphere(dimension):
    """Unit norm, and along any direction the exact law: the square is Beta(1/2, (m - 1)/2), either sign as likely."""
    rng = np.random.default_rng(0)
    vectors = haar_vectors(dimension, 20_000, rng)
    assert vectors.shape == (dimension, 20_000)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), 1, rtol=1e-13)
    direction = haar_vectors(dimension, 1, rng)[:, 0]
    along = direction @ vectors
    assert stats.binomtest(int((along > 0).sum()), 20_000).pvalue > CHANCE
    if dimension > 1:
        assert stats.kstest(along**2, stats.beta(0.5, (dimension - 1) / 2).cdf).pvalue > CHANCE
