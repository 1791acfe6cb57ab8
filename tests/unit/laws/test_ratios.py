from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from deepspectra.laws import ORTHOGONAL_MEAN, POISSON_MEAN, SURMISE_MEAN, ratio_surmise
from deepspectra.ratios import folded, spacing_ratios
from deepspectra.statistics import ks_distance


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


def test_large_matrices_have_the_orthogonal_mean():
    rng = np.random.default_rng(0)
    means = []
    for _ in range(60):
        matrix = rng.normal(size=(200, 200))
        # The middle half: at the edges the mean is another.
        means.append(folded(spacing_ratios(np.linalg.eigvalsh(matrix + matrix.T)[50:150])).mean())
    error = np.std(means, ddof=1) / 60**0.5
    assert np.mean(means) == pytest.approx(ORTHOGONAL_MEAN, abs=3 * error)
    assert error < 0.004
