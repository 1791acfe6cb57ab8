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
    marchenko_pastur_bulk,
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
    # The square of an edge is rounded, and may lie inside by that.
    ends = law.cdf(np.array([[-1.0, lower], [upper, 99.0]]))
    np.testing.assert_allclose(ends, [[0, 0], [fraction, fraction]], rtol=0, atol=1e-20)


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


def random_values(rows, columns, seed=0):
    return np.linalg.svd(np.random.default_rng(seed).normal(size=(rows, columns)), compute_uv=False)[::-1]


@pytest.mark.parametrize("times", [2, 80, 1e6])
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_a_spike_does_not_break_the_fit(rows, columns, times):
    """At 80 times the edge the bulk of a hundred bins over the whole spectrum would be in one or two of them."""
    values = random_values(rows, columns)
    whole = fit_modified_marchenko_pastur(values)
    fit = fit_modified_marchenko_pastur(np.append(values, times * values[-1]))
    assert fit.nu_max == pytest.approx(whole.nu_max, rel=0.02)
    assert fit.fraction == pytest.approx(columns / (columns + 1), abs=0.01)
    assert (fit.below, fit.above) == (0, int(times > 2))
    assert fit.distance < 0.03


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_many_spikes_and_heavy_tails_above_are_left_out(share):
    rng = np.random.default_rng(1)
    values = random_values(1024, 512)
    count = round(share * 512)
    for tail in (np.full(count, 50.0), 1.5 + rng.pareto(1.0, size=count)):
        fit = fit_modified_marchenko_pastur(np.concatenate([values, values[-1] * tail]))
        assert fit.nu_max == pytest.approx(values[-1], rel=0.05)
        assert fit.fraction == pytest.approx(512 / (512 + count), rel=0.05)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_zeros_of_a_lower_rank_are_left_out_and_counted(rows, columns):
    """As they come out in float32: not zero, but rounding."""
    values = random_values(rows, columns)
    zeros = 1e-9 * np.random.default_rng(1).uniform(size=100) * values[-1]
    fit = fit_modified_marchenko_pastur(np.append(zeros, values), floor=1e-7 * values[-1])
    alone = fit_modified_marchenko_pastur(values)
    assert (fit.below, fit.above) == (100, 0)
    assert fit.edges == pytest.approx(alone.edges)
    assert fit.fraction == pytest.approx(alone.fraction * columns / (columns + 100))


def test_a_spectrum_that_follows_no_such_law_is_told_from_one_that_does():
    for rows, columns in SHAPES:
        fit = fit_modified_marchenko_pastur(random_values(rows, columns))
        assert fit.distance < 0.02
        assert not fit.is_poor
    heavy = np.random.default_rng(0).pareto(1.0, size=512)
    two = np.concatenate([random_values(512, 256), 60 + random_values(512, 256)])
    for values in (np.sort(heavy), np.linspace(1, 2, 400) ** 0.2, two):
        assert fit_modified_marchenko_pastur(values).is_poor


@pytest.mark.parametrize("values", [np.zeros(40), np.full(40, 2.0), np.array([1.0]), np.array([-1.0, 2.0, 3.0])])
def test_spectra_without_a_bulk_are_refused(values):
    with pytest.raises(UserError, match="the fit needs"):
        fit_modified_marchenko_pastur(values)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_bulk_of_a_random_matrix_is_all_of_it(rows, columns):
    """But for a value that fluctuates beyond an edge; scale and edges are the law's."""
    counts = []
    for seed in range(20):
        found = marchenko_pastur_bulk(0.3 * random_values(rows, columns, seed), rows)
        counts.append((found.below, found.above))
        edges = singular_value_marchenko_pastur(rows, columns, 0.3).edges
        assert found.edges == pytest.approx(edges, abs=0.02 * edges[1])
    assert np.max(counts) <= 2
    assert np.mean(counts) < 0.6


@pytest.mark.parametrize(("below", "above"), [(0, 1), (3, 0), (89, 89), (0, 150), (120, 0)])
def test_the_bulk_is_what_lies_between_outliers_at_both_ends(below, above):
    """Also where the median of all is far from that of the bulk, and however far the outliers are."""
    lower, upper = singular_value_marchenko_pastur(1024, 512, 1.0).edges
    values = random_values(1024, 512)
    for far in (1.0, 1e5):
        outliers = np.append(lower * np.linspace(0.0, 0.8, below) / far, far * upper * np.linspace(1.2, 3.0, above))
        found = marchenko_pastur_bulk(np.sort(np.append(values, outliers)), 1024 + below + above)
        assert 0 <= found.below - below <= 2
        assert 0 <= found.above - above <= 2


@pytest.mark.parametrize("seed", range(5))
def test_the_rule_ends_whatever_the_spectrum(seed):
    rng = np.random.default_rng(seed)
    for values in (rng.pareto(0.5, size=200), rng.uniform(size=200), rng.integers(0, 5, size=200), np.ones(50)):
        found = marchenko_pastur_bulk(np.sort(values.astype(float)), 300)
        assert found.below + found.above <= len(values) - 2


def test_rounding_is_below_the_bulk_also_of_a_square_matrix():
    """Its law begins at zero, so that zeros would be a part of it."""
    values = np.append(np.zeros(50), random_values(512, 462))
    assert marchenko_pastur_bulk(values, 512, floor=1e-7 * values[-1]).below in (50, 51)


@pytest.mark.parametrize("values", [np.zeros(40), np.array([0.0, 0.0, 1.0])])
def test_a_matrix_without_a_bulk_is_refused(values):
    with pytest.raises(UserError, match="no bulk"):
        marchenko_pastur_bulk(values, 50, floor=1e-12)


def test_values_that_are_none_are_refused():
    for values, rows in ((np.array([-1.0, 1.0, 2.0]), 5), (np.ones(6), 5), (np.array([2.0, 1.0]), 5)):
        with pytest.raises(UserError):
            marchenko_pastur_bulk(values, rows)


@pytest.mark.parametrize("ratio", [1.0, 0.5, 1 / 6, 1e-3])
def test_half_of_any_law_lies_in_two_fifths_of_its_width(ratio):
    """What the fit knows of a bulk before it is fitted: the shortest interval with half of the law, and its place."""
    law = singular_value_marchenko_pastur(1_000_000, round(1_000_000 * ratio), 1.0)
    values = quantiles(law, 20_000)
    widths = values[10_000:] - values[:10_000]
    start, width = np.argmin(widths), widths.min()
    assert (law.nu_max - law.nu_min) / width == pytest.approx(2.475, rel=0.01)
    assert -0.01 < (values[start] - law.nu_min) / width < 0.75
