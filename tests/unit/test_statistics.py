from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.errors import UserError
from deepspectra.statistics import ks_distance


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
