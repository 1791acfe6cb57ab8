"""The limit laws against freealg, an independent package for free probability.

Its densities are Stieltjes transforms at a height eta above the axis; at the default height they are smoothed.
"""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.limits.inputs import AtomicInput, MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.rmt.limits.solver import density, limit_law, solve

freealg = pytest.importorskip("freealg.distributions")

# Its Newton steps overflow on the way, harmlessly.
pytestmark = pytest.mark.filterwarnings("ignore:.*:RuntimeWarning:freealg")

#: Atoms of the input, ratio n/d_1.
CASES = [
    ([(0.5, 0.75), (2.5, 0.25)], 0.1),
    ([(0.5, 0.75), (2.5, 0.25)], 0.5),
    ([(0.2, 0.3), (1.0, 0.6), (4.0, 0.1)], 2.0),
]


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_without_a_linear_part_the_last_layer_is_its_marchenko_pastur_law(ratio):
    """Its parameter is the ratio n/d_L, and its density leaves out the atom at zero, as ours does."""
    other = freealg.MarchenkoPastur(ratio)
    x = np.linspace(*other.support()[0], 101)[1:-1]
    ours = density(conjugate_kernel(MarchenkoPasturInput(3.0), (0.3, ratio), 0.0), x)
    assert ours.converged.all()
    np.testing.assert_allclose(ours.density, other.density(x), rtol=1e-9)


def deformed(atoms, ratio, b):
    """Free multiplicative convolution of point masses with Marchenko-Pastur, eq. 8 for one layer."""
    locations, masses = np.transpose(atoms)
    return freealg.DeformedMarchenkoPastur(1 - b**2 + b**2 * locations, masses, c=ratio)


@pytest.mark.parametrize("b", [0.8, 1.0])
@pytest.mark.parametrize(("atoms", "ratio"), CASES)
def test_one_layer_on_atoms_is_its_deformed_marchenko_pastur_law(atoms, ratio, b):
    other, kernel = deformed(atoms, ratio, b), conjugate_kernel(AtomicInput(atoms), (ratio,), b)
    law = limit_law(kernel)
    x = np.concatenate([np.linspace(low, high, 42)[1:-1] for low, high in law.edges])
    ours = density(kernel, x)
    assert ours.converged.all()
    np.testing.assert_allclose(ours.density, other.density(x, eta=1e-9), rtol=1e-6)
    z = x + 0.1j
    np.testing.assert_allclose(solve(kernel, z).stieltjes, other.stieltjes(z), rtol=1e-9)
    if ratio < 1:
        # Above one its edges are where a density smoothed by the atom falls below a threshold.
        np.testing.assert_allclose(law.edges, other.support(), atol=1e-7)


@pytest.mark.parametrize("power", [2, 3])
def test_a_linear_network_of_square_layers_is_its_fuss_catalan_law(power):
    """Squared singular values of a product of square Gaussian matrices: every ratio is one.

    Its own choice among the roots of its equation fails at some points (what it returns solves the equation to 0.9
    only), so that ours has to be one of the roots: the one from above that is continuous, as certified.
    """
    other = freealg.FussCatalan(power)
    kernel = conjugate_kernel(MarchenkoPasturInput(1.0), (1.0,) * (power - 1), 1.0)
    upper = other.support()[0][1]
    x = np.linspace(0.02, 0.999 * upper, 60)
    for height in (0.1, 1e-3, 1e-6):
        z = x + 1j * height
        ours = solve(kernel, z)
        assert ours.converged.all()
        distance = np.abs(np.array([other.roots(point) for point in z]).reshape(x.size, -1) - ours.stieltjes[:, None])
        assert (distance.min(axis=1) < 1e-8 * np.abs(ours.stieltjes)).all()
    values = density(kernel, np.array([0.999, 1.001]) * upper).density
    # The square root at its edge: a thousandth of the range inside there is something, outside nothing.
    assert values[0] > 1e3 * values[1]
    assert values[1] < 1e-7
