"""Outliers: false alarms at their rate, and planted directions that are counted right."""

import numpy as np
import pytest

from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.outliers import count_outliers, extreme_ratios, null_extremes
from deepspectra.runtime.errors import UserError

SHAPES = [(128, 128), (300, 100), (1000, 50)]
DRAWS, MATRICES, LEVEL = 499, 400, 0.05


@pytest.fixture(scope="module")
def nulls():
    rng = np.random.default_rng(1)
    return {shape: null_extremes(*shape, DRAWS, rng) for shape in SHAPES}


def planted(rows, columns, strengths, rng, below=0):
    """Singular values of a random matrix with planted directions, in units of the threshold, and ``below`` zeros.

    On either side so many directions carry no weight.
    """
    rows, columns = rows - below, columns - below
    matrix = rng.standard_normal((rows, columns))
    left, right = (np.linalg.qr(rng.standard_normal((side, len(strengths))))[0] for side in (rows, columns))
    matrix += left * (np.array(strengths) * (rows * columns) ** 0.25) @ right.T
    return np.sort(np.append(np.linalg.svd(matrix, compute_uv=False), 1e-9 * rng.uniform(size=below)))


@pytest.mark.parametrize("shape", SHAPES)
def test_random_matrices_have_outliers_at_the_stated_rate(shape, nulls):
    rng = np.random.default_rng(2)
    found = [
        count_outliers(laguerre_singular_values(*shape, rng), shape[0], nulls[shape], LEVEL) for _ in range(MATRICES)
    ]
    error = 3 * np.sqrt(LEVEL * (1 - LEVEL) * (1 / MATRICES + 1 / DRAWS))
    for side in ("below", "above"):
        rate = np.mean([getattr(outliers, side) > 0 for outliers in found])
        assert LEVEL - error < rate < LEVEL + error, side


@pytest.mark.parametrize("shape", SHAPES[:2])
@pytest.mark.parametrize(
    ("strengths", "least"), [([1.1], 0.95), ([1.6], 0.95), ([2.5] * 5, 0.95), ([1.6, 2, 3, 10, 100], 0.9)]
)
def test_planted_directions_are_counted_within_one(shape, strengths, least, nulls):
    rng = np.random.default_rng(3)
    counts = np.array(
        [count_outliers(planted(*shape, strengths, rng), shape[0], nulls[shape], 0.01).above for _ in range(40)]
    )
    assert np.mean(abs(counts - len(strengths)) <= 1) >= least


@pytest.mark.parametrize("shape", SHAPES)
def test_directions_without_weight_lie_below(shape, nulls):
    values = planted(*shape, [3.0], np.random.default_rng(4), below=10)
    found = count_outliers(values, shape[0], nulls[shape], 0.01)
    assert (found.below, found.above) == (10, 1)
    assert found.p_below < 0.01 > found.p_above


def test_random_matrices_of_low_rank_have_outliers_at_the_stated_rate():
    """The null is of 90 x 60; a random matrix with half of that rank is a smaller one, which fluctuates more."""
    rng = np.random.default_rng(7)
    null, matrices, level = null_extremes(90, 60, 1999, rng), 1500, 0.02
    zeros = np.zeros(30)
    spectra = (np.append(zeros, laguerre_singular_values(60, 30, rng)) for _ in range(matrices))
    found = [count_outliers(values, 90, null, level) for values in spectra]
    assert np.mean([outliers.below >= 30 for outliers in found]) == 1
    error = np.sqrt(level * (1 - level) * (1 / matrices + 1 / len(null)))
    assert abs(np.mean([outliers.above > 0 for outliers in found]) - level) < 3 * error


def test_sigma_is_that_of_the_entries():
    rng = np.random.default_rng(5)
    null = null_extremes(400, 200, 199, rng)
    values = 0.03 * planted(400, 200, [5, 50, 500], rng)
    found = count_outliers(values, 400, null)
    assert found.sigma == pytest.approx(0.03, rel=0.01)
    assert found.above == 3
    assert found.edges == pytest.approx([0.03 * (400**0.5 - 200**0.5), 0.03 * (400**0.5 + 200**0.5)], rel=0.01)


def test_extremes_hardly_depend_on_the_size_at_equal_ratio():
    rng = np.random.default_rng(6)
    small, large = (null_extremes(2 * side, side, 300, rng) for side in (100, 200))
    np.testing.assert_allclose(small.mean(axis=0), large.mean(axis=0), atol=0.03)
    # In units of the edges, exact for a square matrix's smallest value: about 1 / sqrt(n) of sqrt(n) - sqrt(n - 1).
    low, high = extreme_ratios(np.linalg.svd(rng.standard_normal((50, 50)), compute_uv=False)[::-1], 50)
    assert 0 < low < 8
    assert 0.8 < high < 1.2


def test_too_few_draws_are_refused():
    values = np.linspace(1, 2, 50)
    with pytest.raises(UserError, match=r"a level of 0\.01 needs at least 99 random matrices, not 20"):
        count_outliers(values, 100, np.ones((20, 2)))
