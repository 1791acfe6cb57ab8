"""Smoothed input spectra: against quadrature, the eigenvalues' mean, and the law of the eigenvalues themselves."""

import numpy as np
import pytest

from deepspectra.rmt.limits.inputs import EmpiricalInput
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.rmt.limits.smoothed import SmoothedInput
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime.errors import UserError

VALUES = np.random.default_rng(3).lognormal(sigma=1.5, size=300)
POWER_LAW = np.arange(1, 3001) ** -1.2 * np.exp(0.1 * np.random.default_rng(4).standard_normal(3000))


def test_the_averages_are_those_of_the_semicircles():
    angles = (np.arange(4000) + 0.5) * np.pi / 4000
    spread = np.cos(angles)
    points = (VALUES[:, None] * (1 + 0.3 * spread)).ravel()
    weights = np.tile(2 * np.sin(angles) ** 2 / 4000, VALUES.size) / VALUES.size
    w = np.array([2 + 0.5j, -1 + 0.2j, 30 + 5j])
    found = SmoothedInput(VALUES, 0.3).averages(-w, np.ones(3, dtype=complex))
    # Sharing eigenvalues between centres an eighth of a radius apart moves the averages a little.
    exact = [np.sum(weights / (points - point)) for point in w]
    assert np.abs(found.resolvent / exact - 1).max() < 2e-3
    assert np.abs(found.resolvent_squared / [np.sum(weights / (points - point) ** 2) for point in w] - 1).max() < 5e-3


def test_the_mean_is_kept_and_the_variance_grows_as_said():
    smooth = SmoothedInput(VALUES, 0.2)
    assert smooth.moment(0) == pytest.approx(1, abs=1e-13)
    assert smooth.moment(1) == pytest.approx(VALUES.mean(), rel=1e-13)
    assert smooth.moment(2) == pytest.approx(np.mean(VALUES**2) * (1 + 0.2**2 / 4), rel=1e-3)


def test_equal_eigenvalues_stay_atoms_and_dense_ones_do_not_count_as_equal():
    smooth = SmoothedInput(np.concatenate([np.zeros(100), VALUES]), 0.2)
    assert smooth.atoms == ((0.0, 0.25),)
    assert smooth.moment(0) == pytest.approx(1, abs=1e-13)
    dense = np.concatenate([1e-5 * (1 + 1e-4 * np.arange(1000)), [1e3]])
    assert EmpiricalInput(dense).atoms == SmoothedInput(dense, 0.2).atoms == ()


def test_one_bulk_replaces_those_of_single_eigenvalues_and_the_law_hardly_moves():
    values = POWER_LAW / POWER_LAW.mean()
    sharp = limit_law(conjugate_kernel(EmpiricalInput(values), [0.3, 0.3], 0.9))
    smooth = limit_law(conjugate_kernel(SmoothedInput(values, 0.5), [0.3, 0.3], 0.9))
    assert len(sharp.bulks) > 5
    assert len(smooth.bulks) <= 2
    x = np.geomspace(1e-2, 2 * values.max(), 2000)
    assert np.abs(sharp.cdf(x) - smooth.cdf(x)).max() < 2e-3
    assert smooth.mass == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("values", "width"), [([1.0, 2.0], 0.0), ([1.0, 2.0], 1.0), ([2.0, 2.0], 0.1)])
def test_what_cannot_be_smoothed_is_refused(values, width):
    with pytest.raises(UserError, match="smoothing"):
        SmoothedInput(np.array(values), width)
