"""Constants of single activations against closed forms and independent quadrature."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from deepspectra.nn.activations import Activation, activation
from deepspectra.nn.activations.base import check_normalised
from deepspectra.runtime.errors import UserError


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


def relu_like(name):
    """Scale, mean and unscaled form of functions with E[sigma'] = 1/2 before scaling."""
    unscaled = {
        "relu": lambda x: mpmath.mpf(max(x, 0)),
        "gelu": lambda x: x * mpmath.ncdf(x),
        "silu": lambda x: x / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    }[name]
    mean = by_mpmath(unscaled)
    return 1 / mpmath.sqrt(by_mpmath(lambda x: (unscaled(x) - mean) ** 2)), mean, unscaled


def by_mpmath(function):
    """E[f(xi)] by another quadrature, to 30 digits."""
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


def test_the_even_activation_has_no_linear_part():
    assert activation("cosine").b_sigma == pytest.approx(0, abs=1e-15)


def test_an_activation_that_is_not_normalised_is_refused():
    relu = Activation("relu", lambda x: x * (x > 0), lambda x: 1.0 * (x > 0), breakpoints=(0.0,))
    assert relu.mean == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-14)
    with pytest.raises(UserError, match=r"'relu' is not normalised.*0\.39894.*0\.5"):
        check_normalised(relu)
