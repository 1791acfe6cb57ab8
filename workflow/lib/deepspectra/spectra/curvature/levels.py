"""Eigenvalues of curvature matrices, each with a bound of its error; those of F F' as exactly as F allows.

An eigensolver leaves errors of float64's epsilon times the largest eigenvalue, in which the small ones of a confident
network drown. They are there: rounding moves each column of F by a share of its own norm, and F' F = D (B' B) D, with D
the norms of the columns and B of unit columns, keeps the relative accuracy of all eigenvalues as long as B is well
conditioned, whatever D is (Demmel and Veselic, SIAM J. Matrix Anal. Appl. 13, 1204). So, as far as needed:

1. the eigenvalues of the Gram matrix F' F by a standard solver;
2. the Cholesky factor R of B' B, and the singular values of R D;
3. where B' B is too ill-conditioned for that, R from a QR factorisation of F, which is streamed: B counts once, not
   squared.

Singular values s by the standard solver have an error of epsilon times the largest one, so that s^2 is resolved down to
the square of epsilon; one-sided Jacobi (LAPACK's gejsv) has none beyond that of B.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import lapack

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues

__all__ = ["SAFETY", "Levels", "gram_levels", "levels_of_parts", "matrix_levels", "rounding"]

#: Against 50-digit arithmetic, errors of Hessians of small networks were 0.1 to 1 times the bound without this factor.
SAFETY = 10.0
#: Up to so many rows one-sided Jacobi takes less than a minute.
_JACOBI_ROWS = 2000


@dataclass(frozen=True)
class Levels:
    """Eigenvalues, float64, ascending, and bounds of their errors, both of shape (n,)."""

    values: np.ndarray
    errors: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Which are larger than their errors."""
        return np.abs(self.values) > self.errors

    @property
    def unresolved_spacings(self) -> float:
        """Share of the spacings between neighbours, among those known, that are below the errors of both together."""
        values, errors = self.values[self.known], self.errors[self.known]
        below = np.diff(values) < errors[1:] + errors[:-1]
        return float(below.mean()) if below.size else 0.0

    @property
    def resolved(self) -> bool:
        """Whether no level and no spacing is lost."""
        return bool(self.known.all()) and self.unresolved_spacings == 0


def rounding(size: int, outputs: torch.Tensor) -> float:
    """The relative error of a curvature matrix of so many rows: (sqrt(size) + |f|) times float64's epsilon.

    An estimate of the backward error. That of rounded sums and of the eigensolver grows as the square root of the size.
    An output f is known to epsilon |f|, so a probability, its exponential, has that relative error. Sums over
    parameters, of which there may be millions more, are computed so that they add nothing (see ``layer_formulas``).
    """
    largest = float(outputs.abs().max()) if outputs.numel() else 0.0
    return float((size**0.5 + largest) * np.finfo(np.float64).eps)


def matrix_levels(matrix: torch.Tensor, error: float) -> Levels:
    """All eigenvalues of a symmetric matrix, whose errors are ``error`` times the largest.

    :param matrix: float64, shape (n, n).
    :raises UserError: if the matrix is not finite, or no solver finds its eigenvalues.
    """
    values = symmetric_eigenvalues(matrix)
    return Levels(values, np.full(values.shape, error * np.abs(values).max(initial=0.0)))


def gram_levels(
    gram: torch.Tensor, error: float, parts: Callable[[], Iterable[torch.Tensor]] | None = None
) -> Levels:
    """Eigenvalues of a Gram matrix F' F without its rows that are exactly zero.

    :param gram: float64, shape (n, n), entries summed from products. :param error: see :func:`rounding`.
    :param parts: makes F' in blocks of columns, as for :func:`levels_of_parts`; called only if the Gram matrix leaves
        levels unresolved.
    :raises UserError: as :func:`matrix_levels`.
    """
    there = (gram.diagonal() != 0).nonzero()[:, 0]
    found = [matrix_levels(gram[there][:, there], error)]
    if not found[-1].resolved:
        norms = gram.diagonal()[there].sqrt()
        scaled = gram[there][:, there] / norms / norms[:, None]
        factor, failed = torch.linalg.cholesky_ex((scaled + scaled.T) / 2, upper=True)
        if not failed:
            found.append(_triangle_levels(factor, norms, error, squared=True))
    if not found[-1].resolved and parts is not None:
        found.append(levels_of_parts(parts(), error))
    return min(found, key=lambda levels: (int((~levels.known).sum()), levels.unresolved_spacings))


def levels_of_parts(parts: Iterable[torch.Tensor], error: float) -> Levels:
    """Eigenvalues of F' F from F' in blocks of columns, each (n, some), by a streamed QR factorisation of F.

    :param error: of a column of F, relative to its norm. :raises UserError: if F is not finite.
    """
    triangle = None
    for part in parts:
        triangle = torch.linalg.qr(part.T if triangle is None else torch.cat([triangle, part.T]), mode="r").R
    assert triangle is not None
    if not torch.isfinite(triangle).all():
        raise UserError("the factor is not finite: check whether all weights and inputs are.")
    norms = triangle.norm(dim=0)
    there = norms != 0
    return _triangle_levels(triangle[:, there] / norms[there], norms[there], error, squared=False)


def _triangle_levels(unit: torch.Tensor, norms: torch.Tensor, error: float, *, squared: bool) -> Levels:
    """Squared singular values of B D, with their errors.

    :param unit: B, of unit columns. :param norms: the diagonal of D.
    :param error: of B' B, if ``squared``, else of B. It moves s^2 by a^2 or by 2 a times that, relatively, where a is at
        most the norm of B's pseudo-inverse and that of D / s.
    """
    whole = (unit * norms).cpu().numpy()
    largest, smallest = float(norms.max()), float(torch.linalg.svdvals(unit)[-1])

    def with_errors(values: np.ndarray, solver: float) -> Levels:
        """``solver``: the absolute error of the singular values by their algorithm."""
        with np.errstate(divide="ignore"):
            grows = np.minimum(values * (np.inf if smallest == 0 else 1 / smallest), largest)
        if squared:
            moved, shift = error * grows**2, solver
        else:
            moved, shift = 0.0, solver + error * grows
        return Levels(values**2, moved + 2 * values * shift + shift**2)

    values = np.linalg.svd(whole, compute_uv=False)[::-1]
    levels = with_errors(values, error * values[-1])
    if not levels.resolved and len(norms) <= _JACOBI_ROWS:
        levels = with_errors(_jacobi(whole), 0.0)
    return levels


def _jacobi(columns: np.ndarray) -> np.ndarray:
    """Singular values, ascending, as exact as the directions of the columns allow, whatever their norms.

    :raises UserError: if LAPACK reports that it did not converge.
    """
    # No vectors; neither restrict the range nor perturb; "C": columns of any norms.
    values, _, _, scale, _, info = lapack.dgejsv(columns, joba=0, jobu=3, jobv=3, jobr=0, jobt=0, jobp=0)
    if info:
        raise UserError(f"one-sided Jacobi did not converge for a matrix of {len(columns)} rows (gejsv: {info}).")
    return np.sort(values * (scale[0] / scale[1]))
