from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.distances import (
    binned_distance,
    expected_binned_distance,
    histogram,
    ks_distance,
    ridge_training_loss,
    zoom,
)
from deepspectra.runtime.errors import UserError


def test_the_distance_is_the_one_of_the_kolmogorov_smirnov_test():
    rng = np.random.default_rng(1)
    for size in (1, 7, 500):
        sample = rng.normal(size=size)
        expected = stats.ks_1samp(sample, stats.norm.cdf).statistic
        assert ks_distance(sample, stats.norm.cdf) == pytest.approx(expected, abs=1e-15)


def test_both_sides_of_a_jump_count():
    assert ks_distance(np.array([0.9]), stats.uniform.cdf) == pytest.approx(0.9)
    assert ks_distance(np.array([0.1]), stats.uniform.cdf) == pytest.approx(0.9)


def _half_at_zero(x):
    """Mass 1/2 at zero, the rest uniform on [1, 2]."""
    return 0.5 * (x >= 0) + 0.5 * np.clip(x - 1, 0, 1)


def test_an_atom_that_the_sample_has_too_costs_nothing():
    sample = np.concatenate([np.zeros(100), 1 + (np.arange(100) + 0.5) / 100])
    assert ks_distance(sample, _half_at_zero, [(0.0, 0.5)]) == pytest.approx(0.5 / 200)


def test_an_atom_that_the_sample_lacks_costs_its_mass():
    sample = 1 + (np.arange(100) + 0.5) / 100
    assert ks_distance(sample, _half_at_zero, [(0.0, 0.5)]) == pytest.approx(0.5, abs=0.006)


def test_an_atom_of_the_wrong_mass_costs_the_difference():
    sample = np.concatenate([np.zeros(300), 1 + (np.arange(100) + 0.5) / 100])
    assert ks_distance(sample, _half_at_zero, [(0.0, 0.5)]) == pytest.approx(0.25)


def test_rounding_noise_around_an_atom_is_put_on_it():
    noise = 1e-15 * np.random.default_rng(2).normal(size=100)
    sample = np.concatenate([noise, 1 + (np.arange(100) + 0.5) / 100])
    assert ks_distance(sample, _half_at_zero, [(0.0, 0.5)]) > 0.2
    assert ks_distance(sample, _half_at_zero, [(0.0, 0.5)], tolerance=1e-12) == pytest.approx(0.5 / 200)


def test_the_sample_is_left_as_it_was():
    sample = np.array([2.0, 1e-15, 1.0])
    ks_distance(sample, _half_at_zero, [(0.0, 0.5)], tolerance=1e-12)
    assert sample.tolist() == [2.0, 1e-15, 1.0]


@pytest.mark.parametrize("sample", [[], [1.0, np.nan]])
def test_a_sample_that_is_empty_or_not_finite_is_refused(sample):
    with pytest.raises(UserError, match="finite"):
        ks_distance(np.array(sample), stats.norm.cdf)


def test_the_binned_distance_counts_every_bin_and_both_outsides():
    """Two of eight values lie outside, on the left one and on the right one; shares and sum by hand."""
    sample = np.array([[-1.0, 0.1, 0.2, 0.3], [1.5, 1.6, 2.5, 7.0]])
    edges = np.array([0.0, 1.0, 2.0, 3.0])
    probabilities = np.array([0.0, 0.5, 0.25, 0.125, 0.125])
    assert binned_distance(sample, edges, probabilities) == pytest.approx(1 / 8 + 1 / 8 + 0 + 0 + 0)


def test_a_value_on_an_edge_belongs_to_the_bin_above_it():
    """Where a limit law begins at zero, eigenvalues that rounding would make negative are zero: not outside."""
    edges = np.array([0.0, 1.0, 2.0])
    assert binned_distance(np.array([0.0, 1.0]), edges, np.array([0.0, 0.5, 0.5, 0.0])) == 0


def test_the_binned_distance_agrees_with_a_count_by_hand_on_random_numbers():
    rng = np.random.default_rng(4)
    sample, edges = rng.normal(size=300), np.sort(rng.normal(size=7))
    probabilities = rng.dirichlet(np.ones(8))
    borders = [-np.inf, *edges, np.inf]
    expected = sum(
        abs(np.mean([low <= value < high for value in sample]) - probability)
        for (low, high), probability in zip(itertools.pairwise(borders), probabilities, strict=True)
    )
    assert binned_distance(sample, edges, probabilities) == pytest.approx(expected, rel=1e-12)


def test_the_binned_distance_of_disjoint_laws_is_two():
    edges = np.array([0.0, 1.0])
    assert binned_distance(np.array([5.0, 6.0]), edges, np.array([0.0, 1.0, 0.0])) == 2
    assert binned_distance(np.array([0.5]), edges, np.array([0.0, 1.0, 0.0])) == 0


def enumerated_distance(probabilities, size):
    """The mean L1 distance over all multinomial outcomes, each with its probability."""
    total = 0.0
    for counts in itertools.product(range(size + 1), repeat=len(probabilities)):
        if sum(counts) == size:
            ways = math.factorial(size) / math.prod(map(math.factorial, counts))
            chance = ways * math.prod(p**count for p, count in zip(probabilities, counts, strict=True))
            total += chance * sum(abs(count / size - p) for p, count in zip(probabilities, counts, strict=True))
    return total


@pytest.mark.parametrize("size", [1, 2, 5, 10])
@pytest.mark.parametrize(
    "probabilities", [[0.5, 0.5], [0.2, 0.3, 0.5], [0.0, 0.37, 0.63], [0.05, 0.15, 0.1, 0.7], [0.0, 1.0]]
)
def test_the_expected_distance_is_that_of_all_outcomes(probabilities, size):
    """Whole and broken size * p both occur: there the floor in de Moivre's formula jumps."""
    expected = enumerated_distance(probabilities, size)
    assert expected_binned_distance(np.array(probabilities), size) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_expected_distance_is_the_mean_over_simulated_samples():
    """Independent numbers of the law itself, put through binned_distance."""
    rng = np.random.default_rng(6)
    edges = np.linspace(-2, 2, 31)
    probabilities = np.diff(np.concatenate([[0], stats.norm.cdf(edges), [1]]))
    simulated = [binned_distance(rng.normal(size=500), edges, probabilities) for _ in range(400)]
    error = np.std(simulated) / math.sqrt(len(simulated))
    assert expected_binned_distance(probabilities, 500) == pytest.approx(np.mean(simulated), abs=4 * error)
    assert error < 0.01 * np.mean(simulated)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6)])
@pytest.mark.parametrize("gamma", [1e-3, 0.3, 20.0])
def test_the_training_loss_is_the_residual_of_ridge_regression(shape, gamma):
    """Eq. 20-21: independent targets of unit variance, one output; the mean over targets is that over unit vectors.

    The regression is solved here as least squares with gamma as further equations, without any eigenvalue.
    """
    y = np.random.default_rng(7).normal(size=shape)
    features, m = shape
    stacked = np.vstack([y.T, math.sqrt(m * gamma) * np.eye(features)])
    weights = np.linalg.lstsq(stacked, np.vstack([np.eye(m), np.zeros((features, m))]), rcond=None)[0]
    expected = np.sum((np.eye(m) - y.T @ weights) ** 2) / m
    eigenvalues = np.linalg.eigvalsh(y.T @ y / m)
    assert ridge_training_loss(eigenvalues, gamma) == pytest.approx(expected, rel=1e-9)
    # And eq. 21 as it stands, with the inverse.
    q = np.linalg.inv(y.T @ y / m + gamma * np.eye(m))
    assert gamma**2 * np.trace(q @ q) / m == pytest.approx(expected, rel=1e-9)


def test_the_training_loss_takes_many_gammas_at_once():
    eigenvalues = np.array([0.0, 1.0, 3.0])
    gammas = np.array([[1.0, 2.0], [1e-12, 1e12]])
    losses = ridge_training_loss(eigenvalues, gammas)
    assert losses.shape == (2, 2)
    assert losses[0, 0] == pytest.approx((1 + 1 / 4 + 1 / 16) / 3)
    assert losses[1] == pytest.approx([1 / 3, 1], rel=1e-9)
    assert ridge_training_loss(eigenvalues, 1.0) == losses[0, 0]


def test_bars_of_a_histogram_sum_to_the_share_of_the_whole_sample():
    """A part of the sample (its atom, say) may be left out: the area says so."""
    values = np.random.default_rng(8).gamma(2, size=300)
    rows = histogram("b", values, 13, total=400)
    assert {row[:2] for row in rows} == {("b", "histogram")}
    left, right, height = (np.array(column) for column in list(zip(*rows, strict=True))[2:])
    assert len(rows) == 13
    assert (left[0], right[-1]) == (values.min(), values.max())
    np.testing.assert_array_equal(left[1:], right[:-1])
    assert (right - left) @ height == pytest.approx(300 / 400)
    inside = np.sum((values >= left[3]) & (values < right[3]))
    assert height[3] * (right[3] - left[3]) == pytest.approx(inside / 400)


def test_values_beyond_given_edges_are_in_no_bar():
    rows = histogram("b", np.array([0.5, 1.5, 1.6, 7.0]), np.array([0.0, 1.0, 3.0]), total=4)
    assert rows == [("b", "histogram", 0.0, 1.0, 0.25), ("b", "histogram", 1.0, 3.0, 0.25)]


def test_a_crowded_left_end_is_magnified():
    """Most of 1000 values in [0, 1], a long tail, and two stragglers on the left, which would flatten the inset.

    Seen are the bulk alone, 70 % less the lowest half per cent, and the densities of the whole sample.
    """
    values = np.concatenate([np.linspace(2, 100, 300), np.linspace(0, 1, 698), [-20, -30]])
    rows = zoom("c", values, 10, total=2000)
    assert {row[:2] for row in rows} == {("c", "zoom")}
    assert len(rows) == 10
    assert 0 <= rows[0][2] < 0.01
    assert 0.99 < rows[-1][3] <= 1
    area = sum((right - left) * height for _, _, left, right, height in rows)
    assert area == pytest.approx(695 / 2000, abs=1 / 2000)


def test_an_even_spectrum_is_not_magnified():
    assert zoom("c", np.linspace(0, 1, 100), 10, total=100) == []
