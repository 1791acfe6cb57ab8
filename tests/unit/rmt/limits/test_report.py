"""What a report says of a law, against closed forms, exact moments and simulations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.law import LimitError
from deepspectra.rmt.limits.layered import conjugate_kernel, limit_law, tangent_kernel
from deepspectra.rmt.limits.report import law_report
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


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_a_marchenko_pastur_law_is_reported_as_its_closed_form_has_it(ratio):
    exact, found = (
        MarchenkoPastur(ratio),
        law_report(conjugate_kernel(MarchenkoPasturInput(3.0), (0.5, ratio), 0.0), 400),
    )
    assert found.edges[0] == pytest.approx(exact.edges, abs=1e-6)
    assert found.bulk_masses == (pytest.approx(1 - exact.atom, abs=1e-8),)
    assert found.atoms == exact.atoms
    assert found.atom_at_zero == pytest.approx(exact.atom)
    assert found.mass == pytest.approx(1, abs=1e-8)
    assert found.moments == pytest.approx([exact.moment(order) for order in (1, 2, 3, 4)], rel=1e-8)
    assert found.variance == pytest.approx(ratio, rel=1e-8)
    assert found.mean == pytest.approx(found.exact_mean, rel=1e-8)
    assert found.largest_residual < 1e-12
    inner = found.converged & (found.points > 1e-6)
    np.testing.assert_allclose(found.density[inner][1:-1], exact.density(found.points[inner])[1:-1], rtol=1e-6)
    np.testing.assert_allclose(found.cdf, exact.cdf(found.points), atol=1e-7)


def test_points_are_the_support_with_its_edges():
    found = law_report(tangent_kernel(AtomicInput(ATOMS), (0.25,) * 3, B, A), 300)
    assert len(found.edges) == 2
    assert 290 <= found.asked == found.points.size <= 300
    assert found.not_converged == 0
    (first, left), (right, last) = found.edges
    assert found.points[[0, -1]].tolist() == [first, last]
    assert {left, right} <= set(found.points)
    assert not ((found.points > left) & (found.points < right)).any()
    assert found.cdf[[0, -1]] == pytest.approx([0, 1], abs=1e-9)
    assert found.density[[0, -1]] == pytest.approx([0, 0], abs=1e-3)
    for name in ("density", "cdf", "residual", "converged"):
        assert getattr(found, name).shape == found.points.shape


def test_a_pole_is_no_point_of_the_curve():
    """At ratio one the density is infinite at zero: that point is counted, and has no density."""
    found = law_report(conjugate_kernel(MarchenkoPasturInput(3.0), (1.0,), 0.0), 200)
    assert found.points[0] == 0
    assert np.isnan(found.density[0])
    assert found.converged.tolist() == [False] + [True] * (found.asked - 1)
    assert found.not_converged == 1


def test_a_pole_away_from_the_shift_costs_no_mass():
    """Orthonormal inputs and one square layer: Marchenko-Pastur, moved by r_+ and q_0."""
    kernel = tangent_kernel(AtomicInput([(1.0, 1.0)]), (1.0,), B, A)
    found = law_report(kernel, 200)
    assert kernel.lower == pytest.approx(A)
    assert found.edges[0] == pytest.approx((A, A + 4), abs=1e-7)
    assert found.mass == pytest.approx(1, abs=1e-9)
    x = np.linspace(0.1, 3.9, 50)
    np.testing.assert_allclose(limit_law(kernel).cdf(A + x), MarchenkoPastur(1.0).cdf(x), atol=1e-8)


def test_a_law_that_cannot_be_integrated_is_no_report():
    """A product of square Gaussian matrices has a stronger pole than the quadrature is made for."""
    with pytest.raises(LimitError, match="grows faster towards an edge than an inverse square root"):
        law_report(conjugate_kernel(MarchenkoPasturInput(1.0), (1.0, 1.0), 1.0), 200)


def test_equal_atoms_and_equal_eigenvalues_have_one_law():
    values = np.random.default_rng(5).gamma(3, 1 / 3, size=30)
    atomic = law_report(tangent_kernel(AtomicInput([(value, 1 / 30) for value in values]), (0.5, 0.5), B, A), 200)
    empirical = law_report(tangent_kernel(EmpiricalInput(values), (0.5, 0.5), B, A), 200)
    np.testing.assert_allclose(atomic.edges, empirical.edges, rtol=1e-9)
    np.testing.assert_allclose(atomic.density, empirical.density, atol=1e-8)
    np.testing.assert_allclose(atomic.cdf, empirical.cdf, atol=1e-8)
    assert atomic.atoms == empirical.atoms == ()


@pytest.mark.parametrize("which", ["conjugate", "tangent"])
def test_moments_are_those_of_the_traces_of_a_large_matrix(which):
    """Means over three draws of the linear model; order k fluctuates and is biased by about k^2/n.

    The second moment of one layer is exact: (1 - b^2 + b^2 x)^2 on average, plus gamma times the squared mean.
    """
    ratios = (0.5, 0.5)
    make = {"conjugate": conjugate_kernel(AtomicInput(ATOMS), ratios, B)}
    make["tangent"] = tangent_kernel(AtomicInput(ATOMS), ratios, B, A)
    found = law_report(make[which], 200)
    draws = [linear_equivalent(inputs(600, seed), (1200, 1200), B, A, seed, dtype=torch.float64) for seed in range(3)]
    values = np.array([np.linalg.eigvalsh(matrix(draw, which)) for draw in draws])
    for order, moment in enumerate(found.moments, start=1):
        assert np.mean(values**order) == pytest.approx(moment, rel=order**2 / 600), order
    assert found.variance == pytest.approx(found.moments[1] - found.mean**2, rel=1e-9)
    assert found.exact_mean == pytest.approx(found.mean, rel=1e-9)


def test_the_second_moment_of_one_layer_is_exact():
    ratio = 0.7
    found = law_report(conjugate_kernel(AtomicInput(ATOMS), (ratio,), B), 200)
    mean = 1 - B**2 + B**2 * sum(mass * location for location, mass in ATOMS)
    square = sum(mass * (1 - B**2 + B**2 * location) ** 2 for location, mass in ATOMS)
    # To the accuracy that the mass has to have: here two bulks have just merged.
    assert found.moments[:2] == pytest.approx((mean, square + ratio * mean**2), rel=1e-6)


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
    found = law_report(kernel, 200)
    widths = [round(count / ratio) for ratio in ratios]
    model = linear_equivalent(inputs(count, 0), widths, B, A, 0, dtype=torch.float64)
    values = np.linalg.eigvalsh(matrix(model, which))
    assert len(found.atoms) == len(expected)
    for (location, mass), (source, share) in zip(found.atoms, expected, strict=True):
        assert location == pytest.approx(kernel.shift + kernel.coefficients[0] * source)
        assert mass == pytest.approx(share)
        assert np.mean(np.abs(values - location) < 1e-9) == pytest.approx(share, abs=1 / count)
    assert found.atom_at_zero == (pytest.approx(0.5) if which == "conjugate" else 0)
    assert ks_distance(values, limit_law(kernel).cdf, found.atoms, 1e-9) < 0.02


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
