from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.laws.spacings import goe_number_variance, goe_spacing_cdf, wigner_surmise
from deepspectra.rmt.nulls import goe_levels, laguerre_singular_values


def test_the_surmise_is_that_of_the_paper():
    s = np.linspace(0, 4, 30)
    np.testing.assert_allclose(wigner_surmise.pdf(s), np.pi * s / 2 * np.exp(-np.pi * s**2 / 4), rtol=1e-13, atol=1e-16)
    assert wigner_surmise.mean() == pytest.approx(1, rel=1e-14)


def test_two_by_two_symmetric_matrices_have_the_surmise_exactly():
    rng = np.random.default_rng(0)
    a, c, b = rng.normal(size=(3, 20000)) * np.array([[2**0.5], [2**0.5], [1]])
    gaps = np.sqrt((a - c) ** 2 + 4 * b**2)
    # Both terms are squares of N(0, 4): the gap has Rayleigh's law of scale 2, whose mean is sqrt(2 pi).
    assert ks_distance(gaps / np.sqrt(2 * np.pi), wigner_surmise.cdf) < 1.36 / 20000**0.5


def test_large_matrices_come_within_a_hundredth_of_the_surmise():
    """Unfolded by their limit law, which knows nothing of the sample."""
    rng, size = np.random.default_rng(0), 500
    law = singular_value_marchenko_pastur(2 * size, size, 1.0)
    gaps = [np.diff(size * law.cdf(laguerre_singular_values(2 * size, size, rng))) for _ in range(40)]
    assert ks_distance(np.concatenate(gaps), wigner_surmise.cdf) < 0.01


def test_the_exact_law_has_mean_one_the_known_variance_and_repulsion():
    """Variance 0.286 (Mehta 2004; the surmise has 4 / pi - 1 = 0.273); P(s) = pi^2 s / 6 for small s, not pi s / 2."""
    s = np.linspace(0, 9, 901)
    cdf = goe_spacing_cdf(s)
    assert (np.diff(cdf) > -1e-13).all()
    assert (cdf[0], cdf[-1]) == pytest.approx((0, 1), abs=1e-13)
    assert integrate.simpson(1 - cdf, x=s) == pytest.approx(1, abs=1e-7)
    assert integrate.simpson(2 * s * (1 - cdf), x=s) - 1 == pytest.approx(0.2855, abs=1e-4)
    small = np.array([1e-3, 1e-2])
    np.testing.assert_allclose(goe_spacing_cdf(small), np.pi**2 * small**2 / 12, rtol=2e-4)


def test_the_exact_law_is_that_of_large_matrices_and_the_surmise_is_not():
    """Spacings are rigid: their distance is below that of as many independent draws in 95 % of samples."""
    rng, size = np.random.default_rng(0), 400
    law = stats.semicircular(scale=(2 * size) ** 0.5)
    heights = [size * law.cdf(goe_levels(size, rng))[size // 10 : -size // 10] for _ in range(400)]
    gaps = np.concatenate([np.diff(unfolded) for unfolded in heights])
    grid = np.linspace(0, 8, 801)
    exact = goe_spacing_cdf(grid)
    assert ks_distance(gaps, lambda values: np.interp(values, grid, exact)) < 1.36 / gaps.size**0.5 < 0.004
    assert ks_distance(gaps, wigner_surmise.cdf) == pytest.approx(0.0066, abs=0.0015)


def exact_number_variance(length):
    """L - 2 int_0^L (L - r) Y2(r) dr with Dyson's two-level cluster function of the orthogonal ensemble."""

    def cluster(r):
        sine = np.sinc(r)
        slope = (np.cos(np.pi * r) - sine) / r if r > 0 else 0.0
        return sine**2 + slope * (0.5 - special.sici(np.pi * r)[0] / np.pi)

    integral, _ = integrate.quad(lambda r: (length - r) * cluster(r), 0, length, limit=300)
    return length - 2 * integral


def test_the_number_variance_is_the_asymptote_of_the_exact_one():
    lengths = np.array([1.0, 3.0, 10.0, 30.0])
    exact = np.array([exact_number_variance(length) for length in lengths])
    missing = exact - goe_number_variance(lengths)
    assert missing[:2] == pytest.approx([0.0043, 0.00055], rel=0.01)
    # It vanishes as 1 / l^2.
    assert missing[3] * 900 == pytest.approx(missing[2] * 100, rel=0.02)


def test_the_number_variance_has_the_shape_of_the_lengths():
    assert goe_number_variance(np.ones((2, 3))).shape == (2, 3)
    assert goe_number_variance(0.0) == -np.inf
