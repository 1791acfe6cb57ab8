"""From a Gram matrix to its law: where it is the theorems', full matrices in the place of diagonals, and networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.nn.dual_kernels import dual_kernel
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.limits.gram import GramLaw
from deepspectra.rmt.limits.inputs import EmpiricalInput
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import limit_law, solve
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.gram_kernels import conjugate_gram_kernel, tangent_gram_kernel
from deepspectra.spectra.gram_means import GramMeans, gram_means
from deepspectra.spectra.kernels.networks import random_network_kernels

ARCTAN = activation("arctan")
RATES = (0.5, 2.0, 3.0)


def samples(count, dimension, factors=0, seed=0):
    """Columns of unit norm; each of a few common directions has four in a hundred of the others' sum of squares."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(dimension, count))
    x[:factors] *= np.sqrt(0.04 * dimension)
    return x / np.linalg.norm(x, axis=0)


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def test_orthogonal_samples_give_the_constants_of_the_theorems():
    """No inner products: lemma 3.5 and eq. 8 are exact, and the noise, that of diagonals, falls as 1/n."""
    ratios = (0.5, 2.0)
    paper = tangent_kernel(EmpiricalInput(np.ones(20)), ratios, ARCTAN.b_sigma, ARCTAN.a_sigma, RATES)
    kernel = tangent_gram_kernel(gram_means(np.eye(20), ARCTAN, 2, RATES), ratios, ARCTAN)
    np.testing.assert_allclose(kernel.slopes, ARCTAN.b_sigma**2, rtol=1e-9)
    np.testing.assert_allclose(kernel.weights, paper.coefficients[1:], rtol=1e-9)
    np.testing.assert_allclose(kernel.rest, paper.shift + paper.coefficients[0], rtol=1e-9)
    np.testing.assert_allclose(kernel.excess, 1 - ARCTAN.b_sigma**2, rtol=1e-8)
    larger = tangent_gram_kernel(gram_means(np.eye(40), ARCTAN, 2, RATES), ratios, ARCTAN)
    assert 0 < kernel.noise.total_variance == pytest.approx(2 * larger.noise.total_variance)
    np.testing.assert_allclose(kernel.noise.rows**2, 2 * larger.noise.rows[0] ** 2, rtol=1e-6)


@pytest.mark.parametrize("which", ["conjugate", "tangent"])
def test_small_inner_products_approach_the_theorems(which):
    """Of independent directions they are n^(-1/2), and the two laws differ by 1/n: 4 where 4 times as many samples."""
    sigma, ratios, distances = activation("tanh"), (0.5, 1.5), []
    for count in (60, 240):
        gram = (x := samples(count, 2 * count)).T @ x
        spectrum, means = EmpiricalInput(np.linalg.eigvalsh(gram)), gram_means(gram, sigma, 2)
        if which == "conjugate":
            pair = conjugate_kernel(spectrum, ratios, sigma.b_sigma), conjugate_gram_kernel(means, ratios)
        else:
            pair = (
                tangent_kernel(spectrum, ratios, sigma.b_sigma, sigma.a_sigma),
                tangent_gram_kernel(means, ratios, sigma),
            )
        law = limit_law(pair[0])
        x = law.grid(200)
        distances.append(np.abs(law.cdf(x) - GramLaw(pair[1]).cdf(x)).max())
    assert 2.5 < distances[0] / distances[1] < 6.5, distances


def test_a_linear_network_has_the_law_of_products_of_wishart_matrices():
    """Exactly, whatever the inner products: theorem 3.7 at b = a = 1."""
    ratios, gram, linear = (0.5, 1.5), (x := samples(40, 60, factors=3)).T @ x, activation("identity")
    kernel = tangent_gram_kernel(gram_means(gram, linear, 2), ratios, linear)
    np.testing.assert_allclose(kernel.excess, 0, atol=1e-9)
    assert kernel.noise.total_variance == pytest.approx(0, abs=1e-12)
    assert not kernel.noise.rows.any()
    paper, z = tangent_kernel(EmpiricalInput(np.linalg.eigvalsh(gram)), ratios, 1.0, 1.0), np.array([1 + 0.2j, 4 + 1j])
    np.testing.assert_allclose(solve(kernel, z).stieltjes, solve(paper, z).stieltjes, rtol=1e-7)


def dense_means(gram, sigma, layers, rates):
    """K_l, Phi'(K_l), P_l and Theta_L by their definitions, without a basis."""
    kernels, slopes = [gram], []
    for _ in range(layers):
        slopes.append(dual_kernel(sigma.derivative, kernels[-1], sigma.breakpoints)[0])
        kernels.append(dual_kernel(sigma.function, kernels[-1], sigma.breakpoints)[0])
    products = [np.prod(slopes[layer:], axis=0) for layer in range(layers)] + [np.ones_like(gram)]
    return kernels, slopes, products, sum(r * p * k for r, p, k in zip(rates, products, kernels, strict=True))


def test_diagonals_are_those_of_the_dense_matrices():
    gram = (x := samples(25, 40, factors=2)).T @ x
    means = gram_means(gram, ARCTAN, 2, RATES)
    kernels, slopes, products, tangent = dense_means(gram, ARCTAN, 2, RATES)
    values, basis = np.linalg.eigh(tangent)
    assert GramMeans.of(means.arrays()).kernels is means.kernels
    assert {name: array.shape for name, array in means.arrays().items()} == GramMeans.shapes(25, 2)
    for layer, kernel in enumerate(kernels):
        np.testing.assert_allclose(means.kernels[layer], np.diagonal(basis.T @ kernel @ basis), atol=1e-8)
    for layer in range(2):
        full = products[layer] * kernels[layer]
        norms = np.diagonal(basis.T @ np.diag(np.diagonal(full)) @ basis)
        np.testing.assert_allclose(means.norms[layer], norms, atol=1e-8)
        np.testing.assert_allclose(means.products[layer] + norms, np.diagonal(basis.T @ full @ basis), atol=1e-8)
        for found, matrix in ((means.slopes, slopes[layer]), (means.sensitivities, products[layer])):
            expected = np.trace(matrix) / 25, off_diagonal(matrix).mean()
            np.testing.assert_allclose(found[layer], expected, rtol=1e-9)
    # In their own basis, the sum is the tangent kernel's eigenvalues.
    total = RATES[2] * means.kernels[2] + np.array(RATES[:2]) @ (means.products + means.norms)
    np.testing.assert_allclose(total, values, atol=1e-8)
    # Tangent kernels of no layer and of the first one.
    first = RATES[1] * kernels[1] + slopes[0] * RATES[0] * gram
    expected = [(off_diagonal(matrix) ** 2).sum() / 25 for matrix in (RATES[0] * gram, first)]
    np.testing.assert_allclose(means.tangents, expected, rtol=1e-9)
    np.testing.assert_allclose(means.inner_products, [np.sqrt((off_diagonal(gram) ** 2).mean()), 1.0], rtol=1e-9)


def full_resolvent(gram, ratios, z, noise, conjugate):
    """m(z) with matrices in the place of diagonals, by damped iteration of the law as its module states it."""
    layers, n = len(ratios), len(gram)
    kernels, slopes, products, tangent = dense_means(gram, ARCTAN, layers, (1.0,) * (layers + 1))
    beta = [off_diagonal(slope).mean() for slope in slopes]
    weights = [off_diagonal(product).mean() for product in products[1:-1]] + [1.0]
    if conjugate:
        weights = [0.0] * (layers - 1) + [1.0]
        rest = np.zeros_like(gram)
    else:
        rest = tangent - sum(p * k for p, k in zip(weights, kernels[1:], strict=True))
    basis = np.linalg.eigh(tangent)[1]
    rows = basis * noise.rows @ basis.T if noise.rows.size else np.zeros((n, n))
    excess = [kernels[k + 1] - beta[k] * kernels[k] for k in range(layers)]
    u, m, resolvent = [1 - 0.1j] * layers, -1 / z, -np.eye(n) / z
    for _ in range(400):
        c = [*weights[:-1], weights[-1]]
        for k in reversed(range(layers - 1)):
            c[k] = weights[k] + beta[k + 1] * u[k + 1]
        # The mean of (DT + TD) R (DT + TD) over independent entries of D, T with eigenvalues tau.
        left = rows @ resolvent
        own, mixed = np.diag(np.diagonal(left @ rows)), np.diagonal(left)[:, None] * rows
        squares = own + rows * np.diagonal(resolvent) @ rows + mixed + mixed.T
        total = rest - (z + noise.at(np.array([m]))[0][0]) * np.eye(n) - squares + beta[0] * u[0] * gram
        resolvent = np.linalg.inv(total + sum(a * b for a, b in zip(u, excess, strict=True)))
        kappa, following = np.trace(gram @ resolvent) / n, []
        for k in range(layers):
            phi = np.trace(excess[k] @ resolvent) / n + beta[k] * kappa
            following.append(c[k] / (1 + ratios[k] * c[k] * phi))
            kappa = phi / (1 + ratios[k] * c[k] * phi)
        new = np.trace(resolvent) / n
        done = abs(new - m) < 1e-10 * abs(m)
        m, u = (m + new) / 2, [(old + fresh) / 2 for old, fresh in zip(u, following, strict=True)]
        if done:
            return m
    raise AssertionError("the iteration did not settle")


@pytest.mark.parametrize(("conjugate", "tolerance"), [(True, 5e-4), (False, 1e-2)])
def test_diagonals_are_enough(conjugate, tolerance):
    """Inner products of 0.1, as of images without ten components, near the edges and in the bulk."""
    count, ratios = 150, (0.5, 0.5, 0.5)
    gram = (x := samples(count, 300, factors=10)).T @ x
    means = gram_means(gram, ARCTAN, 3)
    assert 0.09 < means.inner_products[0] < 0.13
    kernel = conjugate_gram_kernel(means, ratios) if conjugate else tangent_gram_kernel(means, ratios, ARCTAN)
    points = np.array([0.1 + 0.1j, 0.6 + 0.1j, 3 + 0.3j]) if conjugate else np.array([1.9 + 0.1j, 2.6 + 0.1j, 6 + 0.5j])
    found = solve(kernel, points).stieltjes
    expected = np.array([full_resolvent(gram, ratios, z, kernel.noise, conjugate) for z in points])
    assert (np.abs(found / expected - 1) < tolerance).all(), np.abs(found / expected - 1)


def network(x, ratio, layers, name, seed):
    width = round(x.shape[1] / ratio)
    return random_network_kernels(x, [width] * layers, activation(name), seed, dtype=torch.float64)


def test_with_its_own_scale_the_law_has_the_networks_mean():
    x = samples(100, 80, factors=5)
    kernels = network(x, 1.0, 3, "arctan", 0)
    means = gram_means(x.T @ x, ARCTAN, 3)
    trace = float(kernels.tangent.trace()) / 100
    own = tangent_gram_kernel(means, (1.0,) * 3, ARCTAN, kernels.sensitivities)
    wide = tangent_gram_kernel(means, (1.0,) * 3, ARCTAN)
    assert own.mean == pytest.approx(trace, rel=0.02)
    assert abs(own.mean - trace) < abs(wide.mean - trace) / 3


@pytest.mark.parametrize(("name", "most"), [("arctan", 0.02), ("tanh", 0.02), ("gelu", 0.04), ("relu", 0.04)])
def test_networks_on_correlated_samples_follow_it_and_not_the_theorems(name, most):
    """Inner products of 0.1. Within 0.02, the goal, if sigma is odd; otherwise only of 1000 samples or more."""
    sigma, count, ratios = activation(name), 400, (0.5,) * 3
    gram = (x := samples(count, 500, factors=10)).T @ x
    means = gram_means(gram, sigma, 3)
    assert 0.09 < means.inner_products[0] < 0.15
    spectrum = EmpiricalInput(np.linalg.eigvalsh(gram).clip(0))
    paper = limit_law(tangent_kernel(spectrum, ratios, sigma.b_sigma, sigma.a_sigma))
    law, distances = GramLaw(conjugate_gram_kernel(means, ratios)), []
    for seed in range(3):
        kernels = network(x, 0.5, 3, name, seed)
        conjugate, tangent = (np.linalg.eigvalsh(matrix.numpy()) for matrix in (kernels.grams[-1], kernels.tangent))
        own = GramLaw(tangent_gram_kernel(means, ratios, sigma, kernels.sensitivities))
        assert ks_distance(conjugate, law.cdf, law.atoms) < 0.02
        distances.append([ks_distance(tangent, each.cdf, each.atoms) for each in (own, paper)])
    ours, theirs = np.transpose(distances)
    assert (ours < most).all(), ours
    assert theirs.mean() > 2 * ours.mean(), (ours, theirs)


@pytest.mark.parametrize(
    ("gram", "words"),
    [
        (np.ones((2, 3)), "a row and a column"),
        (np.ones((1, 1)), "two or more"),
        (np.diag([1.0, np.nan]), "not finite"),
        (np.array([[1.0, 0.5], [0.2, 1.0]]), "not symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "negative eigenvalues"),
        (np.diag([1.0, 0.0]), "norms around one"),
    ],
)
def test_what_is_no_gram_matrix_is_refused(gram, words):
    with pytest.raises(UserError, match=words):
        gram_means(gram, ARCTAN, 2)
    with pytest.raises(UserError, match="positive rates"):
        gram_means(np.eye(3), ARCTAN, 2, (1.0, 1.0))


def test_an_even_activation_has_slopes_that_are_not_negative():
    """b_sigma = 0: a mean of inner products below zero must not become a negative coefficient."""
    x = samples(60, 90)
    x -= x.mean(axis=1, keepdims=True)
    x /= np.linalg.norm(x, axis=0)
    means = gram_means(x.T @ x, activation("cosine"), 2)
    assert means.slopes[0, 1] < 0
    kernel = tangent_gram_kernel(means, (0.5, 0.5), activation("cosine"), np.array([[2.0, -0.1], [1.5, 0.1]]))
    assert min(kernel.slopes) == 0
    assert min(kernel.weights) >= 0
