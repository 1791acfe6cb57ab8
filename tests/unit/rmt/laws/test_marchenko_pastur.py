from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy import integrate

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur

RATIOS = [0.05, 0.5, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_distribution_function_is_the_integral_of_the_density(ratio):
    law = MarchenkoPastur(ratio, scale=1.7)
    lower, upper = law.edges

    def point(theta):
        return lower + (upper - lower) * math.sin(theta / 2) ** 2

    def integrand(theta):
        return law.density(point(theta)) * (upper - lower) / 2 * math.sin(theta)

    for fraction in (0.01, 0.3, 0.5, 0.9, 1.0):
        integral, _ = integrate.quad(integrand, 0, math.pi * fraction, epsabs=1e-13, epsrel=1e-13)
        value = law.cdf(point(math.pi * fraction))
        assert value == pytest.approx(law.atom + integral, abs=1e-11)


def exact_cdf(x, ratio):
    """In 60 digits; the argument of 1 - s exp(-i theta) is half the angle of the textbooks' form."""
    with mpmath.workdps(60):
        s = mpmath.sqrt(ratio)
        theta = mpmath.acos(min(max((1 + s**2 - mpmath.mpf(x)) / (2 * s), -1), 1))
        fall = mpmath.atan2(s * mpmath.sin(theta), 1 - s * mpmath.cos(theta))
        return (s * mpmath.sin(theta) + s**2 * theta - (1 - s**2) * fall) / (mpmath.pi * s**2)


@pytest.mark.parametrize("ratio", [1e-8, 1e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12, 1.0])
def test_the_distribution_function_is_as_exact_as_its_argument(ratio):
    """Rounding x moves the distribution function, (x - edge)^1.5 at first, by 1.5 roundings of x/(x - edge)."""
    with mpmath.workdps(60):
        s = mpmath.sqrt(ratio)
        lower, width = (1 - s) ** 2, 4 * s
        share = np.concatenate([np.geomspace(1e-12, 0.5, 60), 1 - np.geomspace(1e-12, 0.5, 30)])
        x = np.array([float(lower + width * fraction) for fraction in share])
        x = x[[mpmath.mpf(each) > lower for each in x]]
        moved = np.array([float(each / (mpmath.mpf(each) - lower)) for each in x])
    found = MarchenkoPastur(ratio).cdf(x)
    error = np.array([float(abs(value / exact_cdf(each, ratio) - 1)) for value, each in zip(found, x, strict=True)])
    assert (error <= 3 * np.finfo(float).eps * (1 + 1.5 * moved)).all()


def test_the_distribution_function_in_blocks_is_the_same():
    x = np.linspace(-1, 6, 30_000).reshape(3, -1)
    for ratio in (0.3, 2.0):
        law = MarchenkoPastur(ratio)
        np.testing.assert_array_equal(law.cdf(x), np.stack([law.cdf(row[::-1])[::-1] for row in x]))


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_law_has_all_its_mass(ratio):
    law = MarchenkoPastur(ratio)
    lower, upper = law.edges
    assert law.cdf(np.array([-1e-9, upper, 100.0])).tolist() == [0, 1, 1]
    assert law.cdf(0.0) == pytest.approx(law.atom)
    assert law.cdf(lower / 2) == pytest.approx(law.atom)


@pytest.mark.parametrize("ratio", RATIOS)
def test_moments_follow_from_the_density(ratio):
    law = MarchenkoPastur(ratio, scale=0.6)
    lower, upper = law.edges
    theta = (np.arange(4000) + 0.5) * np.pi / 4000
    x = (lower + upper - (upper - lower) * np.cos(theta)) / 2
    weights = law.density(x) * (upper - lower) / 2 * np.sin(theta) * np.pi / 4000
    assert law.moment(1) == pytest.approx(0.6)
    assert law.moment(2) == pytest.approx(0.36 * (1 + ratio))
    for order in (1, 2, 3, 5):
        assert law.moment(order) == pytest.approx(weights @ x**order, rel=1e-8)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_stieltjes_transform_is_the_integral_over_the_law(ratio):
    law = MarchenkoPastur(ratio, scale=1.3)
    lower, upper = law.edges
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    theta = (np.arange(4000) + 0.5) * np.pi / 4000
    x = middle - half * np.cos(theta)
    weights = law.density(x) * half * np.sin(theta) * np.pi / 4000
    z = np.array([-0.5 + 0j, 0.3 + 0.4j, 2 - 1j, 9 + 0.1j, 20 + 0j, 1e4 + 1j, -1e-3 + 0.3j])
    expected = weights @ (1 / (x[:, None] - z)) - law.atom / z
    derivative = weights @ (1 / (x[:, None] - z) ** 2) + law.atom / z**2
    value, slope = law.stieltjes_and_derivative(z)
    np.testing.assert_allclose(value, expected, rtol=1e-10)
    np.testing.assert_allclose(slope, derivative, rtol=1e-9)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_stieltjes_transform_on_the_axis_gives_the_density(ratio):
    law = MarchenkoPastur(ratio)
    x = np.linspace(*law.edges, 12)[1:-1]
    np.testing.assert_allclose(law.stieltjes_and_derivative(x)[0].imag / np.pi, law.density(x), rtol=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_the_spectra_of_random_gram_matrices_approach_the_law(ratio):
    rng = np.random.default_rng(20)
    law, distances = MarchenkoPastur(ratio), []
    for count in (50, 200, 800):
        dimension = int(count / ratio)
        x = rng.normal(size=(dimension, count)) / math.sqrt(dimension)
        distances.append(ks_distance(np.linalg.eigvalsh(x.T @ x), law.cdf, law.atoms, tolerance=1e-10))
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.005
