"""Limit laws asked for by themselves: from an entry of the configuration's section ``limit_laws`` to numbers.

An entry is what :class:`deepspectra.config.limit_laws.LawEntry` dumps. Every start checks the configuration with this
module: SciPy and pandas are imported where used.
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
    from deepspectra.rmt.limits.gram import GramKernel
    from deepspectra.rmt.limits.layered import LayeredKernel

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
    return tuple(entry["ratios"] or (entry["samples"] / width for width in entry["widths"]))


def activation_constants(sigma: Activation) -> tuple[float, float]:
    """b_sigma and a_sigma; b_sigma becomes 0 or 1, where the law changes character, but for the error of quadrature."""
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
        found = f"{sigma.name} has breakpoints (at {', '.join(f'{point:g}' for point in sigma.breakpoints)})"
        wanted = "the theorem is for activations with a bounded second derivative"
        notes.append(f"outside assumption 3.2(b): {found}, and {wanted}")
    elif ":" in sigma.name:
        assumed = f"assumption 3.2(b), that the first two derivatives of {sigma.name} are bounded"
        notes.append(f"{assumed}, was not checked beyond what a quadrature sees")
    if abs(spectrum.moment(1) - 1) > _MEAN:
        found = f"the input spectrum has mean {spectrum.moment(1):.4g}, while samples of norm one have mean 1"
        notes.append(f"outside assumption 3.2(c): {found}")
    if entry["kernel"] == "tangent" and activation_constants(sigma)[0] == 0:
        notes.append("b_sigma = 0, which theorem 3.7 leaves out: the law is that of lemma 3.5, a translate")
    if entry["outputs"] > 1:
        notes.append(f"the law for {entry['outputs']} outputs is that for one (theorem 3.8)")
    return notes


def _coefficients(kernel: LayeredKernel) -> list[tuple[str, float, str, int | None]]:
    """Quantity, value, label and number of what the kernel is a sum of."""
    grams = enumerate(kernel.coefficients)
    rows = [("gram_coefficient", value, f"coefficient of X_{layer}'X_{layer}", layer) for layer, value in grams]
    return [*rows, ("identity_coefficient", kernel.shift, "coefficient of Id", None)]


def solve_limit_law(entry: Mapping[str, Any], sigma: Activation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Solve the law of one entry.

    :returns: the curve, with columns x, density, cdf, residual, at the points that converged; and the summary, with
        columns quantity, label, number (of the bulk, atom, layer or moment) and value (text: notes are among them).
    :raises UserError: if numbers do not go together, or the law could not be solved.
    """
    import pandas as pd

    from deepspectra.rmt.limits.layered import density_over_support, limit_law
    from deepspectra.spectra.gram_laws import entry_gram_kernel, gram_notes, gram_rows

    kernel: LayeredKernel | GramKernel
    if entry["input"]["gram"] is None and entry["input"]["data"] is None:
        spectrum = input_spectrum(entry["input"])
        kernel = limit_kernel(entry, spectrum, sigma)
        own, notes = _coefficients(kernel), reader_notes(entry, spectrum, sigma)
    else:
        kernel, means = entry_gram_kernel(entry, layer_ratios(entry), sigma)
        own, notes = gram_rows(kernel, means), gram_notes(entry, means)
    law = limit_law(kernel)
    found = density_over_support(kernel, law, entry["points"])
    missing = int((~found.converged).sum())
    if missing:
        logger.warning("%d of %d points have no density", missing, found.points.size)
    curve = pd.DataFrame({"x": found.points, "density": found.density})
    curve = curve.assign(cdf=law.cdf(found.points), residual=found.residual)[found.converged]

    rows: list[tuple[str, str, int | None, Any]] = []

    def add(quantity: str, value: float, label: str | None = None, number: int | None = None) -> None:
        # Python's own floats, whose repr is the bare number.
        value = value if isinstance(value, int) else float(value)
        rows.append((quantity, label or quantity, number, repr(value)))

    for name, value in zip(("b_sigma", "a_sigma"), activation_constants(sigma), strict=True):
        add(name, value)
    for layer, ratio in enumerate(kernel.ratios, start=1):
        add("gamma", ratio, f"gamma_{layer}", layer)
    for row in own:
        add(*row)
    bulks = [{"lower edge": bulk.lower, "upper edge": bulk.upper, "mass": bulk.mass} for bulk in law.bulks]
    atoms = [{"location": location, "mass": mass} for location, mass in law.atoms]
    for part, members in (("bulk", bulks), ("atom", atoms)):
        for number, values in enumerate(members, start=1):
            for name, value in values.items():
                add(f"{part}_{name.replace(' ', '_')}", value, f"{part} {number}, {name}", number)
    add("atom_at_zero_mass", float(sum(mass for location, mass in law.atoms if location == 0)), "atom at zero, mass")
    add("mass", law.mass)
    mean = law.moment(1)
    add("mean", mean)
    add("exact_mean", kernel.mean, "mean in closed form")
    add("variance", law.expectation(lambda x: (x - mean) ** 2))
    for order in (2, 3, 4):
        add("moment", law.moment(order), f"moment {order}", order)
    add("points", found.points.size)
    add("points_not_converged", missing, "points not converged")
    add("largest_residual", found.residual[found.converged].max(initial=0.0), "largest residual")
    rows += [("note", "note", None, note) for note in notes]
    summary = pd.DataFrame(rows, columns=["quantity", "label", "number", "value"]).astype({"number": "Int64"})
    return curve, summary
