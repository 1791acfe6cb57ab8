"""Limit laws asked for by themselves: from an entry of the configuration's section ``limit_laws`` to numbers.

An entry is the plain mapping that :class:`deepspectra.config.limit_laws.LawEntry` dumps; its keys are explained there.
The configuration is checked with functions of this module at every start, so SciPy and pandas are imported where used.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepspectra.rmt.limits.eigenvalue_files import read_eigenvalues
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, InputSpectrum, MarchenkoPasturInput
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from deepspectra.nn.activations import Activation
    from deepspectra.rmt.limits.layered import LayeredKernel
    from deepspectra.rmt.limits.report import LawReport

__all__ = ["activation_constants", "input_spectrum", "layer_ratios", "limit_kernel", "reader_notes", "solve_limit_law"]

# Below this, b_sigma and 1 - b_sigma^2 are zero up to the error of the quadrature.
_ROUNDING = 1e-12
# A mean of the input spectrum farther from 1 gets a note: the norms of a finite sample fluctuate too.
_MEAN = 0.01

logger = logging.getLogger(__name__)


def input_spectrum(entry: Mapping[str, Any]) -> InputSpectrum:
    """mu_0 from an entry's ``input``: exactly one of marchenko_pastur, eigenvalues (with dataset) and atoms.

    :raises UserError: if a file cannot be read, or the numbers are not the spectrum of a Gram matrix.
    """
    if entry["marchenko_pastur"] is not None:
        return MarchenkoPasturInput(entry["marchenko_pastur"])
    if entry["atoms"] is not None:
        return AtomicInput(entry["atoms"])
    values = read_eigenvalues(entry["eigenvalues"], entry["dataset"])
    try:
        return EmpiricalInput(values)
    except UserError as error:
        raise UserError(f"{entry['eigenvalues']}: {error}") from None


def layer_ratios(entry: Mapping[str, Any]) -> tuple[float, ...]:
    """gamma_1, ..., gamma_L, as given or from the sizes."""
    if entry["ratios"] is not None:
        return tuple(entry["ratios"])
    return tuple(entry["samples"] / width for width in entry["widths"])


def activation_constants(sigma: Activation) -> tuple[float, float]:
    """b_sigma and a_sigma, with b_sigma rounded to 0 or +-1 where it differs by the error of its quadrature only.

    The law changes character there: at |b_sigma| = 1 the network is linear, and the atoms are different.
    """
    b, a = sigma.b_sigma, sigma.a_sigma
    if abs(b) < _ROUNDING:
        return 0.0, a
    return (1.0, 1.0) if 1 - b**2 < _ROUNDING else (b, a)


def limit_kernel(entry: Mapping[str, Any], spectrum: InputSpectrum, sigma: Activation) -> LayeredKernel:
    """The kernel of theorem 3.4 (conjugate) or of theorems 3.7 and 3.8 (tangent).

    :raises UserError: if numbers do not go together.
    """
    from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel

    b, a = activation_constants(sigma)
    if entry["kernel"] == "conjugate":
        return conjugate_kernel(spectrum, layer_ratios(entry), b, entry["layer"])
    return tangent_kernel(spectrum, layer_ratios(entry), b, a, entry["rates"])


def reader_notes(entry: Mapping[str, Any], spectrum: InputSpectrum, sigma: Activation) -> list[str]:
    """What a reader of the law has to know, above all where it leaves the theorems' assumptions."""
    notes = []
    if sigma.breakpoints:
        places = ", ".join(f"{point:g}" for point in sigma.breakpoints)
        notes.append(
            f"outside assumption 3.2(b): {sigma.name} has breakpoints (at {places}), and the theorem is for "
            "activations with a bounded second derivative"
        )
    elif ":" in sigma.name:
        notes.append(
            f"assumption 3.2(b), that the first two derivatives of {sigma.name} are bounded, was not checked beyond "
            "what a quadrature sees"
        )
    mean = spectrum.moment(1)
    if abs(mean - 1) > _MEAN:
        notes.append(
            f"outside assumption 3.2(c): the input spectrum has mean {mean:.4g}, while samples of norm one have mean 1"
        )
    if entry["kernel"] == "tangent" and activation_constants(sigma)[0] == 0:
        notes.append("b_sigma = 0, which theorem 3.7 leaves out: the law is that of lemma 3.5, a translate")
    if entry["outputs"] > 1:
        notes.append(f"the law for {entry['outputs']} outputs is that for one (theorem 3.8)")
    return notes


def solve_limit_law(entry: Mapping[str, Any], sigma: Activation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Solve the law of one entry.

    :param sigma: the activation that the entry names.
    :returns: the curve, with columns x, density, cdf, residual, at the points that converged; and the summary, with
        columns quantity (an identifier), label, number (which bulk, atom, layer or moment; empty for a single one) and
        value (as text, since notes stand among the numbers).
    :raises UserError: if numbers do not go together, or the law could not be solved.
    """
    import pandas as pd

    from deepspectra.rmt.limits.report import law_report

    spectrum = input_spectrum(entry["input"])
    kernel = limit_kernel(entry, spectrum, sigma)
    found = law_report(kernel, entry["points"])
    if found.not_converged:
        logger.warning("%d of %d points have no density", found.not_converged, found.asked)
    curve = pd.DataFrame({"x": found.points} | {name: getattr(found, name) for name in ("density", "cdf", "residual")})
    rows: list[tuple[str, str, int | None, str]] = [
        (quantity, label, number, repr(value if isinstance(value, int) else float(value)))
        for quantity, label, number, value in _numbers(kernel, found, activation_constants(sigma))
    ]
    rows += [("note", "note", None, note) for note in reader_notes(entry, spectrum, sigma)]
    summary = pd.DataFrame(rows, columns=["quantity", "label", "number", "value"]).astype({"number": "Int64"})
    return curve[found.converged], summary


def _numbers(
    kernel: LayeredKernel, found: LawReport, constants: tuple[float, float]
) -> list[tuple[str, str, int | None, float]]:
    """Identifier, label, number and value of all that is known of a law."""
    rows: list[tuple[str, str, int | None, float]] = [
        ("b_sigma", "b_sigma", None, constants[0]),
        ("a_sigma", "a_sigma", None, constants[1]),
        *(("gamma", f"gamma_{layer}", layer, ratio) for layer, ratio in enumerate(kernel.ratios, start=1)),
        *(
            ("gram_coefficient", f"coefficient of X_{layer}'X_{layer}", layer, value)
            for layer, value in enumerate(kernel.coefficients)
        ),
        ("identity_coefficient", "coefficient of Id", None, kernel.shift),
    ]
    for number, ((lower, upper), mass) in enumerate(zip(found.edges, found.bulk_masses, strict=True), start=1):
        rows.append(("bulk_lower_edge", f"bulk {number}, lower edge", number, lower))
        rows.append(("bulk_upper_edge", f"bulk {number}, upper edge", number, upper))
        rows.append(("bulk_mass", f"bulk {number}, mass", number, mass))
    for number, (location, mass) in enumerate(found.atoms, start=1):
        rows.append(("atom_location", f"atom {number}, location", number, location))
        rows.append(("atom_mass", f"atom {number}, mass", number, mass))
    return [
        *rows,
        ("atom_at_zero_mass", "atom at zero, mass", None, found.atom_at_zero),
        ("mass", "mass", None, found.mass),
        ("mean", "mean", None, found.mean),
        ("exact_mean", "mean in closed form", None, found.exact_mean),
        ("variance", "variance", None, found.variance),
        *(("moment", f"moment {order}", order, value) for order, value in enumerate(found.moments[1:], start=2)),
        ("points", "points", None, found.asked),
        ("points_not_converged", "points not converged", None, found.not_converged),
        ("largest_residual", "largest residual", None, found.largest_residual),
    ]
