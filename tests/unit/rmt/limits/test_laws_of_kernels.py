"""Whole laws of kernels, against closed forms, exact moments and simulations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.law import LimitError
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import density_over_support, limit_law
from deepspectra.spectra.kernels.equivalents import linear_equivalent
from deepspectra.spectra.kernels.networks import random_network_kernels

TANH = activation("tanh")
B, A = TANH.b_sigma, TANH.a_sigma
ATOMS = [(0.5, 0.75), (2.5, 0.25)]


def matrix(kernels, which):
    return (kernels.tangent if which == "tangent" else kernels.grams[-1]).numpy()


def inputs(count, seed):
    """X_0, n x n, whose Gram matrix has exactly these atoms, in random directions."""
    directions, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, count)))
    values = np.repeat([location for location, _ in ATOMS], [round(mass * count) for _, mass in ATOMS])
    return np.sqrt(values)[:, None] * directions


def solved(kernel, points):
    """A kernel's law, and its density over the support."""
    law = limit_law(kernel)
    return law, density_over_support(kernel, law, points)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_a_marchenko_pastur_law_is_reported_as_its_closed_form_has_it(ratio):
    kernel, exact = conjugate_kernel(MarchenkoPasturInput(3.0), (0.5, ratio), 0.0), MarchenkoPastur(ratio)
    found, curve = solved(kernel, 400)
    assert found.edges[0] == pytest.approx(exact.edges, abs=1e-6)
    assert found.bulks[0].mass == pytest.approx(1 - exact.atom, abs=1e-8)
    assert found.atoms == exact.atoms
    assert found.mass == pytest.approx(1, abs=1e-8)
    moments = [found.moment(order) for order in (1, 2, 3, 4)]
    assert moments == pytest.approx([exact.moment(order) for order in (1, 2, 3, 4)], rel=1e-8)
    assert kernel.mean == pytest.approx(moments[0], rel=1e-8)
    assert curve.residual[curve.converged].max() < 1e-12
    inner = curve.converged & (curve.points > 1e-6)
    np.testing.assert_allclose(curve.density[inner][1:-1], exact.density(curve.points[inner])[1:-1], rtol=1e-6)
    np.testing.assert_allclose(found.cdf(curve.points), exact.cdf(curve.points), atol=1e-7)


def test_points_are_the_support_with_its_edges():
    found, curve = solved(tangent_kernel(AtomicInput(ATOMS), (0.25,) * 3, B, A), 300)
    assert len(found.edges) == 2
    assert 290 <= curve.points.size <= 300
    assert curve.converged.all()
    (first, left), (right, last) = found.edges
    assert curve.points[[0, -1]].tolist() == [first, last]
    assert {left, right} <= set(curve.points)
    assert not ((curve.points > left) & (curve.points < right)).any()
    assert found.cdf(curve.points)[[0, -1]] == pytest.approx([0, 1], abs=1e-9)
    assert curve.density[[0, -1]] == pytest.approx([0, 0], abs=1e-3)
    assert {values.shape for values in curve} == {curve.points.shape}


def test_a_pole_is_no_point_of_the_curve():
    """At ratio one the density is infinite at zero: that point is counted, and has no density."""
    _, curve = solved(conjugate_kernel(MarchenkoPasturInput(3.0), (1.0,), 0.0), 200)
    assert curve.points[0] == 0
    assert np.isnan(curve.density[0])
    assert curve.converged.tolist() == [False] + [True] * (curve.points.size - 1)


def test_a_pole_away_from_the_shift_costs_no_mass():
    """Orthonormal inputs and one square layer: Marchenko-Pastur, moved by r_+ and q_0."""
    kernel = tangent_kernel(AtomicInput([(1.0, 1.0)]), (1.0,), B, A)
    found = limit_law(kernel)
    assert kernel.lower == pytest.approx(A)
    assert found.edges[0] == pytest.approx((A, A + 4), abs=1e-7)
    assert found.mass == pytest.approx(1, abs=1e-9)
    x = np.linspace(0.1, 3.9, 50)
    np.testing.assert_allclose(found.cdf(A + x), MarchenkoPastur(1.0).cdf(x), atol=1e-8)


def test_a_law_that_cannot_be_integrated_is_an_error():
    """A product of square Gaussian matrices has a stronger pole than the quadrature is made for."""
    with pytest.raises(LimitError, match="grows faster towards an edge than an inverse square root"):
        limit_law(conjugate_kernel(MarchenkoPasturInput(1.0), (1.0, 1.0), 1.0))


def test_equal_atoms_and_equal_eigenvalues_have_one_law():
    values = np.random.default_rng(5).gamma(3, 1 / 3, size=30)
    atomic, one = solved(tangent_kernel(AtomicInput([(value, 1 / 30) for value in values]), (0.5, 0.5), B, A), 200)
    empirical, other = solved(tangent_kernel(EmpiricalInput(values), (0.5, 0.5), B, A), 200)
    np.testing.assert_allclose(atomic.edges, empirical.edges, rtol=1e-9)
    np.testing.assert_allclose(one.density, other.density, atol=1e-8)
    np.testing.assert_allclose(atomic.cdf(one.points), empirical.cdf(other.points), atol=1e-8)
    assert atomic.atoms == empirical.atoms == ()


@pytest.mark.parametrize("which", ["conjugate", "tangent"])
def test_moments_are_those_of_the_traces_of_a_large_matrix(which):
    """Means over three draws of the linear model; order k fluctuates and is biased by about k^2/n.

    The second moment of one layer is exact: (1 - b^2 + b^2 x)^2 on average, plus gamma times the squared mean.
    """
    ratios = (0.5, 0.5)
    make = {"conjugate": conjugate_kernel(AtomicInput(ATOMS), ratios, B)}
    make["tangent"] = tangent_kernel(AtomicInput(ATOMS), ratios, B, A)
    found = limit_law(make[which])
    draws = [linear_equivalent(inputs(600, seed), (1200, 1200), B, A, seed, dtype=torch.float64) for seed in range(3)]
    matrices = [draw.tangent if which == "tangent" else draw.grams[-1] for draw in draws]
    values = np.array([np.linalg.eigvalsh(matrix.numpy()) for matrix in matrices])
    for order in (1, 2, 3, 4):
        assert np.mean(values**order) == pytest.approx(found.moment(order), rel=order**2 / 600), order
    assert make[which].mean == pytest.approx(found.moment(1), rel=1e-9)


def test_the_second_moment_of_one_layer_is_exact():
    ratio = 0.7
    found = limit_law(conjugate_kernel(AtomicInput(ATOMS), (ratio,), B))
    mean = 1 - B**2 + B**2 * sum(mass * location for location, mass in ATOMS)
    square = sum(mass * (1 - B**2 + B**2 * location) ** 2 for location, mass in ATOMS)
    # To the accuracy that the mass has to have: here two bulks have just merged.
    assert (found.moment(1), found.moment(2)) == pytest.approx((mean, square + ratio * mean**2), rel=1e-6)


@pytest.mark.parametrize(
    ("atoms", "ratios", "which", "expected"),
    [
        # n > d_L: half of K_CK's eigenvalues vanish, whatever the input.
        (ATOMS, (0.25, 2.0), "conjugate", [(0.0, 0.5)]),
        # Of each eigenspace of the input what is left of it after both layers' ranks, 1/4 and 1/5.
        (ATOMS, (4.0, 5.0), "tangent", [(0.5, 0.75 - 0.45)]),
    ],
)
def test_atoms_of_the_law_are_multiple_eigenvalues_of_the_linear_model(atoms, ratios, which, expected):
    make = {"conjugate": conjugate_kernel(AtomicInput(atoms), ratios, B)}
    make["tangent"] = tangent_kernel(AtomicInput(atoms), ratios, B, A)
    kernel, count = make[which], 400
    found = limit_law(kernel)
    widths = [round(count / ratio) for ratio in ratios]
    model = linear_equivalent(inputs(count, 0), widths, B, A, 0, dtype=torch.float64)
    values = np.linalg.eigvalsh(matrix(model, which))
    assert len(found.atoms) == len(expected)
    for (location, mass), (source, share) in zip(found.atoms, expected, strict=True):
        assert location == pytest.approx(kernel.shift + kernel.coefficients[0] * source)
        assert mass == pytest.approx(share)
        assert np.mean(np.abs(values - location) < 1e-9) == pytest.approx(share, abs=1 / count)
    assert ks_distance(values, found.cdf, found.atoms, 1e-9) < 0.02


@pytest.mark.parametrize("name", ["tanh", "gelu", "relu"])
def test_spectra_approach_the_law_as_they_grow(name):
    """Input of atoms, n > d_L. Mean distances at n = 32 and 512: levels are rigid, so that they fall like log(n)/n.

    That is a factor of about 9; the network's own conjugate kernel follows, also with a kink, where no theorem says so.
    """
    sigma, ratios = activation(name), (0.25, 2.0)
    law = limit_law(conjugate_kernel(AtomicInput(ATOMS), ratios, sigma.b_sigma))

    def distances(count, seeds):
        widths, found = [round(count / ratio) for ratio in ratios], []
        for seed in seeds:
            x = inputs(count, seed)
            network = random_network_kernels(x, widths, sigma, seed, dtype=torch.float64)
            linear = linear_equivalent(x, widths, sigma.b_sigma, sigma.a_sigma, seed, dtype=torch.float64)
            spectra = [np.linalg.eigvalsh(kernels.grams[-1].numpy()) for kernels in (network, linear)]
            found.append([ks_distance(values, law.cdf, law.atoms, 1e-9) for values in spectra])
        return np.mean(found, axis=0)

    few, many = distances(32, range(8)), distances(512, range(8, 11))
    assert (many < few / 5).all(), (few, many)
