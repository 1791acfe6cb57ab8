"""The limit law of f(WX) f(WX)'/m against closed forms, quadrature, and direct simulation."""

import numpy as np
import pytest
from scipy.integrate import fixed_quad

from deepspectra.papers.pennington2017.statistics import ridge_training_loss
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.rmt.limits.solver import solve

SHAPES = [(1.0, 1.5), (0.5, 0.25), (0.5, 0.75), (2.0, 1.0), (1.0, 1.0), (3.0, 0.2)]
ZETAS = [0.0, 0.3, 0.9, 0.99, 1 - 1e-8, 1.0]
GAMMAS = np.geomspace(1e-12, 10, 27)


def laws():
    """Half of all pairs of a shape and a nonlinearity, as the black squares of a chess board."""
    pairs = [(i + j, shape, zeta) for i, shape in enumerate(SHAPES) for j, zeta in enumerate(ZETAS)]
    return [NonlinearLaw(1.0, zeta, *shape) for place, shape, zeta in pairs if place % 2 == 0]


def identify(law):
    return f"zeta={law.zeta:.9g},phi={law.phi},psi={law.psi}"


def gaussian_equivalent_eigenvalues(law, n0, rng):
    """Eigenvalues of Y'Y/m (m of them) for sqrt(zeta) W X + sqrt(eta - zeta) N, which has the same limit law."""
    n1, m = round(n0 / law.psi), round(n0 / law.phi)
    linear = rng.standard_normal((n1, n0)) @ rng.standard_normal((n0, m)) / np.sqrt(n0)
    y = np.sqrt(law.zeta) * linear + np.sqrt(law.nonlinearity) * rng.standard_normal((n1, m))
    singular = np.linalg.svd(y / np.sqrt(m), compute_uv=False)
    return np.concatenate([np.zeros(m - len(singular)), np.sort(singular) ** 2]), n1


@pytest.mark.parametrize("law", laws(), ids=identify)
def test_density_integrates_to_one(law):
    """Bulk by quadrature of the density plus the atom, which is known from ranks alone."""
    total = law.atom
    for low, high in law.support():
        half, middle = (high - low) / 2, (high + low) / 2

        def in_angle(theta, half=half, middle=middle):
            return law.density(middle - half * np.cos(theta)) * half * np.sin(theta)

        total += fixed_quad(in_angle, 0, np.pi, n=400)[0]
    assert total == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("law", laws(), ids=identify)
def test_distribution_function_is_the_integral_of_the_density(law):
    support = law.support()
    low, high = support[-1]
    a, b = low + 0.2 * (high - low), low + 0.7 * (high - low)
    mass = fixed_quad(law.density, a, b, n=200)[0]
    cdf = law.cdf(np.array([a, b]))
    assert cdf[1] - cdf[0] == pytest.approx(mass, abs=1e-7)
    assert law.cdf(np.array([-1.0, 0.0, high * 1.001])) == pytest.approx([0, law.atom, 1], abs=1e-10)


@pytest.mark.parametrize(("phi", "psi"), SHAPES)
def test_zeta_zero_is_marchenko_pastur(phi, psi):
    law, known = NonlinearLaw(1.0, 0.0, phi, psi), MarchenkoPastur(phi / psi)
    x = np.linspace(1e-3, known.edges[1] * 1.1, 500)
    assert law.density(x) == pytest.approx(known.density(x), abs=1e-6)
    assert law.cdf(x) == pytest.approx(known.cdf(x), abs=1e-6)
    assert law.atom == pytest.approx(known.atom)


def product_wishart_cubic(z, phi, psi):
    """Roots of the cubic for G of W X X' W' / m, from the S-transform of a product of two free Wishart matrices.

    S(t) = S_1(t) S_2(t) with M = (W W')-like factors: t = z G - 1 obeys z t = (1 + t)(1 + t phi/psi)(1 + t/psi).
    """
    # (1 + t)(1 + a t)(1 + b t) - z t = 0
    a, b = phi / psi, 1 / psi
    t = np.roots([a * b, a + b + a * b, 1 + a + b - z, 1])
    return (1 + t) / z


@pytest.mark.parametrize(("phi", "psi"), SHAPES)
def test_zeta_equal_eta_is_a_product_of_wishart_matrices(phi, psi):
    law = NonlinearLaw(1.0, 1.0, phi, psi)
    for z in (1 + 0.5j, 0.2 + 0.05j, 5 + 1e-3j, 20 + 1j):
        g = law.stieltjes(np.array([z]))[0]
        assert np.abs(product_wishart_cubic(z, phi, psi) - g).min() < 1e-9


@pytest.mark.parametrize(("phi", "psi"), SHAPES)
@pytest.mark.parametrize("zeta", [0.3, 0.9, 1.0])
def test_the_right_root_agrees_with_the_layered_fixed_point(phi, psi, zeta):
    """One layer of fan2020 with Marchenko-Pastur input is the same law, where the right root is certified."""
    law = NonlinearLaw(1.0, zeta, phi, psi)
    # There the matrix is Y'Y/n1 (m x m) and the input X'X/n0: ratios m/n0 = 1/phi and m/n1 = psi/phi.
    kernel = conjugate_kernel(MarchenkoPasturInput(1 / phi), [psi / phi], np.sqrt(zeta))
    rng = np.random.default_rng(1)
    z = rng.uniform(0.05, 8, 30) + 1j * 10 ** rng.uniform(-6, 0, 30)
    other = solve(kernel, z * psi / phi)
    assert other.converged.all()
    # Y'Y/m is phi/psi = n1/m times that matrix, m(z) = -G(z), and its eigenvalues are those of YY'/m up to zeros.
    tilde = -other.stieltjes * (psi / phi)
    g = (psi / phi) * tilde + (1 - psi / phi) / z
    assert law.stieltjes(z) == pytest.approx(g, rel=1e-7)


@pytest.mark.parametrize("law", laws(), ids=identify)
def test_stieltjes_transform_has_the_right_signs_and_tail(law):
    x = np.linspace(0.01, 1.5 * law.support()[-1][1], 50)
    for height in (1e-8, 1e-3, 1.0):
        assert (law.stieltjes(x + 1j * height).imag < 0).all()
    z = np.array([1e4j])
    # G = 1/z + m_1/z^2 + ..., with first moment eta.
    assert (z * law.stieltjes(z) - 1)[0] * z[0] == pytest.approx(law.eta, rel=1e-2)


def test_scaling_of_the_activation():
    """eta, zeta -> s eta, s zeta scales the eigenvalues by s."""
    law, scaled = NonlinearLaw(1.0, 0.4, 1.0, 1.5), NonlinearLaw(3.0, 1.2, 1.0, 1.5)
    x = np.linspace(0.1, 3, 20)
    assert scaled.density(3 * x) == pytest.approx(law.density(x) / 3, rel=1e-9)


@pytest.mark.parametrize("zeta", [0.0, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("phi", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("psi", [0.01, 1.0, 100.0])
def test_the_support_holds_all_mass(zeta, phi, psi):
    law = NonlinearLaw(1.0, zeta, phi, psi)
    support = law.support()
    assert support[-1][1] <= law.scale * (1 + 1e-9)
    mass = sum(law.cdf(np.array([high]))[0] - law.cdf(np.array([low]))[0] for low, high in support)
    assert mass + law.atom == pytest.approx(1, abs=1e-6)


def test_two_bulks_are_found():
    """Almost linear: the singular values of the small nonlinear part stand apart."""
    assert len(NonlinearLaw(1.0, 0.99, 0.5, 0.25).support()) == 2
    assert len(NonlinearLaw(1.0, 0.3, 0.5, 0.25).support()) == 1


@pytest.mark.parametrize(
    ("zeta", "phi", "psi"),
    [(0.0, 1.0, 1.5), (0.7, 0.5, 0.25), (0.7, 0.5, 0.75), (0.99, 0.5, 0.25), (0.99, 1.0, 1.5), (1.0, 0.5, 0.75)],
)
def test_direct_simulation_approaches_the_law(zeta, phi, psi):
    law, rng = NonlinearLaw(1.0, zeta, phi, psi), np.random.default_rng(3)
    distances = []
    for n0 in (60, 600):
        values, n1 = gaussian_equivalent_eigenvalues(law, n0, rng)
        # n1 eigenvalues of YY'/m: those of Y'Y/m, with zeros added or taken away.
        own = np.sort(np.concatenate([values, np.zeros(max(n1 - len(values), 0))]))[-n1:]
        distances.append(ks_distance(own, law.cdf, [(0.0, law.atom)], tolerance=1e-12))
    assert distances[1] < 0.5 * distances[0]
    assert distances[1] < 0.01


@pytest.mark.parametrize("law", laws(), ids=identify)
def test_training_loss_from_its_definition(law):
    """-gamma^2 d/dgamma (gamma^-1 P_phi) by differences of the Stieltjes transform just above the negative axis."""
    gamma = np.geomspace(1e-3, 10, 9)

    def p_phi(g):
        # eq. 22: gamma tr Q / m
        return (1 - law.phi / law.psi) - law.phi / law.psi * g * law.stieltjes(-g + 1e-13j * g).real

    step = 1e-4
    slope = (p_phi(gamma * (1 + step)) - p_phi(gamma * (1 - step))) / (2 * step)
    assert law.training_loss(gamma) == pytest.approx(p_phi(gamma) - slope, abs=1e-6)


@pytest.mark.parametrize("zeta", [0.0, 0.5, 1 - 1e-4, 1 - 1e-8, 1.0])
@pytest.mark.parametrize(("phi", "psi"), [(0.5, 0.25), (0.5, 0.75), (2.0, 1.0)])
def test_training_loss_against_simulation(zeta, phi, psi):
    law = NonlinearLaw(1.0, zeta, phi, psi)
    values, _ = gaussian_equivalent_eigenvalues(law, 300, np.random.default_rng(5))
    assert ridge_training_loss(values, GAMMAS) == pytest.approx(law.training_loss(GAMMAS), abs=0.01)


@pytest.mark.parametrize("law", laws(), ids=identify)
def test_ridgeless_limit_is_equation_24(law):
    rank = law.phi if law.zeta == 1 and law.psi < 1 else law.phi / law.psi
    expected = max(1 - rank, 0)
    assert law.ridgeless_training_loss() == pytest.approx(expected)
    # A square-root approach where phi = psi: hence the small gamma.
    assert law.training_loss(np.array([1e-30]))[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("phi", "psi"), SHAPES)
def test_training_loss_falls_with_nonlinearity(phi, psi):
    losses = [NonlinearLaw(1.0, zeta, phi, psi).training_loss(GAMMAS) for zeta in ZETAS]
    assert (np.diff(losses, axis=0) >= -1e-12).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [((1, 2, 1, 1), "zeta"), ((0, 0, 1, 1), "eta"), ((1, 0.5, -1, 1), "phi"), ((1, 0.5, 1, 0), "psi")],
)
def test_impossible_parameters_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        NonlinearLaw(*arguments)


def test_points_and_ridges_out_of_range_are_refused():
    law = NonlinearLaw(1.0, 0.5, 1.0, 1.5)
    with pytest.raises(ValueError, match="upper half plane"):
        law.stieltjes(np.array([1.0 - 1j]))
    with pytest.raises(ValueError, match="gamma must be positive"):
        law.training_loss(np.array([0.0]))


@pytest.mark.parametrize(("phi", "psi"), [(0.3, 2.0), (2.0, 0.7), (1e-3, 50.0)])
def test_moments_without_quadrature_are_those_of_known_laws(phi, psi):
    """zeta = 0: Marchenko-Pastur with ratio n1/m; zeta = eta: a product of two Gaussian matrices."""
    ratio = phi / psi
    noise = NonlinearLaw(2.0, 0.0, phi, psi)
    expected = [2.0, 4 * (1 + ratio), 8 * (1 + 3 * ratio + ratio**2)]
    np.testing.assert_allclose([noise.moment(order) for order in (1, 2, 3)], expected, rtol=1e-12)
    linear = NonlinearLaw(1.0, 1.0, phi, psi)
    # For given A = X X'/m Wick's theorem gives E tr (W A W')^2 / n1 = (tr A/n0)^2 + n1/n0 tr A^2/n0.
    np.testing.assert_allclose(linear.moment(2), 1 + (1 + phi) / psi, rtol=1e-12)


def test_the_residual_sees_a_wrong_root():
    law = NonlinearLaw(1.0, 0.4, 1.0, 1.5)
    z, w = law.on_axis(np.array([0.3, 1.0, 2.0]))
    assert law.residual(z, w).max() < 1e-13
    assert law.residual(z, w * (1 + 1e-6)).min() > 1e-8
