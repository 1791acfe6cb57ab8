from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate
from scipy.linalg import eigvalsh_tridiagonal

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN, goe_ratio_cdf, ratio_surmise
from deepspectra.rmt.ratios import folded, spacing_ratios


def test_the_distribution_function_is_the_integral_of_the_density():
    for r in (0.0, 0.3, 1.0, 4.0, 50.0):
        integral, _ = integrate.quad(lambda x: 27 * (x + x**2) / (8 * (1 + x + x**2) ** 2.5), 0, r)
        assert ratio_surmise.cdf(r) == pytest.approx(integral, abs=1e-12)
    assert ratio_surmise.cdf(np.inf) == pytest.approx(1)
    # r and 1/r have the same law, and 0.985 of it is below 10, as the paper says.
    assert ratio_surmise.cdf(1) == pytest.approx(0.5, abs=1e-14)
    assert ratio_surmise.cdf(10) == pytest.approx(0.985, abs=1e-3)


def test_means_of_the_folded_ratio():
    mean, _ = integrate.quad(lambda r: 2 * r * ratio_surmise.pdf(r), 0, 1)
    assert mean == pytest.approx(SURMISE_MEAN)
    assert pytest.approx(0.5359, abs=1e-4) == SURMISE_MEAN
    # Independent levels: P(r) = 1 / (1 + r)^2.
    mean, _ = integrate.quad(lambda r: 2 * r / (1 + r) ** 2, 0, 1)
    assert mean == pytest.approx(POISSON_MEAN)


def test_three_by_three_matrices_have_the_surmise_exactly():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(20000, 3, 3))
    levels = np.linalg.eigvalsh(matrices + matrices.transpose(0, 2, 1))
    ratios = np.concatenate([spacing_ratios(row) for row in levels])
    assert ks_distance(ratios, ratio_surmise.cdf) < 1.36 / 20000**0.5


def test_large_matrices_have_the_orthogonal_mean_and_not_the_surmise():
    """Tridiagonal matrices with the eigenvalues of the Gaussian ensemble (Dumitriu and Edelman 2002)."""
    rng, size = np.random.default_rng(0), 400
    means = []
    for _ in range(400):
        diagonal, beside = rng.normal(scale=2**0.5, size=size), np.sqrt(rng.chisquare(np.arange(size - 1, 0, -1)))
        # The middle half: at the edges the mean is another.
        levels = eigvalsh_tridiagonal(diagonal, beside)[size // 4 : -size // 4]
        means.append(folded(spacing_ratios(levels)).mean())
    error = np.std(means, ddof=1) / len(means) ** 0.5
    assert np.mean(means) == pytest.approx(GOE_MEAN, abs=3 * error)
    assert np.mean(means) < SURMISE_MEAN - 3 * error


def correction(r):
    """As Atas et al. (2013) print it, eq. 9, for the orthogonal ensemble: beta = 1."""
    both = r + 1 / r
    return 0.233378 / (1 + r) ** 2 * (both**-1 - 2 * (np.pi - 2) / (4 - np.pi) * both**-2)


def test_large_matrices_have_the_surmise_with_its_correction():
    ratios = np.array([0.2, 0.5, 1.0, 3.0, 20.0])
    corrections = [integrate.quad(correction, 0, r)[0] for r in ratios]
    np.testing.assert_allclose(goe_ratio_cdf(ratios) - ratio_surmise.cdf(ratios), corrections, atol=1e-6)
    assert max(np.abs(corrections)) > 1e-3
    assert goe_ratio_cdf(np.array([0.0, 1e6])) == pytest.approx([0, 1], abs=1e-6)


def test_the_law_of_large_matrices_has_their_mean():
    """E min(r, 1/r) is twice the integral of r p(r) up to 1: F(1) is 1/2 for ratios and their inverses alike."""
    r = np.linspace(0, 1, 2001)
    cumulated = goe_ratio_cdf(r)
    assert cumulated[-1] == pytest.approx(0.5, abs=1e-6)
    assert 2 * (0.5 - np.trapezoid(cumulated, r)) == pytest.approx(GOE_MEAN, abs=1e-4)
