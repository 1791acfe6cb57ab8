"""The eigenvalues of a curvature matrix that are larger than their errors: a resolved spectrum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepspectra.runtime import store
from deepspectra.spectra.curvature.levels import Levels

__all__ = ["ResolvedSpectrum", "keep_resolved", "write_spectra"]


@dataclass(frozen=True)
class ResolvedSpectrum:
    """A spectrum without its rounding noise.

    :ivar eigenvalues: float64, ascending, each larger in absolute value than its error.
    :ivar errors: bounds of their errors, in the same order.
    :ivar left_out: number of eigenvalues of the decomposed matrix that are smaller than their errors and may or may not
        be zero; all others of the ``parameters`` (P, trainable) are zero, exactly or but for a part of those errors.
    :ivar method: how the eigenvalues were computed. :ivar reason: why that way.
    """

    eigenvalues: np.ndarray
    errors: np.ndarray
    left_out: int
    parameters: int
    method: str
    reason: str

    @property
    def bound(self) -> float:
        """The largest of the errors."""
        return float(self.errors.max(initial=0.0))

    @property
    def unresolved_spacings(self) -> float:
        """Share of spacings between neighbouring eigenvalues that are below the errors of both together.

        Above 0.01 the spectrum is called unresolved. Spacings are counted and never filtered: dropping the small ones
        would fake level repulsion.
        """
        return Levels(self.eigenvalues, self.errors).unresolved_spacings


def keep_resolved(levels: Levels, parameters: int, method: str, reason: str) -> ResolvedSpectrum:
    """What exceeds its error. :param parameters: P, those that are trainable."""
    known = levels.known
    return ResolvedSpectrum(levels.values[known], levels.errors[known], int((~known).sum()), parameters, method, reason)


def write_spectra(
    path: str, spectra: Sequence[ResolvedSpectrum], parameters: Mapping[str, Any], files: Sequence[str], seed: int
) -> None:
    """Write several spectra, of one network and by one method, to one file.

    It holds all ``eigenvalues`` in a row and their ``errors``, float64; and for each spectrum its length (``lengths``),
    largest error (``bounds``), number of eigenvalues below their errors (``left_out``) and share of unresolved spacings
    (``unresolved``).
    """
    known = [(len(one.eigenvalues), one.bound, one.left_out, one.unresolved_spacings) for one in spectra]
    names = ("lengths", "bounds", "left_out", "unresolved")
    arrays = {name: np.array(values) for name, values in zip(names, zip(*known, strict=True), strict=True)}
    levels = {name: np.concatenate([getattr(one, name) for one in spectra]) for name in ("eigenvalues", "errors")}
    parameters = {**parameters, **{key: getattr(spectra[0], key) for key in ("parameters", "method", "reason")}}
    floor = max(one.bound for one in spectra)
    store.write(
        path, levels | arrays, parameters=parameters, inputs=files, seed=seed, dtype="float64", noise_floor=floor
    )
