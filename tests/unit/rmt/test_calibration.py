from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.calibration import false_discovery, largest_deviation, monte_carlo_p_value, null_band
from deepspectra.rmt.levels import spacing_ks
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.unfolding import gaussian_broadening
from deepspectra.runtime.errors import UserError


def test_p_values_count_the_draws_that_reach_the_statistic():
    """Ties count as reached."""
    result = monte_carlo_p_value([[0.0, 1.0], [2.5, np.nan]], [2.0, 1.0, 1.0, 3.0])
    np.testing.assert_allclose(result.value, [[1, 1], [2 / 5, np.nan]])
    np.testing.assert_allclose(result.error, [[0, 0], [(0.4 * 0.6 / 4) ** 0.5, np.nan]])
    assert monte_carlo_p_value(9.0, np.arange(9)).value == pytest.approx(0.1)
    assert monte_carlo_p_value(9.0, np.arange(9)).value.shape == ()


def test_of_numbers_that_cannot_be_told_apart_each_rank_is_as_likely():
    """Each of 20 against the other 19: exactly the p-values 1/20, 2/20, ..., 1, which makes the test hold its level."""
    numbers = np.random.default_rng(0).normal(size=20)
    p_values = [monte_carlo_p_value(numbers[i], np.delete(numbers, i)).value for i in range(20)]
    np.testing.assert_allclose(np.sort(p_values), np.arange(1, 21) / 20)


def test_the_error_is_the_scatter_from_one_null_to_the_next():
    rng = np.random.default_rng(0)
    results = [monte_carlo_p_value(0.8, rng.uniform(size=300)) for _ in range(2000)]
    values, errors = np.array(results).T
    assert values.mean() == pytest.approx(0.2, abs=0.005)
    assert errors.mean() == pytest.approx(values.std(), rel=0.06)


@pytest.mark.parametrize("null", [[], [1.0, np.nan]])
def test_a_null_without_draws_is_refused(null):
    with pytest.raises(UserError, match="draws"):
        monte_carlo_p_value(1.0, null)


def adjusted_by_hand(p_values):
    """min over j >= i of m p_(j) / j, at most 1."""
    order, count = np.argsort(p_values), len(p_values)
    adjusted = np.empty(count)
    for i in range(count):
        adjusted[order[i]] = min(1, *(count * p_values[order[j]] / (j + 1) for j in range(i, count)))
    return adjusted


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg():
    p_values = np.random.default_rng(0).uniform(size=30) ** 2
    np.testing.assert_allclose(false_discovery(p_values), adjusted_by_hand(p_values), rtol=1e-12)


def test_tests_that_were_not_made_do_not_count():
    p_values = np.array([[0.01, np.nan, 0.04], [np.nan, 0.5, 0.03]])
    adjusted = false_discovery(p_values)
    made = ~np.isnan(p_values)
    assert np.isnan(adjusted[~made]).all()
    np.testing.assert_allclose(adjusted[made], adjusted_by_hand(p_values[made]), rtol=1e-12)
    assert np.isnan(false_discovery(np.array([np.nan]))).all()
    assert false_discovery(np.array([])).shape == (0,)


@pytest.mark.parametrize("p_value", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(p_value):
    with pytest.raises(ValueError, match="between 0 and 1"):
        false_discovery(np.array([0.5, p_value]))


def test_the_band_holds_its_share_of_the_draws_at_every_place():
    samples = np.random.default_rng(0).normal(size=(4000, 3)) * [1, 2, 3]
    lower, upper = null_band(samples, 0.9)
    np.testing.assert_allclose(lower, stats.norm.ppf(0.05) * np.array([1, 2, 3]), rtol=0.06)
    np.testing.assert_allclose(((samples >= lower) & (samples <= upper)).mean(axis=0), 0.9, atol=1e-3)


def test_draws_without_a_value_at_a_place_leave_the_others_there():
    samples = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, np.nan], [3.0, np.nan, 7.0]]).reshape(3, 3, 1)
    lower, upper = null_band(samples, 0.5)
    np.testing.assert_allclose(lower, [[1.5], [np.nan], [5.5]])
    np.testing.assert_allclose(upper, [[2.5], [np.nan], [6.5]])


def spacing_test(levels):
    return spacing_ks(np.diff(gaussian_broadening(levels, 7)))


@pytest.mark.parametrize(("rows", "columns"), [(256, 256), (512, 256)])
def test_calibrated_p_values_are_uniform_where_the_plain_ones_are_not(rows, columns):
    """300 dense Gaussian matrices, decomposed as such, against 400 draws of the bidiagonal model."""
    rng = np.random.default_rng(0)
    null = [spacing_test(laguerre_singular_values(rows, columns, rng))[0] for _ in range(400)]
    dense = [np.linalg.svd(rng.normal(size=(rows, columns)), compute_uv=False)[::-1] for _ in range(300)]
    statistics, plain = np.array([spacing_test(levels) for levels in dense]).T
    calibrated = monte_carlo_p_value(statistics, null).value
    uniform = {name: stats.kstest(p, "uniform").pvalue for name, p in (("plain", plain), ("calibrated", calibrated))}
    # All share the null's 400 draws, so that the test of uniformity is stricter than it says; this one is exact.
    same = stats.ks_2samp(statistics, null).pvalue
    numbers = (
        f"{rows} x {columns}: uniform p {uniform}, same law p {same:.3g}; "
        f"medians: plain {np.median(plain):.3f}, calibrated {np.median(calibrated):.3f}; "
        f"below 0.05: plain {np.mean(plain < 0.05):.3f}, calibrated {np.mean(calibrated < 0.05):.3f}"
    )
    assert same > 0.01, numbers
    assert uniform["calibrated"] > 0.01, numbers
    assert uniform["plain"] < 1e-6, numbers
    assert 0.55 < np.median(plain) < 0.75, numbers
    assert np.mean(plain < 0.05) < 0.02, numbers


def test_levels_without_repulsion_are_found_out():
    """Calibration keeps the power: independent levels, unfolded alike, are further off than all draws of the null."""
    rng = np.random.default_rng(0)
    null = [spacing_test(laguerre_singular_values(128, 128, rng))[0] for _ in range(100)]
    observed = spacing_test(np.sort(rng.uniform(size=128)))[0]
    assert monte_carlo_p_value(observed, null).value == pytest.approx(1 / 101)


def test_the_largest_deviation_is_that_of_one_curve_against_all_draws():
    """By hand for one curve, and uniform as a Monte Carlo p-value where the draws' places are correlated."""
    source = np.random.default_rng(0)
    draws = np.cumsum(source.standard_normal((400, 30)), axis=1) + 5
    curve = draws[7] + np.linspace(0, 3, 30)
    expected = max(
        abs(curve[place] - np.median(draws[:, place])) / np.std(draws[:, place], ddof=1) for place in range(30)
    )
    assert largest_deviation(draws, curve) == pytest.approx(expected)
    own = largest_deviation(draws)
    assert own.shape == (400,)
    fresh = np.cumsum(source.standard_normal((300, 30)), axis=1) + 5
    p = monte_carlo_p_value(largest_deviation(draws, fresh), own).value
    assert stats.kstest(p, "uniform").pvalue > 0.001
    far = monte_carlo_p_value(largest_deviation(draws, fresh + 20), own).value
    assert far.max() == pytest.approx(1 / 401)
