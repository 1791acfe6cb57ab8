from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import erfc

from deepspectra.rmt import unfolding
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.nulls import laguerre_singular_values
from deepspectra.rmt.unfolding import UNFOLDINGS, empirical, gaussian_broadening, polynomial, staircase
from deepspectra.runtime.errors import UserError


def every_pair(levels, half_window):
    """Eq. 4 and 5, one sum after the other."""
    count, unfolded = len(levels), []
    widths = [(levels[min(k + half_window, count - 1)] - levels[max(k - half_window, 0)]) / 2 for k in range(count)]
    for level in levels:
        terms = [
            erfc((centre - level) / (width * 2**0.5)) / 2
            if width > 0
            else (int(level > centre) + int(level >= centre)) / 2
            for centre, width in zip(levels, widths, strict=True)
        ]
        unfolded.append(sum(terms))
    return np.array(unfolded)


def spectra():
    rng = np.random.default_rng(0)
    return {
        "gaussian": np.sort(rng.normal(size=300)),
        "heavy tail": np.sort(rng.pareto(0.5, size=300)),
        "few": np.sort(rng.normal(size=16)),
        "outlier": np.append(np.arange(100.0), 1e9),
        "multiples": np.sort(rng.integers(0, 9, size=150)).astype(float),
        "atom": np.concatenate([np.zeros(60), 1 + np.arange(60.0)]),
        "tiny": np.sort(rng.normal(size=100)) * 1e-300,
    }


@pytest.mark.parametrize("name", spectra())
@pytest.mark.parametrize("half_window", [1, 7])
@pytest.mark.parametrize("block", [1 << 18, 40])
def test_the_broadening_is_the_sum_over_every_pair(name, half_window, block, monkeypatch):
    """In one block, and in blocks that are smaller than what a single level needs."""
    monkeypatch.setattr(unfolding, "_BLOCK", block)
    levels = spectra()[name]
    unfolded = gaussian_broadening(levels, half_window)
    assert unfolded.dtype == np.float64
    np.testing.assert_allclose(unfolded, every_pair(levels, half_window), rtol=1e-12, atol=1e-12)


def test_the_broadening_of_a_long_spectrum_agrees_to_twelve_digits():
    levels = laguerre_singular_values(4096, 4096, np.random.default_rng(0))
    index = np.arange(4096)
    widths = (levels[np.minimum(index + 7, 4095)] - levels[np.maximum(index - 7, 0)]) / 2
    unfolded = gaussian_broadening(levels)
    for i in (0, 1, 100, 2048, 4000, 4095):
        assert unfolded[i] == pytest.approx(erfc((levels - levels[i]) / widths / 2**0.5).sum() / 2, rel=1e-12)


def test_equal_levels_make_a_step():
    """Each of 20 counts 1/2 at itself and at its equals, 1 above and 0 below; broad neighbours are far away."""
    levels = np.concatenate([np.full(20, 3.0), 1000 + np.arange(20.0)])
    unfolded = gaussian_broadening(levels, 1)
    # The last of the equal levels has a neighbour above, and so a width that is not zero.
    assert unfolded[:19] == pytest.approx(10, abs=0.05)
    assert (unfolded[:20] == unfolded[0]).all()
    assert gaussian_broadening(np.full(15, -2.0)).tolist() == [7.5] * 15


@pytest.mark.parametrize("name", UNFOLDINGS)
def test_unfolded_levels_ascend_with_mean_density_one(name):
    """Beside the limit law's own staircase, which differs by the fluctuations of a rigid spectrum and at the ends."""
    rng, count = np.random.default_rng(0), 800
    levels = laguerre_singular_values(2 * count, count, rng)
    unfolded = UNFOLDINGS[name](levels, 9)
    assert unfolded.shape == (count,)
    assert (np.diff(unfolded) >= 0).all()
    law = singular_value_marchenko_pastur(2 * count, count, 1.0)
    assert np.abs(unfolded - count * law.cdf(levels)).max() < 4
    assert np.mean(np.diff(unfolded)[20:-20]) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize("name", UNFOLDINGS)
def test_neither_scale_nor_origin_of_the_levels_matters(name):
    levels = np.sort(np.random.default_rng(0).normal(size=200))
    expected = UNFOLDINGS[name](levels, 7)
    np.testing.assert_allclose(UNFOLDINGS[name](8 * levels - 0.3, 7), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("count", [15, 16, 150, 151])
def test_the_staircase_is_met_at_every_fifteenth_level_and_at_both_ends(count):
    levels = np.sort(np.random.default_rng(0).exponential(size=count))
    unfolded = staircase(levels)
    middles = np.arange(count) + 0.5
    np.testing.assert_allclose(unfolded[::15], middles[::15], rtol=1e-12)
    assert unfolded[-1] == pytest.approx(count - 0.5)
    assert (np.diff(unfolded) >= 0).all()
    assert count < 20 or np.abs(unfolded - middles).max() > 0.05


def test_the_staircase_of_even_levels_is_straight():
    np.testing.assert_allclose(staircase(np.linspace(-4, 9, 131)), np.arange(131) + 0.5, rtol=1e-12)


def test_the_staircase_bears_equal_levels():
    """Each group shares the middle of its step, whether it holds a knot, several or none."""
    levels = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [40, 3, 15, 2, 1])
    unfolded = staircase(levels, 2)
    assert unfolded[[0, 39]] == pytest.approx(20)
    assert unfolded[57] == pytest.approx(43 + 7.5)
    assert unfolded[-1] == pytest.approx(60.5)
    for group in np.unique(levels):
        assert np.ptp(unfolded[levels == group]) == 0
    assert (np.diff(unfolded) >= 0).all()
    assert staircase(np.full(15, 4.0)).tolist() == [7.5] * 15


def test_a_polynomial_staircase_is_met_exactly():
    """The k-th level at sqrt(k - 1/2): a parabola."""
    middles = np.arange(60) + 0.5
    np.testing.assert_allclose(polynomial(np.sqrt(middles), 2), middles, rtol=1e-10)
    assert np.abs(polynomial(np.sqrt(middles), 1) - middles).max() > 1


def test_the_polynomial_is_that_of_least_squares():
    levels = np.sort(np.random.default_rng(0).normal(size=80))
    powers = np.vander(levels, 6)
    weights = np.linalg.lstsq(powers, np.arange(80) + 0.5, rcond=None)[0]
    expected = powers @ weights
    assert (np.diff(expected) > 0).all()
    np.testing.assert_allclose(polynomial(levels, 5), expected, rtol=1e-9)


def test_where_the_polynomial_falls_spacings_are_zero_and_not_negative():
    levels = np.concatenate([np.linspace(0, 1, 200), [1.5, 2.5, 4.0]])
    fit = np.polynomial.Polynomial.fit(levels, np.arange(203) + 0.5, 5)
    falling = np.count_nonzero(fit(levels) < np.maximum.accumulate(fit(levels)))
    gaps = np.diff(polynomial(levels, 5))
    assert falling > 0
    assert (gaps >= 0).all()
    assert np.count_nonzero(gaps == 0) == falling


def test_distant_outliers_leave_the_polynomial_finite():
    levels = np.concatenate([np.linspace(0, 1e-9, 200), [1.0, 2.0]])
    unfolded = polynomial(levels, 9)
    assert np.isfinite(unfolded).all()
    assert (np.diff(unfolded) >= 0).all()


@pytest.mark.parametrize("name", UNFOLDINGS)
@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.arange(20.0)[::-1], "ascending"),
        (np.append(np.arange(20.0), np.nan), "finite"),
        (np.append(np.arange(20.0), np.inf), "finite"),
        (np.arange(4.0), "more than"),
        (np.ones((20, 20)), "one dimension"),
    ],
)
def test_levels_that_cannot_be_unfolded_are_refused(name, levels, message):
    with pytest.raises(UserError, match=message):
        UNFOLDINGS[name](levels, 5)


def test_a_polynomial_needs_more_levels_than_it_has_coefficients():
    with pytest.raises(UserError, match="distinct"):
        polynomial(np.repeat([0.0, 1.0, 2.0], 10), 3)
    np.testing.assert_allclose(polynomial(np.repeat([0.0, 1.0, 2.0], 10), 2)[::10], [5, 15, 25])


def test_exactly_the_whole_window_of_levels_is_enough():
    levels = np.sort(np.random.default_rng(0).normal(size=15))
    assert gaussian_broadening(levels, 7).shape == (15,)
    with pytest.raises(UserError, match="more than 14"):
        gaussian_broadening(levels[:14], 7)


def test_levels_are_unfolded_by_the_others_distribution_function():
    """By hand, ties as in eq. 10 (strictly below); and by the true law where the pool is large."""
    np.testing.assert_allclose(empirical(np.array([0.5, 1.0, 2.5]), np.array([3.0, 1.0, 2.0])), [0, 0, 2])
    rng = np.random.default_rng(0)
    levels = np.sort(rng.normal(size=400))
    unfolded = empirical(levels, rng.normal(size=200_000))
    np.testing.assert_allclose(unfolded, 400 * stats.norm.cdf(levels), atol=400 * 4 * 0.5 / 200_000**0.5)
    assert np.diff(unfolded).mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("levels", "pool"), [([1.0, 2.0], []), ([2.0, 1.0], [1.0]), ([1.0], [np.inf])])
def test_levels_without_a_pool_are_refused(levels, pool):
    with pytest.raises(UserError, match="levels"):
        empirical(np.array(levels), np.array(pool))
