"""Eigenvalues of curvature matrices, each with a bound of its error; those of F F' as exactly as F allows.

An eigensolver leaves errors of float64's epsilon times the largest eigenvalue, in which the small ones of a confident
network drown. They are there: rounding moves each column of F by a share of its own norm, and F' F = D (B' B) D, with D
the norms of the columns and B of unit columns, keeps the relative accuracy of all eigenvalues as long as B is well
conditioned, whatever D is (Demmel and Veselic, SIAM J. Matrix Anal. Appl. 13, 1204). So, as far as needed:

1. the eigenvalues of the Gram matrix F' F by a standard solver;
2. the Cholesky factor R of B' B, and the singular values of R D; for large matrices, where those take minutes, the
   small eigenvalues as the large ones of the inverse;
3. where B' B is too ill-conditioned for that, R from a QR factorisation of F, which is streamed: B counts once, not
   squared.

Singular values s by the standard solver have an error of epsilon times the largest one, so that s^2 is resolved down to
the square of epsilon; one-sided Jacobi (LAPACK's gejsv) has none beyond that of B.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import lapack

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.eigenvalues import symmetric_eigenvalues

__all__ = ["Levels", "gram_levels", "levels_of_parts", "matrix_levels", "rounding"]

# Largest errors of a symmetric eigensolver, in the precision's epsilon times the Frobenius norm, were 1 to 5 for 180 to
# 2700 rows, random matrices and curvatures (float32 against float64); those of an SVD, 1 to 6.
_SOLVER, _EPSILON = 10.0, float(np.finfo(np.float64).eps)
#: Up to so many rows no level is given up while a more exact step is left: one-sided Jacobi takes a minute at most.
_SMALL = 2000
#: Of larger matrices so many levels and spacings may be lost before the next step, of minutes, is taken.
_LOST = 0.01


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
    def lost(self) -> float:
        """Share of levels and spacings that are below their errors."""
        return float(1 - self.known.mean()) + self.unresolved_spacings if self.values.size else 0.0

    @property
    def enough(self) -> bool:
        """Whether nothing is lost or, of many levels, few."""
        return self.lost <= (_LOST if len(self.values) > _SMALL else 0.0)


def rounding(outputs: torch.Tensor) -> float:
    """The relative error of the curvature in a network's outputs f, and of columns of F: (10 + 2 |f|) epsilon.

    Epsilon is that of the outputs' precision. An output is known to epsilon |f|, so a probability, the exponential of
    a difference of two, to twice that. Sums over parameters, of which there may be millions, are computed so that they
    add nothing (see ``layer_formulas``).
    """
    largest = float(outputs.abs().max()) if outputs.numel() else 0.0
    return (_SOLVER + 2 * largest) * torch.finfo(outputs.dtype).eps


def matrix_levels(matrix: torch.Tensor, error: float) -> Levels:
    """All eigenvalues of a symmetric matrix, whose errors are ``error`` times its Frobenius norm.

    :param matrix: float64, shape (n, n). :param error: see :func:`rounding`; the solver's is not larger.
    :raises UserError: if the matrix is not finite, or no solver finds its eigenvalues.
    """
    values = symmetric_eigenvalues(matrix)
    return Levels(values, np.full(values.shape, error * np.linalg.norm(values)))


def gram_levels(gram: torch.Tensor, error: float, parts: Callable[[], Iterable[torch.Tensor]] | None = None) -> Levels:
    """Eigenvalues of a Gram matrix F' F.

    A row of zeros is a level of 0 that is not known (products underflow below 1e-308) and does not touch the others.

    :param gram: float64, shape (n, n), entries summed from products. :param error: see :func:`rounding`.
    :param parts: makes F' in blocks of columns, as for :func:`levels_of_parts`; called only if the Gram matrix leaves
        levels unresolved.
    :raises UserError: as :func:`matrix_levels`.
    """
    if not (there := gram.diagonal() != 0).all():
        found_there = gram_levels(
            gram[there][:, there], error, None if parts is None else lambda: _rows(parts(), there)
        )
        return _with_zeros(found_there, int((~there).sum()))
    found = [matrix_levels(gram, error)]
    exact = error
    if (beyond := float(-found[0].values[0] / found[0].errors[0]) if len(gram) else 0.0) > 1:
        # A Gram matrix has no negative eigenvalue: its products were rounded by more.
        error *= 2 * beyond
        found = [Levels(found[0].values, 2 * beyond * found[0].errors)]
    if not found[-1].enough:
        norms = gram.diagonal().sqrt()
        factor, failed = torch.linalg.cholesky_ex(gram / norms / norms[:, None], upper=True)
        if not failed and len(norms) > _SMALL:
            found.append(_inverse_levels(found[-1], factor, norms, error))
        elif not failed:
            found.append(_triangle_levels(factor, norms, error, squared=True))
    if not found[-1].enough and parts is not None:
        found.append(levels_of_parts(parts(), exact))
    return min(found, key=lambda levels: levels.lost)


def levels_of_parts(parts: Iterable[torch.Tensor], error: float) -> Levels:
    """Eigenvalues of F' F from F' in blocks of columns, each (n, some), by a streamed QR factorisation of F.

    :param error: of a column of F, relative to its norm. :raises UserError: if F is not finite.
    """
    triangle = None
    for part in _joined(parts):
        triangle = torch.linalg.qr(part.T if triangle is None else torch.cat([triangle, part.T]), mode="r").R
    assert triangle is not None
    if not torch.isfinite(triangle).all():
        raise UserError("the factor is not finite: check whether all weights and inputs are.")
    norms = triangle.norm(dim=0)
    there = norms != 0
    found = _triangle_levels(triangle[:, there] / norms[there], norms[there], error, squared=False)
    return _with_zeros(found, int((~there).sum()))


def _joined(parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Blocks of at least as many columns as rows, but for the last: many narrow ones take longer to factorise."""
    waiting: list[torch.Tensor] = []
    for part in parts:
        waiting.append(part)
        if sum(one.shape[1] for one in waiting) >= len(part):
            yield torch.cat(waiting, dim=1)
            waiting = []
    if waiting:
        yield torch.cat(waiting, dim=1)


def _rows(parts: Iterable[torch.Tensor], there: torch.Tensor) -> Iterator[torch.Tensor]:
    return (part[there] for part in parts)


def _with_zeros(levels: Levels, count: int) -> Levels:
    values, errors = (np.append(np.zeros(count), array) for array in (levels.values, levels.errors))
    order = np.argsort(values, kind="stable")
    return Levels(values[order], errors[order])


def _inverse_levels(levels: Levels, factor: torch.Tensor, norms: torch.Tensor, error: float) -> Levels:
    """Of levels by the standard solver, replace the small ones by those of the inverse: its largest, so that the error
    of a level s is relative to s^2 over the smallest.

    :param factor: Cholesky's, upper, of B' B. :param norms: the diagonal of D. :param error: of B' B.
    """
    inverse = torch.cholesky_inverse(factor, upper=True)
    grows = float(inverse.norm())
    inverse = inverse.div_(norms).div_(norms[:, None])
    reciprocals = symmetric_eigenvalues(inverse)
    values = 1 / np.maximum(reciprocals[::-1], reciprocals.max() * _EPSILON)
    errors = error * np.minimum(values * grows, float(norms.max()) ** 2)
    errors += values**2 * _SOLVER * _EPSILON * np.linalg.norm(reciprocals)
    smaller = errors < levels.errors
    values, errors = np.where(smaller, values, levels.values), np.where(smaller, errors, levels.errors)
    order = np.argsort(values)
    return Levels(values[order], errors[order])


def _triangle_levels(unit: torch.Tensor, norms: torch.Tensor, error: float, *, squared: bool) -> Levels:
    """Squared singular values of B D, with their errors.

    A change of B' B by a share e moves s^2 by at most e |D v|^2, with v the right singular vector, and a change of the
    columns of B by that share moves s by at most e |D v|. The solver's error adds to that of s.

    :param unit: B, of unit columns. :param norms: the diagonal of D. :param error: of B' B, if ``squared``, else of B.
    """
    whole = unit * norms

    def with_errors(values: torch.Tensor, vectors: torch.Tensor, solver: float | torch.Tensor) -> Levels:
        """:param vectors: as rows."""
        reach = (vectors * norms).norm(dim=1)
        shift = _SOLVER * _EPSILON * solver if squared else _SOLVER * _EPSILON * solver + error * reach
        moved = error * reach**2 if squared else torch.zeros_like(reach)
        levels, errors = values**2, moved + 2 * values * shift + shift**2
        return Levels(levels.flip(0).cpu().numpy(), errors.flip(0).cpu().numpy())

    _, values, vectors = torch.linalg.svd(whole, full_matrices=False)
    found = with_errors(values, vectors, values.norm())
    if not found.enough and len(norms) <= _SMALL:
        values, vectors = _jacobi(whole)
        found = with_errors(values, vectors, (vectors * norms).norm(dim=1))
    return found


def _jacobi(columns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Singular values, descending, and right vectors as rows: as exact as the directions of the columns allow, whatever
    their norms.

    :raises UserError: if LAPACK reports that it did not converge.
    """
    # "C": columns of any norms; no left vectors; neither restrict the range nor perturb.
    given = columns.cpu().numpy()
    values, _, vectors, scale, _, info = lapack.dgejsv(given, joba=0, jobu=3, jobv=0, jobr=0, jobt=0, jobp=0)
    if info:
        raise UserError(f"one-sided Jacobi did not converge for a matrix of {len(columns)} rows (gejsv: {info}).")
    return torch.from_numpy(values * (scale[0] / scale[1])).to(columns), torch.from_numpy(vectors.T).to(columns)
