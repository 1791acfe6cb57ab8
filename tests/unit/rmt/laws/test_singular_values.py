from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, optimize

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import (
    ModifiedMarchenkoPastur,
    fit_modified_marchenko_pastur,
    singular_value_marchenko_pastur,
)
from deepspectra.runtime.errors import UserError

SHAPES = [(512, 512), (1024, 512), (3072, 512)]


def quantiles(law, count):
    """The values at which a law of fraction 1 has the levels (k - 1/2) / count."""
    lower, upper = law.edges
    grid = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, 50_000)) ** 2
    return np.interp((np.arange(count) + 0.5) / count, law.cdf(grid), grid)


def sigma_of(law, columns):
    """Standard deviation of the matrix entries, by eq. 2.

    It remains that of the noise if a few large singular values were added to a random matrix: the edges of the others,
    fraction m of them, are closer together by the same factor.
    """
    return (law.nu_max - law.nu_min) / (2 * math.sqrt(law.fraction * columns))


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_density_is_that_of_the_paper(rows, columns):
    """Eq. 2 as it stands."""
    sigma = 0.03
    law = singular_value_marchenko_pastur(rows, columns, sigma)
    tilde = sigma * math.sqrt(rows)
    lower, upper = tilde * (1 - math.sqrt(columns / rows)), tilde * (1 + math.sqrt(columns / rows))
    assert law.edges == (pytest.approx(lower, abs=1e-15), pytest.approx(upper))
    x = np.linspace(lower, upper, 23)[1:-1]
    root = np.sqrt((upper**2 - x**2) * (x**2 - lower**2))
    np.testing.assert_allclose(law.density(x), rows / columns / (math.pi * tilde**2 * x) * root, rtol=1e-10)
    assert law.density(np.array([-1.0, lower * 0.99 - 1e-9, upper * 1.01])).tolist() == [0, 0, 0]


@pytest.mark.parametrize("edges", [(0.0, 2.0), (0.3, 2.0), (5.0, 5.5)])
@pytest.mark.parametrize("fraction", [1.0, 0.7])
def test_the_distribution_function_is_the_integral_of_the_density(edges, fraction):
    law = ModifiedMarchenkoPastur(*edges, fraction)
    lower, upper = edges
    for share in (0.0, 0.02, 0.4, 0.97, 1.0):
        x = lower + share * (upper - lower)
        integral, _ = integrate.quad(law.density, lower, x, epsabs=1e-12, epsrel=1e-12, limit=400)
        assert law.cdf(x) == pytest.approx(integral, abs=1e-9)
    assert law.cdf(np.array([[-1.0, lower], [upper, 99.0]])).tolist() == [[0, 0], [fraction, fraction]]


def test_a_square_matrix_has_a_quarter_circle_with_a_value_at_zero():
    law = singular_value_marchenko_pastur(100, 100, 0.1)
    assert law.edges == (0, pytest.approx(2))
    np.testing.assert_allclose(law.density(np.array([0.0, 1.0])), [2 / math.pi, 3**0.5 / math.pi])


@pytest.mark.parametrize(("rows", "columns"), [(400, 400), (800, 400)])
def test_random_matrices_have_this_law(rows, columns):
    matrix = 0.2 * np.random.default_rng(0).normal(size=(rows, columns))
    values = np.linalg.svd(matrix, compute_uv=False)
    # The spectrum is rigid: nowhere is it off by more than a few levels.
    assert ks_distance(values, singular_value_marchenko_pastur(rows, columns, 0.2).cdf) < 4 / columns


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_fit_finds_the_law_of_its_quantiles(rows, columns):
    law = singular_value_marchenko_pastur(rows, columns, 0.05)
    fit = fit_modified_marchenko_pastur(quantiles(law, columns))
    assert fit.nu_min == pytest.approx(law.nu_min, abs=0.01 * (law.nu_max - law.nu_min))
    # One to three values in each of the last bins: so coarse a density moves the edge by half a bin.
    assert fit.nu_max == pytest.approx(law.nu_max, rel=5e-3)
    assert fit.fraction == pytest.approx(1, abs=3e-3)
    assert sigma_of(fit, columns) == pytest.approx(0.05, rel=5e-3)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_fit_becomes_exact_with_many_values(rows, columns):
    law = singular_value_marchenko_pastur(rows, columns, 0.05)
    fit = fit_modified_marchenko_pastur(quantiles(law, 200_000))
    assert (fit.nu_min, fit.nu_max) == pytest.approx(law.edges, abs=3e-4 * law.nu_max)
    assert fit.fraction == pytest.approx(1, abs=1e-4)
    assert sigma_of(fit, columns) == pytest.approx(0.05, rel=3e-4)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_fit_leaves_outliers_out(rows, columns):
    """One value in twenty lies at up to twice the edge, so that the bulk has about half of the bins."""
    count = columns // 20
    law = singular_value_marchenko_pastur(rows, columns, 0.05)
    bulk = quantiles(law, columns - count)
    fit = fit_modified_marchenko_pastur(np.concatenate([law.nu_max * np.linspace(1.2, 2, count), bulk]))
    assert fit.fraction == pytest.approx(1 - count / columns, abs=6e-3)
    assert fit.nu_max == pytest.approx(law.nu_max, rel=6e-3)


@pytest.mark.parametrize(("rows", "columns"), [(512, 512), (1024, 512)])
def test_the_fit_finds_the_noise_under_a_signal(rows, columns):
    """A random matrix plus one of rank 40 with large singular values: what is left has sigma and 472 of 512 values."""
    rng, rank = np.random.default_rng(0), 40
    signal = np.linalg.qr(rng.normal(size=(rows, rank)))[0] @ np.linalg.qr(rng.normal(size=(columns, rank)))[0].T
    matrix = 0.1 * rng.normal(size=(rows, columns)) + 1.6 * 0.1 * (rows**0.5 + columns**0.5) * signal
    fit = fit_modified_marchenko_pastur(np.linalg.svd(matrix, compute_uv=False))
    assert fit.fraction == pytest.approx(1 - rank / columns, abs=0.01)
    assert sigma_of(fit, columns) == pytest.approx(0.1, rel=0.01)


def loss(values, upper, fraction, bins):
    """Sum of squares between both densities in bins, the law's integrated by quadrature."""
    density, edges = np.histogram(values, bins=bins, density=True)
    law = ModifiedMarchenkoPastur(values.min(), upper, fraction)
    integrals = [
        integrate.quad(law.density, left, min(right, upper), epsabs=1e-9)[0] if left < upper else 0.0
        for left, right in itertools.pairwise(edges)
    ]
    return np.sum((density - integrals / np.diff(edges)) ** 2)


def test_no_other_parameters_fit_better():
    """A search in both parameters, with integrals by quadrature, from two starts of its own."""
    rng = np.random.default_rng(0)
    values = np.linalg.svd(rng.normal(size=(150, 100)), compute_uv=False)
    values[:10] *= 1.3
    fit = fit_modified_marchenko_pastur(values, bins=20)
    here = loss(values, fit.nu_max, fit.fraction, 20)
    for start in ([values.max(), 1.0], [0.8 * values.max(), 0.9]):
        found = optimize.minimize(
            lambda p: loss(values, p[0], p[1], 20), start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9}
        )
        assert here <= found.fun + 1e-8


def test_the_fit_scales_with_the_spectrum_and_not_with_its_order():
    values = np.random.default_rng(0).uniform(1, 3, size=200)
    one, other = fit_modified_marchenko_pastur(values), fit_modified_marchenko_pastur(1e-3 * np.sort(values)[::-1])
    assert other.nu_max == pytest.approx(1e-3 * one.nu_max, rel=1e-5)
    assert other.fraction == pytest.approx(one.fraction, rel=1e-5)


def test_what_follows_no_law_may_give_a_fraction_above_one():
    """It is not held at 1, so that a poor fit can be seen."""
    assert fit_modified_marchenko_pastur(np.linspace(1, 2, 400) ** 0.2).fraction > 1.05


@pytest.mark.parametrize("edges", [(-1, 2), (2, 2), (3, 2), (0, math.inf), (math.nan, 1)])
def test_edges_that_are_none_are_refused(edges):
    with pytest.raises(UserError, match="nu_min < nu_max"):
        ModifiedMarchenkoPastur(*edges)


@pytest.mark.parametrize(("shape", "sigma"), [((10, 20), 1), ((10, 0), 1), ((10, 5), 0), ((10, 5), math.nan)])
def test_wide_matrices_and_deviations_that_are_none_are_refused(shape, sigma):
    with pytest.raises(UserError, match="nu_min < nu_max"):
        singular_value_marchenko_pastur(*shape, sigma)
