"""The activation functions of pennington2017 and their two constants."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from deepspectra.nn.activations.families.isospectral import isospectral_activations
from deepspectra.nn.activations.families.quintic import random_quintic
from deepspectra.nn.activations.families.rectifier import rectifier, rectifier_zeta
from deepspectra.nn.quadrature import gaussian_expectation
from deepspectra.runtime.errors import UserError

ALPHAS = [-1, -0.7, -0.25, 0, 0.3, 1]
ZETAS = [0.0, 1e-8, 0.3, 0.99, 1.0]


def by_adaptive_quadrature(function):
    """E[f(z)] by adaptive quadrature, split at the origin."""

    def weighted(x):
        return float(function(np.array([x]))[0]) * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)

    return quad(weighted, -15, 0, epsabs=1e-12)[0] + quad(weighted, 0, 15, epsabs=1e-12)[0]


def every_activation():
    rng = np.random.default_rng(8)
    quintics = [random_quintic(zeta, rng) for zeta in ZETAS]
    return [*map(rectifier, ALPHAS), *quintics, *isospectral_activations().values()]


@pytest.mark.parametrize("activation", every_activation(), ids=lambda activation: activation.name)
def test_mean_is_zero_and_eta_is_one(activation):
    """The paper assumes it throughout. Checked by another quadrature, and as the activation reports it."""
    assert by_adaptive_quadrature(activation.function) == pytest.approx(0, abs=1e-10)
    assert by_adaptive_quadrature(lambda x: activation.function(x) ** 2) == pytest.approx(1, rel=1e-9)
    assert activation.mean == pytest.approx(0, abs=1e-12)
    assert activation.second_moment == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("activation", every_activation(), ids=lambda activation: activation.name)
def test_zeta_is_the_squared_first_hermite_coefficient(activation):
    """E[f'(z)] = E[z f(z)] by Stein's lemma checks the derivative by the function alone."""
    first = by_adaptive_quadrature(lambda x: x * activation.function(x))
    assert activation.b_sigma**2 == pytest.approx(first**2, abs=1e-10)


@pytest.mark.parametrize("activation", every_activation(), ids=lambda activation: activation.name)
def test_derivatives_are_those_of_the_functions(activation):
    """Central differences at points away from the kink at zero."""
    x = np.concatenate([np.linspace(-3, -0.05, 40), np.linspace(0.05, 3, 40)])
    step = 1e-5
    slope = (activation.function(x + step) - activation.function(x - step)) / (2 * step)
    np.testing.assert_allclose(activation.derivative(x), slope, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_zeta_of_rectifiers_is_equation_18(alpha):
    assert rectifier(alpha).b_sigma ** 2 == pytest.approx(rectifier_zeta(alpha), rel=1e-12)


def test_known_values_of_equation_18():
    """Linear at one end, even at the other; a shifted relu has zeta = 1/(2 - 2/pi) by hand."""
    assert rectifier_zeta(-1) == pytest.approx(1)
    assert rectifier_zeta(1) == 0
    assert rectifier_zeta(0) == pytest.approx(math.pi / (2 * math.pi - 2))


@pytest.mark.parametrize(
    ("alpha", "shape"), [(-1, lambda x: x), (0, lambda x: np.maximum(x, 0)), (1, np.abs), (0.5, None)]
)
def test_rectifiers_are_shifted_and_scaled_from_equation_17(alpha, shape):
    """f is an increasing affine function of [x]_+ + alpha [-x]_+, whatever the constants."""
    x = np.linspace(-3, 3, 61)
    plain = np.maximum(x, 0) + alpha * np.maximum(-x, 0)
    if shape is not None:
        np.testing.assert_allclose(plain, shape(x), atol=1e-15)
    values = rectifier(alpha).function(x)
    slope, intercept = np.polyfit(plain, values, 1)
    np.testing.assert_allclose(values, slope * plain + intercept, atol=1e-13)
    assert slope > 0


def test_quadrature_without_the_kink_is_refused_and_gauss_hermite_would_be_wrong():
    """64 Gauss-Hermite nodes miss E|z| = sqrt(2/pi), which is why activations name their kinks."""
    exact = math.sqrt(2 / math.pi)
    assert gaussian_expectation(np.abs, [0.0]) == pytest.approx(exact, rel=1e-14)
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    assert abs(weights @ np.abs(nodes) / weights.sum() - exact) > 1e-3
    with pytest.raises(UserError, match="breakpoints"):
        gaussian_expectation(lambda x: np.abs(x - 0.3))
    assert rectifier(0.5).breakpoints == (0.0,)
    assert isospectral_activations()["f3"].breakpoints == (0.0,)


@pytest.mark.parametrize("zeta", ZETAS)
def test_quintics_have_the_zeta_that_was_asked_for(zeta):
    rng = np.random.default_rng(3)
    for _ in range(5):
        activation = random_quintic(zeta, rng)
        assert activation.b_sigma**2 == pytest.approx(zeta, abs=1e-12)
        assert activation.second_moment == pytest.approx(1, rel=1e-12)
        assert activation.mean == pytest.approx(0, abs=1e-12)


def test_quintics_are_polynomials_of_degree_five():
    x = np.linspace(-2, 2, 41)
    values = random_quintic(0.3, np.random.default_rng(3)).function(x)
    coefficients = np.polynomial.polynomial.polyfit(x, values, 5)
    np.testing.assert_allclose(np.polynomial.polynomial.polyval(x, coefficients), values, atol=1e-11)
    assert abs(coefficients[5]) > 1e-3


def test_a_quintic_without_nonlinear_part_is_the_line():
    activation = random_quintic(1.0, np.random.default_rng(3))
    x = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(np.abs(activation.function(x)), np.abs(x), atol=1e-13)


def test_quintics_are_random_and_follow_the_generator():
    """The direction of the nonlinear part is uniform on a sphere, and the sign of the linear part is fair."""
    x = np.linspace(-2, 2, 9)
    rng = np.random.default_rng(5)
    drawn = [random_quintic(0.5, rng) for _ in range(400)]
    values = np.array([activation.function(x) for activation in drawn])
    assert len(np.unique(values.round(9), axis=0)) == 400
    again = random_quintic(0.5, np.random.default_rng(5)).function(x)
    np.testing.assert_array_equal(again, values[0])
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights /= weights.sum()
    basis = [np.polynomial.hermite_e.hermeval(nodes, np.eye(6)[k]) / math.sqrt(math.factorial(k)) for k in range(6)]
    coefficients = np.array([[weights @ (b * activation.function(nodes)) for b in basis] for activation in drawn])
    np.testing.assert_allclose(np.mean(np.sign(coefficients[:, 1])), 0, atol=4 / 20)
    # Coordinates of a uniform direction in four dimensions: mean 0, mean square 1/4, here times 1 - zeta.
    np.testing.assert_allclose(coefficients[:, 2:].mean(axis=0), 0, atol=4 * math.sqrt(0.125 / 400))
    np.testing.assert_allclose((coefficients[:, 2:] ** 2).mean(axis=0), 0.125, atol=0.025)


def test_figure_3_has_four_functions_with_zeta_zero():
    functions = isospectral_activations()
    assert list(functions) == ["f1", "f2", "f3", "f4"]
    for activation in functions.values():
        assert activation.b_sigma**2 == pytest.approx(0, abs=1e-20)


def test_figure_3_functions_at_zero_and_far_out():
    """Up to the constants c_i the caption's formulas, evaluated by hand: f1(0), f2(0), f3(0); f4 is odd, f1 even."""
    x = np.array([0.0, 1.0, 12.0])
    values = {name: activation.function(x) for name, activation in isospectral_activations().items()}
    assert values["f1"][0] / values["f1"][2] == pytest.approx(1 - math.sqrt(5), rel=1e-12)
    assert values["f1"][1] / values["f1"][2] == pytest.approx(1 - math.sqrt(5) * math.exp(-2), rel=1e-12)
    by_hand = math.sin(2) + math.cos(1.5) - 2 * math.exp(-2) - math.exp(-9 / 8)
    assert values["f2"][1] / values["f2"][0] == pytest.approx(by_hand / (1 - math.exp(-9 / 8)), rel=1e-12)
    kink = -math.sqrt(2 / math.pi)
    assert values["f3"][1] / values["f3"][0] == pytest.approx((1 + kink) / kink, rel=1e-12)
    by_hand = (1 - 4 / math.sqrt(3) * math.exp(-0.5)) * math.erf(1)
    assert values["f4"][1] / values["f4"][2] == pytest.approx(by_hand, rel=1e-12)
    assert (values["f4"][0], values["f4"][2] > 0) == (0, True)


def test_the_printed_f2_would_have_a_mean():
    """With 2 e^(-2x), as the caption prints it, the mean is -2 e^2, far from the zero that the theorem assumes."""

    def printed(x):
        return np.sin(2 * x) + np.cos(1.5 * x) - 2 * np.exp(-2 * x) - math.exp(-9 / 8)

    assert gaussian_expectation(printed) == pytest.approx(-2 * math.exp(2), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rectifiers_and_quintics_act_on_tensors_alike(dtype):
    x = np.linspace(-2, 2, 9)
    for activation in (rectifier(0.3), random_quintic(0.4, np.random.default_rng(0))):
        for function in (activation.function, activation.derivative):
            tensor = function(torch.from_numpy(x).to(dtype))
            assert tensor.dtype == dtype
            np.testing.assert_allclose(tensor.numpy(), function(x), rtol=1e-5, atol=1e-5)
