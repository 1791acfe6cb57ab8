"""The law of one nonlinear layer on Gaussian inputs (pennington2017, theorem 1), asked for by an entry."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.law import LimitError, integrated
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.spectra.solved_law import SolvedLaw

__all__ = ["nonlinear_law", "solve_nonlinear"]

# Where zeta/eta is 0 or 1 up to the error of the quadrature, the law changes character.
_ROUNDING = 1e-12
# How far the integral of x times the density may be from eta, as a share.
_MEAN_TOLERANCE = 1e-3


def nonlinear_law(entry: Mapping[str, Any], sigma: Activation) -> NonlinearLaw:
    """The law of M = Y Y'/m: eta = E[f^2] and zeta = E[f']^2 (eq. 10) of the activation, phi and psi of the entry."""
    eta, share = sigma.second_moment, sigma.b_sigma**2 / sigma.second_moment
    if share < _ROUNDING**2:
        share = 0.0
    elif 1 - share < _ROUNDING:
        share = 1.0
    return NonlinearLaw(eta, share * eta, entry["phi"], entry["psi"])


def solve_nonlinear(entry: Mapping[str, Any], sigma: Activation) -> SolvedLaw:
    """Solve the law; its distribution function needs no quadrature, masses and moments in the table are integrals.

    :raises LimitError: if the density's mass or mean is not that of the law.
    """
    exact = nonlinear_law(entry, sigma)
    edges = [(float(lower), float(upper)) for lower, upper in exact.support()]
    law = integrated(exact.density, edges, ((0.0, exact.atom),) if exact.atom > 0 else ())
    if not abs(law.moment(1) / exact.eta - 1) <= _MEAN_TOLERANCE:
        # An atom of nearly all mass hides that of the bulks.
        told = f"the law has mean {law.moment(1):.6g} on its support {edges}; expected {exact.eta:.6g}"
        raise LimitError(f"{told}. phi = {exact.phi:g} and psi = {exact.psi:g} are too extreme together.")
    x = law.grid(entry["points"])
    # An edge at zero is a hard one, where the density is infinite.
    inside = x[x > 0]
    z, w = exact.on_axis(inside)
    curve = pd.DataFrame({"x": inside, "density": exact.density(inside), "cdf": exact.cdf(inside)})
    curve = curve.assign(residual=exact.residual(z, w))
    names = {"eta": exact.eta, "zeta": exact.zeta, "phi": exact.phi, "psi": exact.psi}
    rows: list[tuple[str, float, str, int | None]] = [(name, value, name, None) for name, value in names.items()]
    return SolvedLaw(law, curve, x.size, exact.moment(1), rows, [])
