from __future__ import annotations

import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import torch

from deepspectra.nn.activations import ACTIVATIONS, Activation, activation
from deepspectra.nn.activations.base import check_normalised
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


def test_the_constants_of_arctan_agree_with_independent_quadrature_and_closed_forms():
    sigma = activation("arctan")
    mpmath.mp.dps = 30

    def expectation(function):
        return mpmath.quad(lambda x: function(x) * mpmath.npdf(x), [-mpmath.inf, -3, 0, 3, mpmath.inf])

    scale = 1 / mpmath.sqrt(expectation(lambda x: mpmath.atan(x) ** 2))
    b_sigma = scale * mpmath.sqrt(mpmath.pi / 2) * mpmath.exp(0.5) * mpmath.erfc(1 / mpmath.sqrt(2))
    a_sigma = scale**2 * expectation(lambda x: 1 / (1 + x**2) ** 2)
    assert sigma.second_moment == pytest.approx(1, abs=1e-14)
    assert sigma.mean == pytest.approx(0, abs=1e-15)
    assert sigma.b_sigma == pytest.approx(float(b_sigma), abs=1e-14)
    assert sigma.a_sigma == pytest.approx(float(a_sigma), abs=1e-14)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_named_activation_is_normalised_and_obeys_the_bounds_on_its_constants(name):
    sigma = activation(name)
    check_normalised(sigma)
    assert sigma.b_sigma**2 <= 1 + 1e-14
    assert sigma.a_sigma >= 1 - 1e-14


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_derivatives_are_those_of_the_functions(name):
    sigma = activation(name)
    x = torch.linspace(-4, 4, 101, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(sigma(x).sum(), x)
    torch.testing.assert_close(sigma.derivative(x), gradient, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_arrays_and_tensors_give_the_same_numbers_in_their_own_dtype(name, precision):
    sigma = activation(name)
    array = np.linspace(-3, 3, 13, dtype=precision)
    for function in (sigma.function, sigma.derivative):
        from_array, from_tensor = function(array), function(torch.from_numpy(array))
        assert from_array.dtype == array.dtype
        assert from_tensor.dtype == torch.from_numpy(array).dtype
        np.testing.assert_allclose(from_tensor.numpy(), from_array, rtol=4 * np.finfo(precision).eps, atol=1e-7)


def relu_like(name):
    """Of functions of the form x times a share that is a half on average: E[sigma'] = 1/2 before scaling."""
    unscaled = {
        "relu": lambda x: mpmath.mpf(max(x, 0)),
        "gelu": lambda x: x * mpmath.ncdf(x),
        "silu": lambda x: x / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    }[name]
    mean = by_mpmath(unscaled)
    return 1 / mpmath.sqrt(by_mpmath(lambda x: (unscaled(x) - mean) ** 2)), mean, unscaled


def by_mpmath(function):
    """E[f(xi)] by another quadrature, of 30 digits."""
    mpmath.mp.dps = 30
    return mpmath.quad(lambda x: function(x) * mpmath.npdf(x), [-mpmath.inf, -6, -2, 0, 2, 6, mpmath.inf])


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "softplus"])
def test_functions_that_rise_on_one_side_have_the_constants_of_independent_quadrature(name):
    scale, mean, unscaled = relu_like(name)
    sigma = activation(name)
    assert sigma.b_sigma == pytest.approx(float(scale / 2), abs=1e-14)
    x = np.array([-7.0, -1.3, 0.0, 0.4, 5.0])
    expected = [float(scale * (unscaled(mpmath.mpf(float(point))) - mean)) for point in x]
    np.testing.assert_allclose(sigma(x), expected, atol=1e-13)


def test_constants_that_have_closed_forms():
    pi, e = math.pi, math.e
    expected = {
        "relu": (1 / 2, 1 / 2, 1 / 2 - 1 / (2 * pi)),
        "absolute": (0, 1, 1 - 2 / pi),
        "erf": (2 / math.sqrt(3 * pi), 4 / (math.sqrt(5) * pi), 2 / pi * math.asin(2 / 3)),
        "sine": (e**-0.5, (1 + e**-2) / 2, (1 - e**-2) / 2),
    }
    for name, (b, a, variance) in expected.items():
        sigma = activation(name)
        assert sigma.b_sigma == pytest.approx(b / math.sqrt(variance), abs=1e-14), name
        assert sigma.a_sigma == pytest.approx(a / variance, abs=1e-14), name


def test_tanh_has_the_constants_of_independent_quadrature():
    variance = by_mpmath(lambda x: mpmath.tanh(x) ** 2)
    b_sigma = by_mpmath(lambda x: mpmath.sech(x) ** 2) / mpmath.sqrt(variance)
    sigma = activation("tanh")
    assert sigma.b_sigma == pytest.approx(float(b_sigma), abs=1e-14)
    assert sigma.a_sigma == pytest.approx(float(by_mpmath(lambda x: mpmath.sech(x) ** 4) / variance), abs=1e-14)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_derivatives_mean_is_that_of_steins_lemma(name):
    sigma = activation(name)
    stein = gaussian_expectation(lambda x: x * sigma(x), sigma.breakpoints)
    assert sigma.b_sigma == pytest.approx(stein, abs=1e-13)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_large_arguments_neither_overflow_nor_lose_the_function(name, precision):
    """Warnings are errors here. A hundred is further than a network's weights ever reach."""
    sigma = activation(name)
    x = np.array([-100, -20, 20, 100], dtype=precision)
    for function in (sigma.function, sigma.derivative):
        for values in (function(x), function(torch.from_numpy(x)).numpy()):
            assert np.isfinite(values).all()
            assert np.abs(values).max() <= 300


def test_activations_with_kinks_are_those_that_have_breakpoints():
    assert {name for name, sigma in ACTIVATIONS.items() if sigma.breakpoints} == {"relu", "absolute"}


def test_the_even_activation_has_no_linear_part():
    assert activation("cosine").b_sigma == pytest.approx(0, abs=1e-15)


def test_an_activation_that_is_not_normalised_is_refused():
    relu = Activation("relu", lambda x: x * (x > 0), lambda x: 1.0 * (x > 0), breakpoints=(0.0,))
    assert relu.mean == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-14)
    with pytest.raises(UserError, match=r"'relu' is not normalised.*0\.39894.*0\.5"):
        check_normalised(relu)


def test_an_unknown_name_is_refused():
    with pytest.raises(UserError, match=r"no activation is called 'swish'; there are absolute, arctan"):
        activation("swish")


def test_importing_the_module_does_not_import_torch():
    code = "import sys, deepspectra.nn.own_activations, deepspectra.rmt.limits.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


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
