"""From an entry of the configuration's section ``limit_laws`` to the kernel whose law it asks for.

An entry is the plain mapping that its model in ``configuration.limit_laws`` dumps; there its keys are explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.eigenvalue_files import read_eigenvalues
from deepspectra.rmt.limits.inputs import AtomicInput, EmpiricalInput, InputSpectrum, MarchenkoPasturInput
from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    from deepspectra.rmt.limits.layered import LayeredKernel

# Below this b_sigma is zero up to the error of its quadrature, and so is what 1 - b_sigma^2 falls below.
_ROUNDING = 1e-12
# A mean of the input further off than this is told: a sample of n norms has a fluctuation of its own.
_MEAN = 0.01


def spectrum_of(source: Mapping[str, Any]) -> InputSpectrum:
    """mu_0 from an entry's ``input``: exactly one of marchenko_pastur, eigenvalues (with dataset) and atoms.

    :raises UserError: if a file cannot be read, or the numbers are no spectrum of a Gram matrix.
    """
    if source["marchenko_pastur"] is not None:
        return MarchenkoPasturInput(source["marchenko_pastur"])
    if source["atoms"] is not None:
        return AtomicInput(source["atoms"])
    values = read_eigenvalues(source["eigenvalues"], source["dataset"])
    try:
        return EmpiricalInput(values)
    except UserError as error:
        raise UserError(f"{source['eigenvalues']}: {error}") from None


def ratios_of(law: Mapping[str, Any]) -> tuple[float, ...]:
    """gamma_1, ..., gamma_L, given or from the sizes."""
    if law["ratios"] is not None:
        return tuple(law["ratios"])
    return tuple(law["samples"] / width for width in law["widths"])


def constants_of(sigma: Activation) -> tuple[float, float]:
    """b_sigma and a_sigma, b_sigma without the rounding of its quadrature where it is 0 or 1 in size.

    There the law changes its character: at b_sigma = 1 the network is linear, and atoms are other ones.
    """
    b, a = sigma.b_sigma, sigma.a_sigma
    if abs(b) < _ROUNDING:
        return 0.0, a
    return (1.0, 1.0) if 1 - b**2 < _ROUNDING else (b, a)


def kernel_of(law: Mapping[str, Any], spectrum: InputSpectrum, sigma: Activation) -> LayeredKernel:
    """The kernel of theorem 3.4 (conjugate) or of theorems 3.7 and 3.8 (tangent).

    :raises UserError: if numbers do not go together.
    """
    # Imported here: it takes SciPy, which the check of a configuration does without.
    from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel

    b, a = constants_of(sigma)
    if law["kernel"] == "conjugate":
        return conjugate_kernel(spectrum, ratios_of(law), b, law["layer"])
    return tangent_kernel(spectrum, ratios_of(law), b, a, law["rates"])


def notes_of(law: Mapping[str, Any], spectrum: InputSpectrum, sigma: Activation) -> list[str]:
    """What a reader of the law has to know: where it is outside the assumptions of the theorems, and the like."""
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
    if law["kernel"] == "tangent" and constants_of(sigma)[0] == 0:
        notes.append("b_sigma = 0, which theorem 3.7 leaves out: the law is that of lemma 3.5, a translate")
    if law["outputs"] > 1:
        notes.append(f"the law for {law['outputs']} outputs is that for one (theorem 3.8)")
    return notes
