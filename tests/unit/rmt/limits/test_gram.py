"""The law of a given Gram matrix: closed forms, the laws that it contains, its own random matrices, a twin."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.gram import GramKernel, GramLaw, Noise
from deepspectra.rmt.limits.inputs import EmpiricalInput
from deepspectra.rmt.limits.law import LimitError
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import density, limit_law, solve
from deepspectra.runtime.errors import UserError

B, A = 0.9, 1.2
EIGENVALUES = np.sort(np.random.default_rng(3).gamma(2, 0.5, size=40))


def one(n, value=1.0):
    return np.full(n, value)


def test_one_layer_of_orthonormal_inputs_is_marchenko_pastur():
    law = GramLaw(GramKernel(one(5), one(5, 0.3)[None], (0.7,), (0.6,), one(5, 0.0), (1.0,), Noise()))
    exact = MarchenkoPastur(0.6)
    x = np.linspace(*exact.edges, 200)[1:-1]
    np.testing.assert_allclose(law.cdf(x), exact.cdf(x), atol=1e-7)
    np.testing.assert_allclose(law.density(x).density, exact.density(x), rtol=1e-8)
    # Read off 1e-8 above the axis.
    assert law.cdf(np.array([-1.0, 0.0, 1e3])).tolist() == [0, 0, pytest.approx(1, abs=1e-8)]


def alone(noise):
    """Three and noise, and a layer of 1e-9."""
    return GramLaw(GramKernel(one(5), np.full((1, 5), 1e-9), (0.0,), (0.5,), one(5, 3.0), (1.0,), noise))


def test_noise_alone_is_a_semicircle():
    law, x = alone(Noise(0.25)), np.linspace(2.001, 3.999, 200)
    t = x - 3
    np.testing.assert_allclose(law.density(x).density, 2 / np.pi * np.sqrt(1 - t**2), rtol=1e-6)
    np.testing.assert_allclose(law.cdf(x), 0.5 + (t * np.sqrt(1 - t**2) + np.arcsin(t)) / np.pi, atol=1e-7)
    assert law.atoms == ()


def test_jumps_alone_are_a_centred_marchenko_pastur_law():
    """Two jumps of size 0.4 for every sample: 0.8 times X'X with ratio 1/2, less its mean."""
    exact = MarchenkoPastur(0.5)
    t = np.linspace(*exact.edges, 200)[1:-1]
    law, x = alone(Noise(0.0, sizes=np.array([0.4]), counts=np.array([2.0]))), 3 + 0.8 * (t - 1)
    np.testing.assert_allclose(law.cdf(x), exact.cdf(t), atol=1e-7)
    np.testing.assert_allclose(law.density(x).density, exact.density(t) / 0.8, rtol=1e-6)


def layered_twins(ratios, which):
    """The same law twice: of theorems 3.4 or 3.7, and with its constants in the place of matrices."""
    spectrum, n, layers = EmpiricalInput(EIGENVALUES), EIGENVALUES.size, len(ratios)
    paper = conjugate_kernel(spectrum, ratios, B) if which == "conjugate" else tangent_kernel(spectrum, ratios, B, A)
    excess, slopes = np.full((layers, n), 1 - B**2), (B**2,) * layers
    rest = paper.shift + paper.coefficients[0] * EIGENVALUES
    return paper, GramKernel(EIGENVALUES, excess, slopes, ratios, rest, paper.coefficients[1:], Noise())


@pytest.mark.parametrize("which", ["conjugate", "tangent"])
@pytest.mark.parametrize("ratios", [(0.7,), (0.5, 2.0), (0.6, 1.5, 0.8)])
def test_with_the_constants_of_the_theorems_it_is_theirs(ratios, which):
    """Densities by an independent sum over the spectrum; masses by integration, not by the stationary function."""
    paper, kernel = layered_twins(ratios, which)
    known = limit_law(paper)
    assert kernel.mean == pytest.approx(paper.mean, rel=1e-12)
    np.testing.assert_allclose(kernel.atoms, paper.atoms)
    # Points within 1e-8 of an edge of one of the bulks depend on the height above the axis.
    x = known.grid(300)
    x = x[np.abs(x[:, None] - np.ravel(known.edges)).min(axis=1) > 1e-6]
    law = GramLaw(kernel)
    np.testing.assert_allclose(law.density(x).density, density(paper, x).density, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(law.cdf(x), known.cdf(x), atol=2e-6)


def some_kernel(n=30, noise=True):
    """Three layers, nothing constant."""
    rng = np.random.default_rng(1)
    rows, jumps = rng.uniform(0.05, 0.2, n), (np.array([0.1, 0.5]), np.array([3.0, 0.2]))
    return GramKernel(
        rng.gamma(2, 0.5, n),
        rng.uniform(0.05, 0.4, (3, n)),
        (0.8, 0.7, 0.9),
        (0.5, 1.6, 0.3),
        rng.uniform(0.5, 1.5, n),
        (0.4, 0.7, 1.2),
        Noise(0.05, rows, *jumps) if noise else Noise(),
    )


def by_iteration(kernel, z):
    """m(z) from the equations as they stand, by damped iteration in plain loops."""
    layers = kernel.layers
    u, r = [1 - 0.1j] * layers, np.full(kernel.rest.size, -1 / z)
    rows, noise = kernel.noise.rows, kernel.noise
    for _ in range(4000):
        c = [0j] * layers
        c[-1] = kernel.weights[-1]
        for k in reversed(range(layers - 1)):
            c[k] = kernel.weights[k] + kernel.slopes[k + 1] * u[k + 1]
        m = r.mean()
        jumps = sum(c * x**2 * m / (1 + x * m) for x, c in zip(noise.sizes, noise.counts, strict=True))
        squares = np.mean((rows[:, None] + rows) ** 2 * r, axis=1)
        diagonal = kernel.rest - z - noise.variance * m - jumps - squares + kernel.slopes[0] * u[0] * kernel.inputs
        for k in range(layers):
            diagonal = diagonal + u[k] * kernel.excess[k]
        kappa, following = np.mean(kernel.inputs / diagonal), []
        for k in range(layers):
            phi = np.mean(kernel.excess[k] / diagonal) + kernel.slopes[k] * kappa
            following.append(c[k] / (1 + kernel.ratios[k] * c[k] * phi))
            kappa = phi / (1 + kernel.ratios[k] * c[k] * phi)
        r = (r + 1 / diagonal) / 2
        u = [(old + new) / 2 for old, new in zip(u, following, strict=True)]
    return r.mean()


def test_roots_are_those_of_plain_iteration():
    kernel, z = some_kernel(), np.array([0.6 + 0.5j, 2.0 + 0.3j, 4.0 + 1j])
    solution = solve(kernel, z)
    assert solution.converged.all()
    assert (solution.inverse.imag < 0).all()
    np.testing.assert_allclose(solution.stieltjes, [by_iteration(kernel, point) for point in z], rtol=1e-9)


def test_the_jacobian_is_the_derivative():
    kernel = some_kernel()
    rng = np.random.default_rng(0)
    v = rng.normal(size=(3, 6)) + 1j * rng.normal(size=(3, 6))
    z = np.array([1 + 1j, 2 + 0.5j, 3 + 0.1j])
    system = kernel.system(v, z)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-6
        difference = kernel.system(v + step, z).residual - kernel.system(v - step, z).residual
        np.testing.assert_allclose(system.jacobian[:, :, k], difference / 2e-6, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("noise", [False, True])
def test_the_distribution_function_is_the_integral_of_the_density_and_has_the_exact_mean(noise):
    kernel = some_kernel(noise=noise)
    law, x = GramLaw(kernel), np.linspace(-3, 30, 20_001)
    values = law.density(x).density
    area = np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(x))])
    np.testing.assert_allclose(law.cdf(x), area, atol=2e-4)
    assert law.cdf(x[-1:]).item() == pytest.approx(1, abs=1e-8)
    assert np.trapezoid(x * values, x) == pytest.approx(kernel.mean, abs=5e-4)


def own_matrix(kernel, copies, seed):
    """A matrix whose law is the kernel's: each diagonal entry ``copies`` times, and every noise by its definition."""
    rng = np.random.default_rng(seed)
    n, noise = kernel.rest.size * copies, kernel.noise
    wide = [np.repeat(part, copies) for part in (kernel.rest, kernel.inputs, *kernel.excess)]
    total, below = np.diag(wide[0]), np.sqrt(np.diag(wide[1]))
    for excess, slope, ratio, weight in zip(wide[2:], kernel.slopes, kernel.ratios, kernel.weights, strict=True):
        width = round(n / ratio)
        rows = np.sqrt(slope) * rng.normal(size=(width, len(below))) @ below
        below = (rows + np.sqrt(excess) * rng.normal(size=(width, n))) / np.sqrt(width)
        total += weight * below.T @ below
    goe, rows = rng.normal(size=(2, n, n)), np.repeat(noise.rows, copies)
    goe = (goe + goe.transpose(0, 2, 1)) / np.sqrt(2 * n)
    total += np.sqrt(noise.variance) * goe[0] + (rows[:, None] + rows) * goe[1]
    for size, count in zip(noise.sizes, noise.counts, strict=True):
        vectors = rng.normal(size=(n, round(count * n)))
        total += size * (vectors @ vectors.T / n - count * np.eye(n))
    return total


def test_its_own_random_matrices_have_the_law():
    """Their distance falls as 1/n, as a linear statistic of rigid eigenvalues does."""
    kernel = some_kernel()
    law = GramLaw(kernel)
    distances = [
        np.mean([ks_distance(np.linalg.eigvalsh(own_matrix(kernel, copies, seed)), law.cdf) for seed in range(6)])
        for copies in (4, 24)
    ]
    assert distances[0] / distances[1] > 3, distances
    assert distances[1] < 0.006, distances


def test_a_conjugate_kernel_of_a_narrow_layer_has_an_atom():
    kernel = some_kernel(noise=False)
    narrow = GramKernel(
        kernel.inputs, kernel.excess, kernel.slopes, (0.5, 0.3, 2.0), np.zeros(30), (0.0, 0.0, 1.0), Noise()
    )
    assert narrow.atoms == ((0.0, 0.5),)
    law = GramLaw(narrow)
    assert law.cdf(np.array([-1e-9, 0.0, 1e-6])).tolist() == [0, 0.5, pytest.approx(0.5, abs=1e-5)]


def test_a_linear_network_keeps_what_no_layer_reaches():
    """Nothing but G, which is zero in a third of all directions; and a layer of a quarter of the samples."""
    inputs = np.repeat([0.0, 1.5], [10, 20])
    linear = np.zeros((2, 30))
    wide = GramKernel(inputs, linear, (1.0, 1.0), (0.5, 0.5), np.zeros(30), (0.0, 1.0), Noise())
    assert wide.atoms == ((0.0, pytest.approx(1 / 3)),)
    narrow = GramKernel(inputs, linear, (1.0, 1.0), (4.0, 0.5), np.zeros(30), (0.0, 1.0), Noise())
    assert narrow.atoms == ((0.0, pytest.approx(3 / 4)),)
    assert GramLaw(narrow).cdf(np.array([0.0, 100.0])).tolist() == [pytest.approx(3 / 4), pytest.approx(1, abs=1e-6)]


def test_a_root_on_another_branch_is_an_error(monkeypatch):
    law = GramLaw(some_kernel())
    monkeypatch.setattr(GramKernel, "below", lambda kernel, solution: -np.linspace(0, 1, solution.points.size))
    with pytest.raises(LimitError, match="distribution function is none"):
        law.cdf(np.linspace(1, 2, 50))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rest": np.ones(3)}, "shapes"),
        ({"slopes": (0.5,)}, "numbers"),
        ({"slopes": (0.5, -0.1, 0.5)}, "must not be negative"),
        ({"weights": (1.0, 1.0, 0.0)}, "last weight positive"),
        ({"noise": Noise(0.1, np.ones(29))}, "shapes"),
        ({"ratios": (0.5, 0.0, 1.0)}, "ratios"),
        ({"inputs": np.full(30, np.inf)}, "finite diagonals"),
    ],
)
def test_what_makes_no_law_is_refused(changes, words):
    names = ("inputs", "excess", "slopes", "ratios", "rest", "weights", "noise")
    kernel = some_kernel()
    with pytest.raises(UserError, match=words):
        GramKernel(**{name: getattr(kernel, name) for name in names} | changes)


@pytest.mark.parametrize(
    "parts", [(np.nan,), (-0.1,), (0.1, np.array([-1.0])), (0.1, np.zeros(0), np.ones(2), np.ones(1))]
)
def test_noise_that_makes_no_law_is_refused(parts):
    with pytest.raises(UserError, match="noise needs"):
        Noise(*parts)
