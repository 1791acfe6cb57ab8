from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.runtime.errors import UserError

A = np.array([1 - 0.5j, -2 - 0.1j, 0.3 - 3j, -5 - 1j, -0.7 - 0.2j])
C = np.array([1 + 0j, 0.5 - 0.4j, 1 - 1j, 0.001 - 0.002j, 0j])


def averages_by_sums(x, weights):
    r = 1 / (A[:, None] + C[:, None] * x)
    return [r @ weights, (x * r) @ weights, r**2 @ weights, (x * r**2) @ weights, (x**2 * r**2) @ weights]


def test_empirical_averages_are_sums_over_eigenvalues():
    x = np.random.default_rng(0).gamma(2, size=300)
    expected = averages_by_sums(np.sort(x), np.full(300, 1 / 300))
    for value, sum_ in zip(EmpiricalInput(x).averages(A, C), expected, strict=True):
        np.testing.assert_allclose(value, sum_, rtol=1e-12)


def test_blocks_do_not_change_the_sums():
    rng = np.random.default_rng(1)
    spectrum = EmpiricalInput(rng.gamma(2, size=20_000))
    a, c = rng.normal(size=11) - 1j, np.full(11, 1 - 0.3j)
    together = spectrum.averages(a, c)
    for index in range(11):
        alone = spectrum.averages(a[[index]], c[[index]])
        for value, single in zip(together, alone, strict=True):
            assert value[index] == pytest.approx(single[0], rel=1e-13)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 3.0])
def test_marchenko_pastur_averages_are_integrals_over_the_law(ratio):
    spectrum = MarchenkoPasturInput(ratio)
    lower, upper = spectrum.edges
    theta = (np.arange(3000) + 0.5) * np.pi / 3000
    x = lower + (upper - lower) * np.sin(theta / 2) ** 2
    weights = spectrum.density(x) * (upper - lower) / 2 * np.sin(theta) * np.pi / 3000
    expected = averages_by_sums(np.append(x, 0.0), np.append(weights, spectrum.atom))
    for value, integral in zip(spectrum.averages(A, C), expected, strict=True):
        np.testing.assert_allclose(value, integral, rtol=1e-11)


def test_series_and_closed_form_meet():
    """On both sides of the switch between them the averages differ as little as their arguments."""
    for spectrum in (MarchenkoPasturInput(2.0), EmpiricalInput(np.linspace(0, 3, 50))):
        edge = 0.05 * 2.0 / spectrum.bounds[1]
        a = np.array([-2 + 0j, -2 + 0j])
        below, above = edge * (1 - 1e-13), edge * (1 + 1e-13)
        for value in spectrum.averages(a, np.array([below, above]) + 0j):
            assert value[0] == pytest.approx(value[1], rel=1e-11)


def test_repeated_eigenvalues_are_atoms():
    spectrum = EmpiricalInput(np.concatenate([1e-17 * np.arange(5), [1.0, 2.0, 2.0, 3.0, 4.0]]))
    (zero, zero_mass), (two, two_mass) = spectrum.atoms
    assert (zero, two) == (pytest.approx(0, abs=1e-15), 2.0)
    assert (zero_mass, two_mass) == (0.5, 0.2)
    assert MarchenkoPasturInput(4.0).atoms == ((0.0, 0.75),)
    assert MarchenkoPasturInput(0.5).atoms == ()


def test_rounding_below_zero_is_forgiven_and_nothing_else():
    assert EmpiricalInput(np.array([-1e-9, 1.0])).bounds == (0.0, 1.0)
    for values in ([-0.1, 1.0], [np.nan, 1.0], [], [0.0, 0.0]):
        with pytest.raises(UserError, match="input spectrum"):
            EmpiricalInput(np.array(values))


ATOMS = [(2.5, 0.25), (0.5, 0.75)]


def test_averages_over_atoms_are_weighted_sums():
    expected = averages_by_sums(np.array([0.0, 0.5, 2.5]), np.array([0.5, 0.3, 0.2]))
    spectrum = AtomicInput([(2.5, 0.2), (0.0, 0.5), (0.5, 0.3)])
    for value, sum_ in zip(spectrum.averages(A, C), expected, strict=True):
        np.testing.assert_allclose(value, sum_, rtol=1e-12)
    assert spectrum.bounds == (0.0, 2.5)
    assert spectrum.moment(2) == pytest.approx(0.3 * 0.25 + 0.2 * 6.25)


def test_atoms_of_equal_mass_are_the_eigenvalues_of_a_matrix():
    values = np.random.default_rng(2).gamma(2, size=40)
    atomic, empirical = AtomicInput([(value, 1 / 40) for value in values]), EmpiricalInput(values)
    for one, other in zip(atomic.averages(A, C), empirical.averages(A, C), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    for order in range(5):
        assert atomic.moment(order) == pytest.approx(empirical.moment(order), rel=1e-13)


def test_every_point_mass_is_an_atom_and_equal_locations_are_one():
    assert AtomicInput(ATOMS).atoms == ((0.5, 0.75), (2.5, 0.25))
    spectrum = AtomicInput([(1.0, 0.25), (3.0, 0.5), (1.0, 0.25)])
    assert spectrum.atoms == ((1.0, 0.5), (3.0, 0.5))


def test_masses_with_few_digits_are_made_to_sum_to_one():
    spectrum = AtomicInput([(1, 0.333333), (2, 0.333333), (3, 0.333333)])
    assert sum(mass for _, mass in spectrum.atoms) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("atoms", "words"),
    [
        ([], "at least one atom"),
        ([(1, 0.5), (np.nan, 0.5)], "finite numbers"),
        ([(1, np.inf)], "finite numbers"),
        ([(-1, 0.5), (2, 0.5)], "not negative and not all zero.*from -1 to 2"),
        ([(0, 1)], "not negative and not all zero.*from 0 to 0"),
        ([(1, 1.5), (2, -0.5)], "positive masses; one has -0.5"),
        ([(1, 1), (2, 0)], "positive masses; one has 0"),
        ([(1, 0.5), (2, 0.4)], "must sum to 1; their sum is 0.9"),
        ([(1, 0.5), (2, 0.50002)], "must sum to 1"),
    ],
)
def test_atoms_that_are_no_spectrum_are_refused(atoms, words):
    with pytest.raises(UserError, match=words):
        AtomicInput(atoms)
