from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.nn.activations import activation
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.layered import LayeredKernel, conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import density, limit_law, solve
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.equivalents import linear_equivalent
from deepspectra.spectra.kernels.networks import random_network_kernels

ARCTAN = activation("arctan")
B, A = ARCTAN.b_sigma, ARCTAN.a_sigma
HALF = (0.5,) * 5


def gaussian_inputs(dimension, count, seed=0):
    return np.random.default_rng(seed).normal(size=(dimension, count)) / np.sqrt(dimension)


class LiteralRecursion:
    """Eq. 11 to 15 of fan2020 as they stand: t_l through s_l, and s_l as the root of eq. 12, layer within layer."""

    def __init__(self, eigenvalues, ratios, b):
        self.x, self.ratios, self.b = eigenvalues, ratios, b

    def t(self, z, w):
        layer = len(z) - 2
        if layer == 0:
            return np.mean((w[0] + w[1] * self.x) / (z[0] + z[1] * self.x))  # eq. 11
        previous = self.z_prev(self.s(z), z)
        w_prev = np.array(w[:-1]) - w[-1] / z[-1] * np.array(z[:-1])  # eq. 15
        return w[-1] / z[-1] + self.t(previous, w_prev)  # eq. 13

    def z_prev(self, s, z):
        """Eq. 14; for layer 1 z_{-1} and z_0 are the first and the last of two."""
        previous = np.array(z[:-1], dtype=complex)
        previous[0] += (1 - self.b**2) / s
        previous[-1] += self.b**2 / s
        return previous

    def right_side(self, s, z):
        """Of eq. 12."""
        layer = len(z) - 2
        w = np.zeros(layer + 1)
        w[0], w[-1] = 1 - self.b**2, self.b**2
        return 1 / z[-1] + self.ratios[layer - 1] * self.t(self.z_prev(s, z), w)

    def s(self, z):
        """Secant method from two steps of the plain iteration; the root must lie in C+ (proposition 3.6)."""
        old = 1 / z[-1] + 0.1j
        new = self.right_side(old, z)
        f_old, f_new = new - old, self.right_side(new, z) - new
        for _ in range(40):
            if abs(f_new) <= 1e-14 * abs(new):
                break
            step = f_new * (new - old) / (f_new - f_old)
            candidate = new - step
            while candidate.imag <= 0:
                step /= 2
                candidate = new - step
            old, f_old, new = new, f_new, candidate
            f_new = self.right_side(new, z) - new
        assert abs(f_new) <= 1e-12 * abs(new)
        assert new.imag > 0
        return new


@pytest.mark.parametrize(
    ("ratios", "shift", "coefficients"),
    [
        ((0.7,), 0.0, (0.0, 1.0)),
        ((0.7,), 0.8, (0.6, 1.0)),
        ((2.0, 0.5), 0.0, (0.0, 0.0, 1.0)),
        ((2.0, 0.5), 0.3, (0.4, 0.9, 1.3)),
        ((0.6, 1.5, 0.8), 0.3, (0.5, 0.7, 0.9, 1.0)),
    ],
)
def test_the_closed_system_solves_the_recursion_of_the_paper(ratios, shift, coefficients):
    eigenvalues = np.sort(np.random.default_rng(3).gamma(2, 0.5, size=25))
    kernel = LayeredKernel(EmpiricalInput(eigenvalues), ratios, 0.8, shift, coefficients)
    z = np.array([0.5 + 0.7j, 2.0 + 0.3j, 5.0 + 1.0j])
    solution = solve(kernel, z)
    assert solution.converged.all()
    literal = LiteralRecursion(eigenvalues, ratios, 0.8)
    for index, point in enumerate(z):
        full = np.array([shift - point, *coefficients], dtype=complex)
        unit = np.eye(len(full))[0]
        assert solution.stieltjes[index] == pytest.approx(literal.t(full, unit), rel=1e-10)
        assert 1 / solution.inverse[index, -1] == pytest.approx(literal.s(full), rel=1e-10)


def test_roots_are_certified_and_carried_down_to_the_axis():
    kernel = tangent_kernel(MarchenkoPasturInput(3.0), HALF, B, A)
    x = np.linspace(2, 60, 40)
    for height in (1.0, 1e-3, 1e-6):
        solution = solve(kernel, x + 1j * height)
        assert solution.converged.all()
        assert (solution.inverse.imag < 0).all()
        assert (solution.stieltjes.imag > 0).all()
        assert solution.residual.max() < 1e-12


def test_the_interpolated_start_finds_the_same_roots_as_the_descent():
    kernel = conjugate_kernel(MarchenkoPasturInput(3.0), HALF, B)
    x = np.linspace(0.001, 14, 1000)
    curve = density(kernel, x)
    assert curve.converged.all()
    assert curve.residual.max() < 1e-12
    alone = density(kernel, x[::17])
    np.testing.assert_allclose(curve.density[::17], alone.density, rtol=1e-9, atol=1e-12)
    shuffled = np.random.default_rng(0).permutation(x.size)
    np.testing.assert_allclose(density(kernel, x[shuffled]).density, curve.density[shuffled], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_without_a_linear_part_the_conjugate_kernel_is_marchenko_pastur(ratio):
    """Theorem 3.4 at b = 0: whatever the inputs and the lower layers."""
    exact = MarchenkoPastur(ratio)
    kernel = conjugate_kernel(MarchenkoPasturInput(3.0), (0.3, 1.7, ratio), 0.0)
    law = limit_law(kernel)
    assert law.edges[0] == pytest.approx(exact.edges, abs=1e-6)
    assert law.atoms == exact.atoms
    x = np.linspace(*exact.edges, 101)[1:-1]
    np.testing.assert_allclose(density(kernel, x).density, exact.density(x), rtol=1e-9)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-7)


@pytest.mark.parametrize("ratio", [0.4, 2.5])
def test_without_a_linear_part_the_tangent_kernel_is_a_translate(ratio):
    """Lemma 3.5 at b = 0, where theorem 3.7 itself does not apply."""
    exact = MarchenkoPastur(ratio)
    kernel = tangent_kernel(MarchenkoPasturInput(3.0), (0.3, ratio), 0.0, 2.5)
    shift = 2.5 + 2.5**2
    assert kernel.shift == pytest.approx(shift)
    law = limit_law(kernel)
    assert law.atoms == (() if ratio < 1 else ((shift, exact.atom),))
    x = np.linspace(*exact.edges, 101)[1:-1]
    np.testing.assert_allclose(density(kernel, shift + x).density, exact.density(x), rtol=1e-8)
    np.testing.assert_allclose(law.cdf(shift + x), exact.cdf(x), atol=1e-7)


def test_orthonormal_inputs_give_marchenko_pastur_after_one_layer():
    """(1 - b^2) + b^2 * 1 = 1, so eq. 8 is the Marchenko-Pastur map of a point, for every b."""
    spectrum = EmpiricalInput(np.ones(10))
    for b in (0.3, 0.9, 1.0):
        kernel = conjugate_kernel(spectrum, (0.6,), b)
        x = np.linspace(*MarchenkoPastur(0.6).edges, 50)[1:-1]
        np.testing.assert_allclose(density(kernel, x).density, MarchenkoPastur(0.6).density(x), rtol=1e-9)


@pytest.mark.parametrize("ratios", [(0.3, 0.5), (0.5, 2.0), (0.4, 0.6, 0.3)])
def test_a_linear_network_is_a_product_of_wishart_matrices(ratios):
    """At b = 1 the law is the free product of Marchenko-Pastur laws: moments by Lagrange inversion of its S-transform.

    m_k = [w^(k-1)] ((1 + w) prod_l (1 + gamma_l w))^k / k.
    """
    law = limit_law(conjugate_kernel(MarchenkoPasturInput(ratios[0]), ratios[1:], 1.0))
    factor = np.polynomial.Polynomial([1, 1])
    for ratio in ratios:
        factor *= np.polynomial.Polynomial([1, ratio])
    for order in (1, 2, 3, 4):
        assert law.moment(order) == pytest.approx((factor**order).coef[order - 1] / order, rel=1e-6)


CASES = {
    "single bulk": (MarchenkoPasturInput(0.5), (0.5, 0.5)),
    "figure 1": (MarchenkoPasturInput(3.0), HALF),
    "figure 2": (MarchenkoPasturInput(5000 / 3072), HALF),
    "one layer of figure 1": (MarchenkoPasturInput(3.0), (0.5,)),
    "narrow layers": (MarchenkoPasturInput(3.0), (4.0, 3.0)),
    "narrow in the middle": (MarchenkoPasturInput(0.5), (0.3, 5.0, 0.3)),
    "two clusters": (EmpiricalInput(np.repeat([0.2, 5.0], [80, 20]) + np.linspace(0, 0.1, 100)), (0.05, 0.05)),
}


def second_moments(spectrum, ratios):
    """Limits of n^{-1} Tr X_k'X_k X_l'X_l, from E[X_l'X_l | X_{l-1}] and the Marchenko-Pastur map's second moment."""
    layers, b2, m1 = len(ratios), B**2, spectrum.moment(1)
    means = [m1]
    table = np.empty((layers + 1, layers + 1))
    table[0, 0] = spectrum.moment(2)
    for k in range(1, layers + 1):
        means.append(1 - b2 + b2 * means[-1])
        mixed = (1 - b2) ** 2 + 2 * (1 - b2) * b2 * means[k - 1] + b2**2 * table[k - 1, k - 1]
        table[k, k] = mixed + ratios[k - 1] * means[k] ** 2
        for j in range(k):
            table[k, j] = table[j, k] = (1 - b2) * means[j] + b2 * table[k - 1, j]
    return np.array(means), table


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("which", ["conjugate", "tangent"])
def test_laws_sum_to_one_and_have_the_exact_first_two_moments(case, which):
    spectrum, ratios = CASES[case]
    make = conjugate_kernel if which == "conjugate" else tangent_kernel
    kernel = make(spectrum, ratios, B) if which == "conjugate" else make(spectrum, ratios, B, A)
    law = limit_law(kernel)
    assert law.mass == pytest.approx(1, abs=1e-6)
    means, table = second_moments(spectrum, ratios)
    z = np.array(kernel.coefficients)
    mean = kernel.shift + z @ means
    assert law.moment(1) == pytest.approx(mean, rel=1e-6)
    assert law.moment(2) == pytest.approx(kernel.shift**2 + 2 * kernel.shift * (z @ means) + z @ table @ z, rel=1e-6)


def test_gaussian_inputs_give_the_traces_of_the_paper():
    """n^{-1} Tr: 1 for K_CK; r_+ + 1 + sum of q_l for K_NTK, all X_l'X_l having mean 1."""
    shift, coefficients = tangent_coefficients(5, B, A)
    q = [B ** (2 * (5 - k)) for k in range(5)]
    r = [A ** (5 - k) for k in range(5)]
    assert shift == pytest.approx(sum(r) - sum(q))
    assert coefficients == pytest.approx((*q, 1.0))
    spectrum = MarchenkoPasturInput(3.0)
    assert limit_law(conjugate_kernel(spectrum, HALF, B)).moment(1) == pytest.approx(1, abs=1e-7)
    assert limit_law(tangent_kernel(spectrum, HALF, B, A)).moment(1) == pytest.approx(shift + 1 + sum(q), abs=1e-7)


def test_bulks_merge_over_the_layers():
    """Figure 1: an atom of 2/3 at zero in the input becomes a bulk of its own, which later layers merge."""
    spectrum = MarchenkoPasturInput(3.0)
    counts = [len(limit_law(conjugate_kernel(spectrum, HALF, B, layer)).bulks) for layer in range(1, 6)]
    assert counts[0] == 2
    assert counts[-1] == 1
    first = limit_law(conjugate_kernel(spectrum, HALF, B, 1))
    assert first.bulks[0].mass == pytest.approx(2 / 3, abs=1e-6)


def test_the_atom_of_narrow_layers():
    """gamma_L = 2: half of K_CK's eigenvalues vanish. K_NTK: 2/3 - 1/4 - 1/3 = 1/12 stay at r_+."""
    kernel = conjugate_kernel(MarchenkoPasturInput(0.5), (0.5, 2.0), B)
    assert kernel.atoms == ((0.0, pytest.approx(0.5)),)
    kernel = tangent_kernel(MarchenkoPasturInput(3.0), (4.0, 3.0), B, A)
    assert kernel.atoms == ((kernel.shift, pytest.approx(1 / 12)),)
    model = linear_equivalent(gaussian_inputs(120, 360), (90, 120), B, A, seed=0, dtype=torch.float64)
    values = np.linalg.eigvalsh(model.tangent.numpy())
    assert np.mean(np.abs(values - kernel.shift) < 1e-9) == pytest.approx(1 / 12)


def test_a_linear_network_keeps_the_kernel_of_its_narrowest_layer():
    spectrum = MarchenkoPasturInput(0.5)
    assert conjugate_kernel(spectrum, (4.0, 2.0), 1.0).atoms == ((0.0, pytest.approx(0.75)),)
    assert tangent_kernel(spectrum, (4.0, 2.0), 1.0, 1.0).atoms == ()
    assert tangent_kernel(MarchenkoPasturInput(3.0), (4.0, 2.0), 1.0, 1.0).atoms == ((0.0, pytest.approx(2 / 3)),)
    assert limit_law(conjugate_kernel(spectrum, (2.0,), 1.0)).mass == pytest.approx(1, abs=1e-6)


def test_a_point_without_a_density_is_reported():
    """At the atom itself the Stieltjes transform is infinite."""
    curve = density(conjugate_kernel(MarchenkoPasturInput(0.5), (0.5, 2.0), B), np.array([0.0, 1.0]))
    assert curve.converged.tolist() == [False, True]
    assert np.isnan(curve.density).tolist() == [True, False]


def test_an_empirical_spectrum_of_quantiles_gives_the_law_of_its_limit():
    law = MarchenkoPastur(0.5)
    fine = np.linspace(*law.edges, 200_001)
    quantiles = np.interp((np.arange(2000) + 0.5) / 2000, law.cdf(fine), fine)
    x = np.linspace(2.8, 20, 30)
    exact = density(tangent_kernel(MarchenkoPasturInput(0.5), (0.5, 0.5), B, A), x)
    discrete = density(tangent_kernel(EmpiricalInput(quantiles), (0.5, 0.5), B, A), x)
    np.testing.assert_allclose(discrete.density, exact.density, atol=2e-5)


def distances(count, ratios, laws, seed):
    """Of the spectra of K_CK and K_NTK (columns) from their limits: rows network and linear model."""
    widths = [round(count / ratio) for ratio in ratios]
    x = gaussian_inputs(2 * count, count, seed)
    rows = []
    for kernels in (
        random_network_kernels(x, widths, ARCTAN, seed, dtype=torch.float64),
        linear_equivalent(x, widths, B, A, seed, dtype=torch.float64),
    ):
        pairs = zip((kernels.grams[-1], kernels.tangent), laws, strict=True)
        rows.append([ks_distance(np.linalg.eigvalsh(k.numpy()), law.cdf, law.atoms, 1e-9) for k, law in pairs])
    return np.array(rows)


@pytest.mark.parametrize("ratios", [(0.5, 0.5), (0.5, 2.0)])
def test_networks_and_the_linear_model_approach_the_limit(ratios):
    """Distances fall as n grows, for both kernels.

    A network's K_NTK does so at the rate n^(-1/2) only and differs between seeds: its diagonal, r_+ in the limit, moves
    with |w|^2/d_L and the like. Hence the means over seeds, and a factor of 2 where 4 is expected.
    """
    spectrum = MarchenkoPasturInput(0.5)
    laws = limit_law(conjugate_kernel(spectrum, ratios, B)), limit_law(tangent_kernel(spectrum, ratios, B, A))
    few = np.mean([distances(32, ratios, laws, seed) for seed in range(8)], axis=0)
    many = np.mean([distances(512, ratios, laws, seed) for seed in range(8, 12)], axis=0)
    assert (many < few / 2).all(), (few, many)
    assert (many[:, 0] < 0.01).all(), (few, many)
    assert many[1, 1] < 0.01, (few, many)


def test_parameters_that_make_no_sense_are_refused():
    spectrum = MarchenkoPasturInput(0.5)
    with pytest.raises(UserError, match="L \\+ 1 coefficients"):
        LayeredKernel(spectrum, (0.5,), 0.9, 0.0, (1.0,))
    with pytest.raises(UserError, match="ratios"):
        conjugate_kernel(spectrum, (0.5, -1.0), 0.9)
    with pytest.raises(UserError, match="b_sigma"):
        conjugate_kernel(spectrum, (0.5,), 1.5)
    with pytest.raises(UserError, match="none negative"):
        LayeredKernel(spectrum, (0.5,), 0.9, 0.0, (-1.0, 1.0))
    with pytest.raises(UserError, match="L \\+ 1 coefficients"):
        conjugate_kernel(spectrum, (0.5, 0.5), 0.9, layer=3)
    with pytest.raises(UserError, match="3 positive rates"):
        tangent_kernel(spectrum, (0.5, 0.5), 0.9, 1.1, rates=(1.0,))


def test_points_below_the_axis_are_refused():
    with pytest.raises(UserError, match="positive imaginary part"):
        solve(conjugate_kernel(MarchenkoPasturInput(0.5), (0.5,), 0.9), np.array([1.0 + 0j]))


ATOMS = AtomicInput([(0.2, 0.3), (1.0, 0.5), (2.2, 0.2)])


@pytest.mark.parametrize(
    "kernel",
    [
        conjugate_kernel(MarchenkoPasturInput(1.0), [0.5] * 50, 0.9),
        tangent_kernel(MarchenkoPasturInput(1.0), [0.5] * 20, 0.9, 1.1),
    ],
    ids=["conjugate, 50 layers", "tangent, 20 layers"],
)
def test_deep_networks_keep_their_mass_and_mean(kernel):
    law = limit_law(kernel)
    assert law.mass == pytest.approx(1, abs=1e-6)
    assert law.moment(1) == pytest.approx(kernel.mean, rel=1e-6)
    assert len(law.bulks) == 1


@pytest.mark.parametrize("ratio", [1e-8, 1e-6, 1e-3, 1e2, 1e4])
@pytest.mark.parametrize("layers", [1, 3])
def test_any_ratio_keeps_mass_and_mean_of_three_atoms(ratio, layers):
    for kernel in (
        conjugate_kernel(ATOMS, [ratio] * layers, 0.9),
        tangent_kernel(ATOMS, [ratio] * layers, 0.9, 1.1),
        tangent_kernel(ATOMS, [1e-8, ratio, 0.5], 0.9, 1.1),
    ):
        law = limit_law(kernel)
        assert law.mass == pytest.approx(1, abs=1e-6)
        assert law.moment(1) == pytest.approx(kernel.mean, rel=1e-6)


def test_tiny_ratios_leave_a_semicircle_around_each_atom():
    law = limit_law(conjugate_kernel(ATOMS, [1e-6], 0.9))
    assert len(law.bulks) == 3
    for bulk, (location, mass) in zip(law.bulks, ATOMS.atoms, strict=True):
        centre = 1 - 0.81 + 0.81 * location
        # Variance ratio * mass * centre^2 at first order: the other atoms only shift it.
        assert (bulk.upper - bulk.lower) / 2 == pytest.approx(2 * centre * np.sqrt(1e-6 * mass), rel=2e-3)
        assert bulk.mass == pytest.approx(mass, abs=1e-6)


@pytest.mark.parametrize("b_sigma", [0.0, 0.05, 0.7, 1.0])
def test_the_upper_end_is_the_edge_of_the_last_layer(b_sigma):
    for spectrum in (ATOMS, MarchenkoPasturInput(2.0)):
        kernel = conjugate_kernel(spectrum, [0.3, 2.0, 0.05], b_sigma)
        edge = limit_law(kernel).edges[-1][1]
        assert edge * (1 - 1e-6) <= kernel.upper <= edge * 1.001


def test_many_eigenvalues_have_the_law_that_their_sums_one_by_one_give(monkeypatch):
    values = np.random.default_rng(5).gamma(2.0, 0.5, size=2500)
    kernel = tangent_kernel(EmpiricalInput(values), [0.5, 1.0], 0.9, 1.1)
    x = np.linspace(*limit_law(kernel).edges[0], 200)[1:-1]
    by_cells = density(kernel, x).density
    monkeypatch.setattr("deepspectra.rmt.limits.inputs._SMALLEST_TREE", 10**9)
    one_by_one = density(tangent_kernel(EmpiricalInput(values), [0.5, 1.0], 0.9, 1.1), x).density
    assert np.abs(by_cells / one_by_one - 1).max() < 1e-9
