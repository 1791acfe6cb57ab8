"""The law of pennington2017 as an entry: against its distribution function and laws known by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.config.limit_laws import LawEntry
from deepspectra.nn.activations import Activation, activation
from deepspectra.nn.activations.base import check_centred
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.law import LimitError
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.limit_laws import solve_limit_law
from deepspectra.spectra.nonlinear_laws import nonlinear_law


def solved(sigma, phi, psi, points=400):
    entry = LawEntry(kernel="nonlinear", activation="tanh", phi=phi, psi=psi, points=points).model_dump()
    curve, summary = solve_limit_law(entry, sigma)
    return curve, summary.set_index(["quantity", summary.number.fillna(0)]).value.drop("note", errors="ignore").astype(
        float
    )


@pytest.mark.parametrize(("name", "phi", "psi"), [("tanh", 1.0, 1.5), ("relu", 2.0, 0.5), ("identity", 0.5, 0.25)])
def test_the_integrated_density_is_the_law(name, phi, psi):
    sigma = activation(name)
    curve, numbers = solved(sigma, phi, psi)
    zeta = min(sigma.b_sigma**2, 1.0)
    law = NonlinearLaw(1.0, zeta, phi, psi)
    assert (numbers["eta", 0], numbers["zeta", 0]) == pytest.approx((1, zeta), abs=1e-12)
    assert (numbers["phi", 0], numbers["psi", 0]) == (phi, psi)
    assert numbers["mass", 0] == pytest.approx(1, abs=1e-6)
    assert numbers["atom_at_zero_mass", 0] == law.atom
    np.testing.assert_allclose(curve.cdf, law.cdf(curve.x), atol=1e-7)
    # Between points the distribution function grows by the density: trapezoids, to their own accuracy.
    rise = np.diff(curve.x) * (curve.density[1:].to_numpy() + curve.density[:-1].to_numpy()) / 2
    np.testing.assert_allclose(rise[20:-20], np.diff(curve.cdf)[20:-20], rtol=0.02, atol=1e-6)
    assert numbers["mean", 0] == pytest.approx(numbers["exact_mean", 0], rel=1e-6) == pytest.approx(1, rel=1e-6)
    for order in (2, 3, 4):
        assert numbers["moment", order] == pytest.approx(law.moment(order), rel=1e-6)
    assert curve.residual.max() < 1e-12


@pytest.mark.parametrize(("name", "phi", "psi"), [("identity", 1.0, 1.0), ("tanh", 1e6, 1e-6)])
def test_what_cannot_be_integrated_is_refused(name, phi, psi):
    """A density like x^(-2/3) at zero, and a bulk of the mass 1e-12."""
    with pytest.raises(LimitError, match="expected 1"):
        solved(activation(name), phi, psi)


def test_an_even_function_gives_the_law_of_marchenko_and_pastur():
    curve, numbers = solved(activation("cosine"), 1.0, 2.0)
    known = MarchenkoPastur(0.5)
    assert numbers["zeta", 0] == 0
    assert (numbers["bulk_lower_edge", 1], numbers["bulk_upper_edge", 1]) == pytest.approx(known.edges, rel=1e-12)
    np.testing.assert_allclose(curve.density, known.density(curve.x.to_numpy()), atol=2e-6)


def test_a_factor_of_the_activation_scales_the_law():
    """eta need not be one: three times tanh has nine times the eigenvalues."""
    tanh = activation("tanh")
    tripled = Activation("mine:tripled", lambda x: 3 * tanh.function(x), lambda x: 3 * tanh.derivative(x))
    one, nine = (nonlinear_law({"phi": 1.0, "psi": 1.5}, sigma) for sigma in (tanh, tripled))
    assert (nine.eta, nine.zeta) == pytest.approx((9 * one.eta, 9 * one.zeta), rel=1e-12)
    np.testing.assert_allclose(np.ravel(nine.support()), 9 * np.ravel(one.support()), rtol=1e-9)


def test_the_theorem_needs_a_mean_of_zero_only():
    tanh = activation("tanh")
    check_centred(Activation("mine:tripled", lambda x: 3 * tanh.function(x), tanh.derivative))
    with pytest.raises(UserError, match=r"'mine:shifted' has mean 0\.5 .* expected 0\. Subtract the mean"):
        check_centred(Activation("mine:shifted", lambda x: tanh.function(x) + 0.5, tanh.derivative))
    with pytest.raises(UserError, match="is zero everywhere"):
        check_centred(Activation("mine:zero", lambda x: 0 * x, lambda x: 0 * x))
