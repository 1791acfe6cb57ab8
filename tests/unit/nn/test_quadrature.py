"""Expectations and Hermite coefficients against closed forms, and what the quadrature refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deepspectra.nn.activations import activation
from deepspectra.nn.quadrature import gaussian_expectation, hermite_coefficients
from deepspectra.runtime.errors import UserError


def test_the_quadrature_gives_gaussian_moments():
    for order, moment in ((0, 1), (1, 0), (2, 1), (4, 3), (10, 945), (12, 10395)):
        assert gaussian_expectation(lambda x, order=order: x**order) == pytest.approx(moment, rel=1e-13, abs=1e-14)
    assert gaussian_expectation(np.exp) == pytest.approx(math.exp(0.5), rel=1e-14)


def test_the_quadrature_takes_a_kink_as_a_breakpoint():
    assert gaussian_expectation(np.abs, (0.0,)) == pytest.approx(math.sqrt(2 / math.pi), abs=1e-14)
    threshold = 0.3
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    excess = density - threshold * 0.5 * math.erfc(threshold / math.sqrt(2))
    value = gaussian_expectation(lambda x: np.maximum(x - threshold, 0), (threshold,))
    assert value == pytest.approx(excess, abs=1e-14)


def test_the_quadrature_takes_a_jump_as_a_breakpoint():
    value = gaussian_expectation(lambda x: (x > 0.3).astype(float), (0.3,))
    assert value == pytest.approx(0.5 * math.erfc(0.3 / math.sqrt(2)), abs=1e-14)


def test_a_kink_that_is_no_breakpoint_is_refused():
    with pytest.raises(UserError, match="breakpoints"):
        gaussian_expectation(lambda x: np.maximum(x - 0.3, 0))


def slope_correlation(name, rho):
    """E[sigma'(u) sigma'(v)] at correlation rho in closed form, sigma not normalised."""
    if name == "erf":
        return 4 / math.pi / math.sqrt(9 - 4 * rho**2)
    if name == "relu":
        return (math.pi - math.acos(rho)) / (2 * math.pi)
    return {"sine": math.exp(-1) * math.cosh(rho), "identity": 1.0}[name]


@pytest.mark.parametrize("name", ["erf", "relu", "sine", "identity"])
def test_hermite_coefficients_give_the_closed_forms_of_correlated_slopes(name):
    sigma = activation(name)
    (coefficients,) = hermite_coefficients(sigma.derivative, np.array([1.0]), 120, sigma.breakpoints)
    scale = sigma.b_sigma**2 / slope_correlation(name, 0.0)
    for rho in (-0.8, -0.3, 0.1, 0.8):
        expected = scale * slope_correlation(name, rho)
        assert coefficients**2 @ rho ** np.arange(121) == pytest.approx(expected, rel=1e-12)
    assert coefficients[0] == pytest.approx(sigma.b_sigma, rel=1e-12)


def test_hermite_coefficients_of_two_scales_give_the_closed_form():
    """E[cos(u) cos(v)] = exp(-(s^2 + t^2)/2) cosh(s t rho)."""
    s, t = 0.4, 1.7
    one, other = hermite_coefficients(np.cos, np.array([s, t]), 60)
    for rho in (-0.9, 0.2, 0.7):
        expected = math.exp(-(s**2 + t**2) / 2) * math.cosh(s * t * rho)
        assert (one * other) @ rho ** np.arange(61) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 0.05, 5, 10])
def test_hermite_coefficients_are_finite_and_square_sum_at_all_scales(scale):
    """Of sine: E[sin(s xi)^2] = (1 - exp(-2 s^2)) / 2; those beyond the degree are small up to a scale of five."""
    (coefficients,) = hermite_coefficients(np.sin, np.array([scale]), 200)
    assert np.isfinite(coefficients).all()
    known = [0.0 if k % 2 == 0 else (-1) ** (k // 2) * scale**k * math.exp(-(scale**2) / 2) for k in range(8)]
    known = [value / math.sqrt(math.factorial(k)) for k, value in enumerate(known)]
    np.testing.assert_allclose(coefficients[:8], known, rtol=1e-9, atol=1e-14)
    assert np.sum(coefficients**2) == pytest.approx((1 - math.exp(-2 * scale**2)) / 2, rel=1e-9)


@pytest.mark.parametrize("name", ["arctan", "tanh", "gelu", "silu", "softplus", "cosine"])
def test_squared_hermite_coefficients_of_a_slope_sum_to_its_second_moment(name):
    sigma = activation(name)
    coefficients = hermite_coefficients(sigma.derivative, np.array([1.0]), 200)
    assert np.sum(coefficients**2) == pytest.approx(sigma.a_sigma, rel=1e-7)


def test_hermite_coefficients_stop_where_the_quadrature_does():
    with pytest.raises(ValueError, match="between 0 and 200"):
        hermite_coefficients(np.tanh, np.ones(1), 201)
    for scale in (0, 11):
        with pytest.raises(ValueError, match="positive and at most 10"):
            hermite_coefficients(np.tanh, np.array([1, scale]), 5)
