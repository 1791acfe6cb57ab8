"""The swept Newton step, against the Jacobian by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import LayeredKernel


@pytest.mark.parametrize(("layers", "b_sigma"), [(1, 0.7), (2, 1.0), (3, 0.0), (3, 0.9), (7, 0.5)])
def test_the_step_solves_the_linearised_equations(layers, b_sigma):
    rng = np.random.default_rng(layers)
    coefficients = tuple(rng.uniform(0.1, 1, layers + 1))
    kernel = LayeredKernel(MarchenkoPasturInput(0.5), tuple(rng.uniform(0.2, 2, layers)), b_sigma, 0.3, coefficients)
    z = rng.uniform(0, 3, 6) + 1j * rng.uniform(0.05, 1, 6)
    v = rng.normal(size=(6, layers)) + 1j * rng.normal(size=(6, layers))
    system, moved = kernel.system(v, z), 1e-6 * np.eye(layers)
    slopes = [kernel.system(v + each, z).residual - kernel.system(v - each, z).residual for each in moved]
    expected = np.linalg.solve(np.stack(slopes, axis=2) / 2e-6, system.residual[:, :, None])[:, :, 0]
    chosen = np.array([True, False, True, True, False, True])
    np.testing.assert_allclose(system.step(chosen), expected[chosen], rtol=1e-7)
