"""The eigenvalues of a curvature matrix that are larger than their error: a resolved spectrum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from deepspectra.runtime import store
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues

__all__ = ["ResolvedSpectrum", "error_bound", "keep_resolved", "write_spectra"]

# Against 50-digit arithmetic, errors on small networks were 0.1 to 1 times the bound without this factor, whether or
# not the networks were sure of their answers.
_SAFETY = 10.0


@dataclass(frozen=True)
class ResolvedSpectrum:
    """A spectrum without its rounding noise.

    :ivar eigenvalues: float64, ascending, all larger in absolute value than ``bound``, that of the error of each.
    :ivar left_out: number of eigenvalues of the decomposed matrix below the bound, which may or may not be zero; all
        others of the ``parameters`` (P) are exactly zero.
    :ivar method: how the eigenvalues were computed. :ivar reason: why that way.
    """

    eigenvalues: np.ndarray
    bound: float
    left_out: int
    parameters: int
    method: str
    reason: str

    @property
    def unresolved_spacings(self) -> float:
        """Share of spacings between neighbouring eigenvalues that are below the bound.

        Above 0.01 the spectrum is called unresolved. Spacings are counted and never filtered: dropping the small ones
        would fake level repulsion.
        """
        below = np.diff(self.eigenvalues) < self.bound
        return float(below.mean()) if below.size else 0.0


def error_bound(eigenvalues: np.ndarray, largest_output: float) -> float:
    """10 (sqrt(n) + |f|) times float64's epsilon times the largest absolute value, for n eigenvalues.

    An estimate of the backward error. The error of rounded sums and of the eigensolver grows as the square root of the
    size. An output f is known to epsilon |f|, so a probability, its exponential, has that relative error. Sums over
    parameters, of which there may be millions more, are computed so that they add nothing (see ``gauss_newton``).
    """
    factor = _SAFETY * (np.sqrt(len(eigenvalues)) + largest_output)
    return float(factor * np.finfo(np.float64).eps * np.abs(eigenvalues).max(initial=0.0))


def keep_resolved(
    matrix: torch.Tensor, outputs: torch.Tensor, parameters: int, method: str, reason: str
) -> ResolvedSpectrum:
    """Decompose a curvature matrix, or one with the same non-zero spectrum, and keep what exceeds its error bound.

    :param matrix: float64, symmetric. :param outputs: of the network, for its batch. :param parameters: P.
    :raises UserError: if the matrix is not finite, or no solver finds its eigenvalues.
    """
    eigenvalues = symmetric_eigenvalues(matrix)
    bound = error_bound(eigenvalues, float(outputs.abs().max()))
    kept = eigenvalues[np.abs(eigenvalues) > bound]
    return ResolvedSpectrum(kept, bound, len(eigenvalues) - len(kept), parameters, method, reason)


def write_spectra(
    path: str, spectra: Sequence[ResolvedSpectrum], parameters: Mapping[str, Any], files: Sequence[str], seed: int
) -> None:
    """Write several spectra, of one network and by one method, to one file.

    It holds all ``eigenvalues`` in a row, float64; and for each spectrum its length (``lengths``), error bound
    (``bounds``), number of eigenvalues below it (``left_out``) and share of unresolved spacings (``unresolved``).
    """
    known = [(len(one.eigenvalues), one.bound, one.left_out, one.unresolved_spacings) for one in spectra]
    names = ("lengths", "bounds", "left_out", "unresolved")
    arrays = {name: np.array(values) for name, values in zip(names, zip(*known, strict=True), strict=True)}
    arrays = {"eigenvalues": np.concatenate([one.eigenvalues for one in spectra])} | arrays
    parameters = {**parameters, **{key: getattr(spectra[0], key) for key in ("parameters", "method", "reason")}}
    floor = max(one.bound for one in spectra)
    store.write(path, arrays, parameters=parameters, inputs=files, seed=seed, dtype="float64", noise_floor=floor)
