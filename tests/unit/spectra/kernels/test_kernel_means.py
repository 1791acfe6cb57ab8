"""Mean sensitivities: against averages over many networks, closed forms, and the lemma where it is exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.equivalents import lemma_tangent
from deepspectra.spectra.kernels.means import mean_tangent
from deepspectra.spectra.kernels.networks import random_network_kernels


def gaussian_inputs(dimension, count, seed=0):
    return np.random.default_rng(seed).normal(size=(dimension, count)) / np.sqrt(dimension)


@pytest.mark.parametrize("name", ["arctan", "tanh", "relu"])
def test_they_are_the_mean_over_weights(name):
    """One layer, many draws: the mean of K_NTK - X_1'X_1, at inner products and norms of all sizes, by brute force."""
    sigma, rates = activation(name), (0.5, 2.0)
    x = gaussian_inputs(4, 12)
    assert np.ptp(np.linalg.norm(x, axis=0)) > 0.5
    parts, means = [], []
    for seed in range(200):
        kernels = random_network_kernels(x, (400,), sigma, seed, rates=rates, dtype=torch.float64)
        parts.append((kernels.tangent - rates[1] * kernels.grams[-1]).numpy())
        if seed < 2:  # The inputs' own kernel decides, which all draws have in common.
            mean, cut_off = mean_tangent(kernels.grams, sigma, rates)
            means.append((mean - rates[1] * kernels.grams[-1]).numpy())
            assert cut_off < (1e-4 if name == "relu" else 1e-6)
    error = np.std(parts, axis=0, ddof=1) / len(parts) ** 0.5
    assert np.ptp(means, axis=0).max() < 1e-12
    assert np.abs((np.mean(parts, axis=0) - means[0]) / error).max() < 4.5
    # Which the lemma's constants in the place of the means would miss by far.
    gram = kernels.grams[0].numpy()
    constants = np.full_like(gram, sigma.b_sigma**2)
    np.fill_diagonal(constants, sigma.a_sigma)
    assert np.abs((np.mean(parts, axis=0) - rates[0] * constants * gram) / error).max() > 10


def by_quadrature(sigma, s, t, rho):
    """E[sigma'(u) sigma'(v)] by its definition, over the unit square of two independent normal variables."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    xi, weights = 12 * nodes, 12 * weights * np.exp(-((12 * nodes) ** 2) / 2) / np.sqrt(2 * np.pi)
    v = t * (rho * xi[:, None] + np.sqrt(1 - rho**2) * xi)
    return weights @ (sigma.derivative(s * xi)[:, None] * sigma.derivative(v)) @ weights


def test_they_multiply_through_the_layers():
    """Some entries with numpy, each mean by a two-dimensional quadrature of its definition."""
    sigma, rates = activation("arctan"), (0.5, 2.0, 3.0)
    kernels = random_network_kernels(gaussian_inputs(30, 300), (40, 50), sigma, 1, dtype=torch.float64)
    grams = [matrix.numpy() for matrix in kernels.grams]
    mean, cut_off = mean_tangent(kernels.grams, sigma, rates)
    assert cut_off <= 1e-7
    for a, b in [(0, 1), (7, 180), (299, 30), (150, 151)]:
        first, second = (
            by_quadrature(sigma, gram[a, a] ** 0.5, gram[b, b] ** 0.5, gram[a, b] / (gram[a, a] * gram[b, b]) ** 0.5)
            for gram in grams[:2]
        )
        expected = rates[2] * grams[2][a, b] + second * (rates[1] * grams[1][a, b] + rates[0] * first * grams[0][a, b])
        assert mean[a, b] == pytest.approx(expected, abs=1e-6)
    # On the diagonal both are one variable.
    first, second = (by_quadrature(sigma, gram[5, 5] ** 0.5, gram[5, 5] ** 0.5, 1.0) for gram in grams[:2])
    expected = rates[2] * grams[2][5, 5] + second * (rates[1] * grams[1][5, 5] + rates[0] * first * grams[0][5, 5])
    assert mean[5, 5] == pytest.approx(expected, rel=1e-10)
    assert (mean - mean.T).abs().max() < 1e-14


def test_the_kernels_of_deep_networks_approach_them_as_widths_grow():
    """Three layers, relative distance off the diagonal and on it: it falls as width^(-1/2), by 4 where 16 is wider."""
    sigma, x = activation("tanh"), gaussian_inputs(5, 40)
    distances = []
    for width in (100, 1600):
        parts = []
        for seed in range(6):
            kernels = random_network_kernels(x, (width,) * 3, sigma, seed, dtype=torch.float64)
            mean, _ = mean_tangent(kernels.grams, sigma)
            parts.append(((kernels.tangent - mean).norm() / mean.norm()).item())
        distances.append(np.mean(parts))
    assert 2.5 < distances[0] / distances[1] < 6.5, distances
    # Lemma 3.5's matrix stays away, since these samples are few in few dimensions.
    lemma = lemma_tangent(kernels.grams, sigma.b_sigma, sigma.a_sigma)
    assert (kernels.tangent - lemma).norm() / kernels.tangent.norm() > 3 * distances[1]


def test_they_are_the_same_to_the_bit_at_every_call():
    sigma = activation("arctan")
    grams = random_network_kernels(gaussian_inputs(20, 50), (30, 40), sigma, 1, dtype=torch.float64).grams
    first, _ = mean_tangent(grams, sigma)
    assert all(torch.equal(mean_tangent(grams, sigma)[0], first) for _ in range(3))


def test_samples_of_two_dimensions_have_them_and_of_no_size_at_all_are_refused():
    sigma, x = activation("arctan"), gaussian_inputs(2, 200)
    assert np.linalg.norm(x, axis=0).min() < 0.1
    mean, cut_off = mean_tangent(random_network_kernels(x, (30, 40), sigma, 1, dtype=torch.float64).grams, sigma)
    assert mean.isfinite().all()
    assert 0 <= cut_off < 1e-3
    with pytest.raises(UserError, match=r"norms around one.* 1 to 10"):
        mean_tangent((torch.diag(torch.tensor([1.0, 100.0])), torch.eye(2)), sigma)


def test_of_orthogonal_samples_they_are_lemma_3_5():
    """Where inner products vanish and norms are one, the lemma's step is exact."""
    sigma, rates, eye = activation("arctan"), (0.5, 2.0, 3.0), torch.eye(20, dtype=torch.float64)
    mean, _ = mean_tangent((eye, eye, eye), sigma, rates)
    torch.testing.assert_close(mean, lemma_tangent((eye, eye, eye), sigma.b_sigma, sigma.a_sigma, rates))


def test_in_float32_they_are_those_of_float64():
    sigma = activation("arctan")
    grams = random_network_kernels(gaussian_inputs(40, 600), (80, 50), sigma, 1, dtype=torch.float64).grams
    exact, _ = mean_tangent(grams, sigma)
    rough, _ = mean_tangent([matrix.float() for matrix in grams], sigma)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough.double(), exact, rtol=0, atol=3e-5)


def test_rates_are_checked():
    with pytest.raises(UserError, match="2 positive rates"):
        mean_tangent((torch.eye(3), torch.eye(3)), activation("arctan"), (1.0,))
