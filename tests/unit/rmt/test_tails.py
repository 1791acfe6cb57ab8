"""Power-law tails: known exponents, an exhaustive search as twin, and p-values."""

import numpy as np
import pytest

from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.tails import fit_power_law, power_law_p_value
from deepspectra.runtime.errors import UserError


def exhaustive(values):
    """Exponent and beginning by a loop over all beginnings, from the definitions."""
    best = (np.inf, 0.0, 0.0)
    for smallest in sorted(set(values))[:-1]:
        tail = np.sort(values[values >= smallest])
        alpha = 1 + tail.size / np.log(tail / smallest).sum()
        heights = 1 - (tail / smallest) ** (1 - alpha)
        above, below = np.arange(1, tail.size + 1) / tail.size, np.arange(tail.size) / tail.size
        best = min(best, (max((above - heights).max(), (heights - below).max()), alpha, smallest))
    return best


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_an_exhaustive_search(seed):
    values = np.random.default_rng(seed).lognormal(size=120)
    found = fit_power_law(values)
    distance, alpha, smallest = exhaustive(values)
    assert (found.distance, found.alpha, found.smallest) == pytest.approx((distance, alpha, smallest))
    assert found.tail == np.sum(values >= smallest)


@pytest.mark.parametrize("alpha", [1.5, 2.5, 4.0])
def test_known_exponents_are_found(alpha):
    rng = np.random.default_rng([7, round(10 * alpha)])
    values = 3 * rng.uniform(size=5000) ** (-1 / (alpha - 1))
    found = fit_power_law(values)
    assert abs(found.alpha - alpha) < 4 * found.error


def test_p_values_of_power_laws_are_not_too_small():
    rng = np.random.default_rng(8)
    p = []
    for _ in range(60):
        values = rng.uniform(size=150) ** -0.5
        p.append(power_law_p_value(values, fit_power_law(values), 19, rng))
    assert np.mean(np.array(p) <= 0.2) < 0.2 + 3 * np.sqrt(0.16 / 60)


def test_what_is_no_power_law_is_rejected():
    rng = np.random.default_rng(9)
    # Two separate clusters: no beginning makes a power law.
    values = np.concatenate([rng.uniform(1, 1.01, size=300), rng.uniform(5, 5.05, size=300)])
    assert power_law_p_value(values, fit_power_law(values), 99, rng) <= 0.05


def test_a_random_matrix_has_a_steep_tail():
    values = laguerre_singular_values(600, 200, np.random.default_rng(10)) ** 2
    assert fit_power_law(values).alpha > 4


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 0.0]])
def test_values_without_a_tail_are_refused(values):
    with pytest.raises(UserError, match="at least two positive values that differ"):
        fit_power_law(np.array(values))
