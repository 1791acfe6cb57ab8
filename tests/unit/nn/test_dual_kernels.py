"""Dual kernels against closed forms, at inner products and norms of all sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from deepspectra.nn.activations import activation
from deepspectra.nn.dual_kernels import dual_kernel
from deepspectra.runtime.errors import UserError


def covariance(samples=40, dimension=6, seed=0):
    x = np.random.default_rng(seed).normal(size=(dimension, samples)) / np.sqrt(dimension)
    return x.T @ x


def error_function(x):
    return np.vectorize(math.erf)(x)


def arcsine(gram):
    """Of the error function (Williams 1997)."""
    scale = np.sqrt(1 + 2 * np.diagonal(gram))
    return 2 / np.pi * np.arcsin(2 * gram / np.outer(scale, scale))


def sine(gram):
    a = np.diagonal(gram)
    return np.exp(-(a[:, None] + a) / 2) * np.sinh(gram)


def step(gram):
    """Of the indicator of positive numbers (Cho and Saul 2009)."""
    norms = np.sqrt(np.diagonal(gram))
    correlation = np.clip(gram / np.outer(norms, norms), -1, 1)
    return 1 / 4 + np.arcsin(correlation) / (2 * np.pi)


def cubic(gram):
    """Of x^3, by Wick's theorem."""
    a = np.diagonal(gram)
    return 9 * np.outer(a, a) * gram + 6 * gram**3


@pytest.mark.parametrize(
    ("function", "breakpoints", "exact", "tolerance"),
    [
        (error_function, (), arcsine, 1e-7),
        (np.sin, (), sine, 1e-8),
        (lambda x: x**3, (), cubic, 1e-7),
        # At correlations near one the series of a step is long.
        (lambda x: 0.5 + 0.5 * np.sign(x), (0.0,), step, 2e-3),
    ],
    ids=["erf", "sine", "cubic", "step"],
)
def test_they_are_the_closed_forms(function, breakpoints, exact, tolerance):
    gram = covariance()
    assert np.ptp(np.sqrt(np.diagonal(gram))) > 0.5
    found, remainder = dual_kernel(function, gram, breakpoints)
    np.testing.assert_allclose(found, exact(gram), atol=tolerance)
    assert np.array_equal(found, found.T)
    off = ~np.eye(len(gram), dtype=bool)
    # The bound holds: interpolation adds about 1e-9, times the size of the function's values.
    assert np.abs(found - exact(gram))[off].max() <= remainder + 1e-8


def test_at_small_correlations_a_step_has_few_terms():
    gram = np.full((30, 30), 0.1) + 0.9 * np.eye(30)
    found, remainder = dual_kernel(lambda x: 0.5 + 0.5 * np.sign(x), gram, (0.0,))
    assert remainder <= 1e-7
    np.testing.assert_allclose(found, step(gram), atol=1e-7)


@pytest.mark.parametrize("name", ["arctan", "gelu", "sine"])
def test_the_dual_kernel_of_the_derivative_is_the_derivative(name):
    """d Phi / d K_ij = Phi'_ij, by central differences."""
    sigma, gram = activation(name), covariance(20, 30)
    above, below = (
        dual_kernel(sigma.function, gram * factor + (1 - factor) * np.diag(np.diagonal(gram)))[0]
        for factor in (1 + 1e-4, 1 - 1e-4)
    )
    slope, _ = dual_kernel(sigma.derivative, gram)
    off = ~np.eye(len(gram), dtype=bool)
    np.testing.assert_allclose((above - below)[off], (2e-4 * gram * slope)[off], atol=2e-9)


def test_large_matrices_are_summed_in_blocks_that_fit_together():
    gram = covariance(700, 900)
    found, _ = dual_kernel(np.sin, gram)
    np.testing.assert_allclose(found, sine(gram), atol=1e-8)


@pytest.mark.parametrize("norm", [0.0, 9.5])
def test_norms_far_from_one_are_refused(norm):
    with pytest.raises(UserError, match="norms around one"):
        dual_kernel(np.tanh, np.diag([1.0, norm**2]))
