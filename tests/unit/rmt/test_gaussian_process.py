"""Hessians of Gaussian processes: covariances of their entries, and the spectrum that follows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.gaussian_process import gaussian_process_hessian, process_density
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.ratios import mean_ratio


def draws(count, *arguments, **options):
    rng = np.random.default_rng(0)
    return np.array([gaussian_process_hessian(*arguments, rng, **options) for _ in range(count)])


def test_covariances_are_those_of_equation_14():
    found = draws(40_000, 3, 0.7, 0.2)
    np.testing.assert_array_equal(found, found.transpose(0, 2, 1))
    entries = np.stack([found[:, i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))])
    expected = np.diag([2 * 0.2] * 3 + [0.2] * 3)
    expected[:3, :3] += 0.7**2
    # Standard errors of covariances are at most 0.9 * sqrt(2 / 40000).
    np.testing.assert_allclose(np.cov(entries), expected, atol=4 * 0.9 * (2 / 40_000) ** 0.5)


def test_a_process_drawn_as_such_has_k2_in_the_place_of_k1_squared():
    """cos(w . x + phase) of random normal w has covariance exp(-|x - y|^2 / 2) / 2, so that k' = k'' = 1/2; sums of
    many are Gaussian. The covariances of their second derivatives: 3 k'' on the diagonal, not 2 k'' + k'^2."""
    rng = np.random.default_rng(0)
    waves, phases = rng.standard_normal((400_000, 2)), rng.uniform(0, 2 * np.pi, 400_000)
    second = -waves[:, [0, 1, 0]] * waves[:, [0, 1, 1]] * np.cos(phases)[:, None]
    expected = np.array([[1.5, 0.5, 0], [0.5, 1.5, 0], [0, 0, 0.5]])
    np.testing.assert_allclose(second.T @ second / 400_000, expected, atol=0.04)
    found = draws(40_000, 2, 0.5**0.5, 0.5)
    entries = np.stack([found[:, 0, 0], found[:, 1, 1], found[:, 0, 1]])
    np.testing.assert_allclose(np.cov(entries), expected, atol=0.06)


def test_without_the_common_shift_the_density_is_a_semicircle():
    levels = np.linalg.eigvalsh(draws(20, 200, 0.0, 0.5)).ravel() / (2 * (0.5 * 200) ** 0.5)

    def semicircle(x):
        x = np.clip(x, -1, 1)
        return 0.5 + (x * np.sqrt(1 - x**2) + np.arcsin(x)) / np.pi

    assert ks_distance(levels, semicircle) < 0.01


def test_the_common_shift_moves_spectra_as_a_whole():
    means = np.linalg.eigvalsh(draws(300, 50, 1.0, 1e-4)).mean(axis=1)
    assert means.std() == pytest.approx(1, rel=0.12)
    widths = np.linalg.eigvalsh(draws(300, 50, 1.0, 1e-4)).std(axis=1)
    assert widths.mean() == pytest.approx((1e-4 * 50) ** 0.5, rel=0.05)


@pytest.mark.parametrize("second", [1e-4, 0.1])
def test_the_density_over_many_samples_is_a_semicircle_blurred_by_the_shift(second):
    """Where the shift is nearly all there is, and where it is a fifth of the semicircle's radius."""
    levels = np.linalg.eigvalsh(draws(2000, 60, 1.0, second)).ravel()
    x = np.linspace(-10, 10, 2001)
    density = process_density(x, 60, 1.0, second)
    cdf = np.concatenate([[0], integrate.cumulative_simpson(density, x=x)])
    assert cdf[-1] == pytest.approx(1, abs=1e-6)
    # The shifts of 2000 samples are as many independent numbers; half a per cent is for the finite matrix.
    assert ks_distance(levels, lambda values: np.interp(values, x, cdf)) < 1.36 / 2000**0.5 + 0.005


def test_the_density_of_a_small_shift_is_the_semicircle():
    x = np.linspace(-80, 80, 41)
    expected = stats.semicircular(scale=2 * 3000**0.5).pdf(x)
    np.testing.assert_allclose(process_density(x, 300, 1.0, 10.0), expected, rtol=3e-4)


def test_ratios_are_those_of_the_orthogonal_ensemble():
    found = mean_ratio(list(np.linalg.eigvalsh(draws(60, 200, 1.0, 0.1))), seed=1)
    assert found.value == pytest.approx(GOE_MEAN, abs=4 * found.error)


def test_degenerate_directions_and_outliers():
    found = draws(50, 30, 0.0, 1e-6, degenerate=5, outliers=[3.0, 5.0, 7.0, 9.0])
    assert found.shape == (50, 35, 35)
    assert not found[:, 30:].any()
    assert not found[:, :, 30:].any()
    levels = np.linalg.eigvalsh(found)
    np.testing.assert_allclose(levels[:, -4:], np.tile([3.0, 5.0, 7.0, 9.0], (50, 1)), atol=0.02)
    assert np.abs(levels[:, :-4]).max() < 0.1
