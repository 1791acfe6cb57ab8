"""Distances between samples and laws, by hand, by enumeration and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.distances import binned_distance, expected_binned_distance, ks_distance
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
