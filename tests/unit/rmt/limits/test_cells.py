"""Sums by cells against sums over all eigenvalues."""

import numpy as np
import pytest

from deepspectra.rmt.limits.cells import Cells, gauss_quadrature, resolvent_sums


def test_a_quadrature_sums_polynomials_exactly():
    points = np.sort(np.random.default_rng(1).lognormal(size=200))
    nodes, weights = gauss_quadrature(points, 6)
    for order in range(12):
        assert weights @ nodes**order == pytest.approx(np.sum(points**order), rel=1e-12)


def test_a_quadrature_of_few_different_points_has_these_as_nodes():
    points = np.repeat([1.0, 4.0], [30, 10])
    nodes, weights = gauss_quadrature(points, 6)
    assert np.allclose([nodes, weights], [[1, 4], [30, 10]])
    nodes, weights = gauss_quadrature(np.full(40, 2.5), 6)
    assert [*nodes, *weights] == [2.5, 40]


def test_sums_are_those_of_single_terms():
    x, w = np.array([0.5, 2.0]), np.array([1 + 0.3j, -2 + 1e-3j])
    weights = np.array([0.25, 3.0])
    resolvent = weights / (x - w[:, None])
    found = resolvent_sums(x, w, weights)
    assert np.allclose(found[1] + 1j * w.imag * found[0], resolvent.sum(axis=1), rtol=1e-14)
    assert np.allclose(found[2], (weights / np.abs(x - w[:, None]) ** 4).sum(axis=1), rtol=1e-14)


@pytest.mark.parametrize("zeros", [0, 3000])
def test_cells_give_the_sums_of_all_eigenvalues_near_and_far(zeros):
    rng = np.random.default_rng(2)
    x = np.sort(np.concatenate([np.zeros(zeros), rng.lognormal(sigma=2, size=5000)]))
    close = x[rng.integers(x.size, size=200)] * (1 + 1e-3 * rng.standard_normal(200))
    w = np.concatenate([close, rng.uniform(-1, 1.1 * x[-1], 200)]) + 1j * np.exp(rng.uniform(-12, 2, 400))
    exact, found = resolvent_sums(x, w), Cells(x).sums(w)
    size = np.array([exact[0], np.abs(x - w[:, None]).__pow__(-1).sum(axis=1), exact[2], exact[2]])
    assert (np.abs(found - exact) / size)[:3].max() < 1e-10
