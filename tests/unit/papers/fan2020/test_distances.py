"""Distances of spectra to laws, against counts, quadrature and planted factors."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from deepspectra.papers.fan2020.statistics.distances import (
    PUBLISHED_BINS,
    KernelSpectrum,
    common_factor,
    interpolated_cdf,
    published_edges,
    total_variation,
)
from deepspectra.rmt.limits.solver import limit_law

from .shown import kernels, law_density


def quantiles(law, n):
    """A sample of n that follows a law without atoms as closely as any can."""
    grid = law.grid(20_000)
    return np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)


@pytest.fixture(scope="module")
def tangent():
    _, kernel = kernels()
    return kernel, limit_law(kernel)


def test_the_total_variation_is_that_of_counts_and_integrals(tangent):
    """Of a sample that is shifted, so that part of the law lies outside its range."""
    kernel, law = tangent
    values = quantiles(law, 300) + 0.4
    edges = np.linspace(values[0], values[-1], PUBLISHED_BINS + 1)
    np.testing.assert_allclose(published_edges(values), edges)
    ends = np.ravel(law.edges)

    nodes, weights = np.polynomial.legendre.leggauss(60)

    def mass(left, right):
        breaks = [left, *(end for end in ends if left < end < right), right]
        total = 0.0
        for low, high in pairwise(breaks):
            # Nodes gather at the ends, where a density may begin with a square root.
            angles = (nodes + 1) * np.pi / 2
            places = (low + high) / 2 - (high - low) / 2 * np.cos(angles)
            total += law_density(kernel, places) @ (weights * np.sin(angles)) * (high - low) / 2 * np.pi / 2
        return total

    below, above = mass(ends[0], edges[0]), mass(edges[-1], ends[-1])
    total = below + above
    for index, (left, right) in enumerate(pairwise(edges)):
        last = index == PUBLISHED_BINS - 1
        count = sum(left <= value < right or (last and value == right) for value in values)
        total += abs(count / 300 - mass(left, right))
    assert below > 0.05
    assert above > 0
    assert total_variation(KernelSpectrum(values, 1e-9), law) == pytest.approx(total / 2, abs=1e-5)


def test_a_sample_of_the_law_has_next_to_none_and_an_atom_belongs_to_its_bin(tangent):
    _, law = tangent
    assert total_variation(KernelSpectrum(quantiles(law, 20_000), 1e-9), law) < 0.003
    conjugate, _ = kernels()
    law = limit_law(conjugate)
    (location, mass), n = law.atoms[0], 20_000
    assert location == 0
    grid = law.grid(20_000)
    exact = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    exact[: round(mass * n)] = 1e-13 * np.random.default_rng(0).normal(size=round(mass * n))
    assert total_variation(KernelSpectrum(np.sort(exact), 1e-9), law) < 0.003


def test_a_few_large_eigenvalues_hide_all_others_in_the_full_range_alone(tangent):
    """Half of the bulk is displaced, and three values stand far apart: one bar, or a difference of a half."""
    _, law = tangent
    values = quantiles(law, 600)
    values[300:] = 40 + np.linspace(0, 20, 300)
    values = np.concatenate([values, [9000, 9500, 10_000]])
    spectrum = KernelSpectrum(values, 1e-9)
    assert total_variation(spectrum, law) < 0.01
    assert total_variation(spectrum, law, 0.99) == pytest.approx(0.5, abs=0.02)
    edges = published_edges(values, 0.99)
    assert np.mean(values <= edges[-1]) == pytest.approx(0.99, abs=2 / 603)


@pytest.mark.parametrize("factor", [0.5, 0.97, 1.0, 1.37, 3.2])
def test_a_planted_factor_is_found_however_large(tangent, factor):
    _, law = tangent
    spectrum = KernelSpectrum(quantiles(law, 500) / factor, 1e-9)
    found, left = common_factor(spectrum, law, interpolated_cdf(law))
    assert found == pytest.approx(factor, rel=5e-4)
    # Half a step of the sample, and what a factor off by half of its own step leaves.
    assert left < 0.5 / 500 + 5e-4
    scaled = KernelSpectrum(found * spectrum.eigenvalues, 1e-9)
    assert left == pytest.approx(scaled.distance(law), abs=2e-4)


def test_a_factor_mends_no_shape(tangent):
    _, law = tangent
    values = quantiles(law, 500)
    values[:100] = values[100]
    _, left = common_factor(KernelSpectrum(np.sort(values), 1e-9), law, interpolated_cdf(law))
    assert left > 0.05


def test_interpolation_is_exact_enough(tangent):
    for law in (tangent[1], limit_law(kernels()[0])):
        x = np.linspace(-0.1, 1.1 * law.edges[-1][1], 3001)
        np.testing.assert_allclose(interpolated_cdf(law)(x), law.cdf(x), atol=1e-4)
