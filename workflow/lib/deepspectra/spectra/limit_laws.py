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
from deepspectra.rmt.limits.smoothed import SmoothedInput
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from deepspectra.nn.activations import Activation
    from deepspectra.rmt.limits.gram import GramKernel
    from deepspectra.rmt.limits.law import LimitLaw
    from deepspectra.rmt.limits.layered import LayeredKernel
    from deepspectra.spectra.solved_law import SolvedLaw

__all__ = [
    "SolvedLaw",
    "activation_constants",
    "entry_activation",
    "input_spectrum",
    "layer_ratios",
    "limit_kernel",
    "reader_notes",
]
__all__ += ["sample_notes", "solve_limit_law"]

# Below this, b_sigma and 1 - b_sigma^2 are zero up to the error of the quadrature.
_ROUNDING = 1e-12
# A mean of the input spectrum farther from 1 gets a note: the norms of a finite sample fluctuate too.
_MEAN = 0.01
# Bulks of fewer eigenvalues are told.
_FEW = 10

logger = logging.getLogger(__name__)


def entry_activation(entry: Mapping[str, Any]) -> Activation:
    """The activation of an entry: normalised, or of mean zero for a nonlinear kernel.

    :raises UserError: if there is none, or it is not as the theorem needs it.
    """
    from deepspectra.nn.activations.base import check_centred, check_normalised
    from deepspectra.nn.activations.own import resolve_activation

    check = check_centred if entry["kernel"] == "nonlinear" else check_normalised
    return resolve_activation(entry["activation"], entry["breakpoints"], check)


def input_spectrum(entry: Mapping[str, Any]) -> InputSpectrum:
    """mu_0 from an entry's ``input``: marchenko_pastur, atoms, or eigenvalues with their dataset and smoothing.

    :raises UserError: if a file cannot be read, or the numbers are not the spectrum of a Gram matrix.
    """
    if entry["marchenko_pastur"] is not None:
        return MarchenkoPasturInput(entry["marchenko_pastur"])
    if entry["atoms"] is not None:
        return AtomicInput(entry["atoms"])
    values = read_eigenvalues(entry["eigenvalues"], entry["dataset"])
    try:
        if entry["smoothing"] is not None:
            return SmoothedInput(values, entry["smoothing"])
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


def sample_notes(source: Mapping[str, Any], law: LimitLaw, samples: int) -> list[str]:
    """Of a law that starts from the eigenvalues of a sample: how it was smoothed, and bulks of few eigenvalues.

    :param source: ``input`` of the entry. :param samples: how many eigenvalues there are.
    """
    notes, smoothing = [], source["smoothing"]
    if smoothing is not None:
        spread = f"each input eigenvalue x is spread over a semicircle from {1 - smoothing:g} x to {1 + smoothing:g} x"
        notes.append(f"{spread} (smoothing {smoothing:g}), except those that occur more than once")
    # Half an eigenvalue leaves room for the error of a mass.
    few = sum(bulk.mass * samples < _FEW - 0.5 for bulk in law.bulks)
    if few:
        hold, they = ("bulk holds", "it belongs") if few == 1 else ("bulks hold", "they belong")
        each = "" if few == 1 else " each"
        told = f"{few} {hold} fewer than {_FEW} of {samples} eigenvalues{each}: {they} to single eigenvalues of this"
        notes.append(f"{told} sample; {'more ' if smoothing else ''}smoothing joins such bulks")
    return notes


def _coefficients(kernel: LayeredKernel) -> list[tuple[str, float, str, int | None]]:
    """Quantity, value, label and number of what the kernel is a sum of."""
    grams = enumerate(kernel.coefficients)
    rows = [("gram_coefficient", value, f"coefficient of X_{layer}'X_{layer}", layer) for layer, value in grams]
    return [*rows, ("identity_coefficient", kernel.shift, "coefficient of Id", None)]


def _solve_kernel(entry: Mapping[str, Any], sigma: Activation) -> SolvedLaw:
    """The law of a conjugate or tangent kernel."""
    import pandas as pd

    from deepspectra.rmt.limits.solver import density_over_support, limit_law
    from deepspectra.spectra.gram_laws import entry_gram_kernel, gram_notes, gram_rows
    from deepspectra.spectra.solved_law import SolvedLaw

    kernel: LayeredKernel | GramKernel
    spectrum = None
    if entry["input"]["gram"] is None and entry["input"]["data"] is None:
        spectrum = input_spectrum(entry["input"])
        kernel = limit_kernel(entry, spectrum, sigma)
        own, notes = _coefficients(kernel), reader_notes(entry, spectrum, sigma)
    else:
        kernel, means = entry_gram_kernel(entry, layer_ratios(entry), sigma)
        own, notes = gram_rows(kernel, means), gram_notes(entry, means)
    law = limit_law(kernel)
    if isinstance(spectrum, EmpiricalInput | SmoothedInput):
        notes += sample_notes(entry["input"], law, spectrum.count)
    found = density_over_support(kernel, law, entry["points"])
    curve = pd.DataFrame({"x": found.points, "density": found.density})
    curve = curve.assign(cdf=law.cdf(found.points), residual=found.residual)[found.converged]
    constants = zip(("b_sigma", "a_sigma"), activation_constants(sigma), strict=True)
    rows: list[tuple[str, float, str, int | None]] = [(name, value, name, None) for name, value in constants]
    rows += [("gamma", ratio, f"gamma_{layer}", layer) for layer, ratio in enumerate(kernel.ratios, start=1)]
    return SolvedLaw(law, curve, found.points.size, kernel.mean, rows + own, notes)


def solve_limit_law(entry: Mapping[str, Any], sigma: Activation) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Solve the law of one entry.

    :returns: the curve, with columns x, density, cdf, residual, at the points that converged; and the summary, with
        columns quantity, label, number (of the bulk, atom, layer or moment) and value (text: notes are among them).
    :raises UserError: if numbers do not go together, or the law could not be solved.
    """
    from deepspectra.spectra.nonlinear_laws import solve_nonlinear

    solved = solve_nonlinear(entry, sigma) if entry["kernel"] == "nonlinear" else _solve_kernel(entry, sigma)
    if missing := solved.points - len(solved.curve):
        logger.warning("%d of %d points have no density", missing, solved.points)
    return solved.curve, solved.summary()
