"""Spectra mu_0 of the input Gram matrix X_0'X_0, from which the limits of the deeper kernels start.

Of mu_0 the equations only need averages of the resolvent (a + c x)^{-1} and their derivatives; each class here
gives them, with the bounds and the atoms of mu_0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from deepspectra.errors import UserError
from deepspectra.laws import MarchenkoPastur

# Where |c| x is below this share of |a| for all x, the averages are power series in c/a; the closed forms lose digits
# there. 0.05^16 is below rounding, and the two digits lost above it are no harm.
_SERIES_SHARE = 0.05
_SERIES_TERMS = 16
# Points times eigenvalues held at once: 32,768 float64 numbers, so that the temporary arrays stay in the cache.
_BLOCK = 32_768
# Eigenvalues this close to each other, relative to the largest, count as one.
_DEGENERACY = 1e-10


class Averages(NamedTuple):
    """Averages over x ~ mu_0, complex128, one per pair (a, c)."""

    resolvent: np.ndarray
    """1/(a + c x)"""
    weighted: np.ndarray
    """x/(a + c x)"""
    resolvent_squared: np.ndarray
    """1/(a + c x)^2"""
    weighted_squared: np.ndarray
    """x/(a + c x)^2"""
    twice_weighted_squared: np.ndarray
    """x^2/(a + c x)^2"""


class InputSpectrum(Protocol):
    """What the limits ask of mu_0."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest interval that holds mu_0."""

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the values that carry a share of the mass."""

    def moment(self, order: int) -> float:
        """Average of x^order."""

    def averages(self, a: np.ndarray, c: np.ndarray) -> Averages:
        """Averages at pairs (a, c), complex128 of shape (points,), with a + c x never zero."""


@dataclass(frozen=True)
class MarchenkoPasturInput:
    """Marchenko-Pastur input: columns of X_0 with independent N(0, 1/d_0) entries, ratio n/d_0."""

    ratio: float

    @cached_property
    def law(self) -> MarchenkoPastur:
        return MarchenkoPastur(self.ratio)

    @property
    def bounds(self) -> tuple[float, float]:
        lower, upper = self.law.edges
        return (0.0 if self.law.atom > 0 else lower), upper

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        return self.law.atoms

    def moment(self, order: int) -> float:
        return self.law.moment(order)

    def averages(self, a: np.ndarray, c: np.ndarray) -> Averages:
        return _averages(self, a, c, self._far)

    def _far(self, w: np.ndarray) -> tuple[np.ndarray, ...]:
        m, dm = self.law.stieltjes_and_derivative(w)
        # 1 + w m = m/(1 + ratio m) is the law's own equation: no cancellation.
        denominator = 1 + self.ratio * m
        return m, dm, m / denominator, dm / denominator**2


@dataclass(frozen=True)
class EmpiricalInput:
    """The eigenvalues of one given matrix X_0'X_0, each with the same weight.

    :param eigenvalues: shape (n,), any order; tiny negative ones (rounding) are set to zero.
    :raises UserError: if there are none, one is not finite, or one is negative beyond rounding.
    """

    eigenvalues: np.ndarray = field(repr=False)

    def __post_init__(self):
        values = np.sort(np.asarray(self.eigenvalues, dtype=np.float64).ravel())
        if values.size == 0 or not np.isfinite(values).all():
            raise UserError("the input spectrum must be a non-empty array of finite eigenvalues.")
        if values[-1] <= 0 or values[0] < -1e-5 * values[-1]:
            raise UserError(
                f"the input spectrum must be that of a Gram matrix, but runs from {values[0]:.3g} to {values[-1]:.3g}."
            )
        object.__setattr__(self, "eigenvalues", np.maximum(values, 0))

    @property
    def bounds(self) -> tuple[float, float]:
        return float(self.eigenvalues[0]), float(self.eigenvalues[-1])

    @cached_property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        breaks = np.flatnonzero(np.diff(self.eigenvalues) > _DEGENERACY * self.eigenvalues[-1]) + 1
        groups = np.split(self.eigenvalues, breaks)
        return tuple((float(group.mean()), group.size / self.eigenvalues.size) for group in groups if group.size > 1)

    def moment(self, order: int) -> float:
        return float(np.mean(self.eigenvalues**order))

    def averages(self, a: np.ndarray, c: np.ndarray) -> Averages:
        return _averages(self, a, c, self._far)

    def _far(self, w: np.ndarray) -> tuple[np.ndarray, ...]:
        """Sums over the eigenvalues in real arithmetic, block by block: several times faster than complex division."""
        count = self.eigenvalues.size
        rows = max(1, _BLOCK // count)
        difference = np.empty((rows, count))
        inverse = np.empty((rows, count))
        sums = np.empty((4, w.size))
        for start in range(0, w.size, rows):
            stop = min(start + rows, w.size)
            d, r = difference[: stop - start], inverse[: stop - start]
            np.subtract(self.eigenvalues, w.real[start:stop, None], out=d)
            np.multiply(d, d, out=r)
            r += w.imag[start:stop, None] ** 2
            np.reciprocal(r, out=r)
            sums[0, start:stop] = r.sum(axis=1)
            sums[1, start:stop] = np.einsum("ij,ij->i", d, r)
            sums[2, start:stop] = np.einsum("ij,ij->i", r, r)
            d *= r
            sums[3, start:stop] = np.einsum("ij,ij->i", d, r)
        inverse_sum, first, square, first_square = sums / count
        v = w.imag
        m = first + 1j * v * inverse_sum
        # (x - w)^{-2} = ((x - u)^2 - v^2 + 2 i v (x - u)) / |x - w|^4, with (x - u)^2 = |x - w|^2 - v^2.
        dm = inverse_sum - 2 * v**2 * square + 2j * v * first_square
        return m, dm, 1 + w * m, m + w * dm


def _averages(spectrum: InputSpectrum, a: np.ndarray, c: np.ndarray, far) -> Averages:
    """Averages from the Stieltjes transform m(w) at w = -a/c, or from the moments where c is small.

    :param far: maps w, shape (points,), to m, m', T = average of x/(x - w), and T'.
    """
    result = Averages(*(np.empty(a.shape, dtype=np.complex128) for _ in Averages._fields))
    upper = spectrum.bounds[1]
    small = np.abs(c) * upper < _SERIES_SHARE * np.abs(a)
    if small.any():
        step = -c[small] * upper / a[small]
        moments = np.array([spectrum.moment(k) / upper**k for k in range(_SERIES_TERMS + 2)])
        powers = step[:, None] ** np.arange(_SERIES_TERMS)
        factors = np.arange(1, _SERIES_TERMS + 1)
        inverse = 1 / a[small]
        result.resolvent[small] = inverse * (powers @ moments[:-2])
        result.weighted[small] = inverse * upper * (powers @ moments[1:-1])
        result.resolvent_squared[small] = inverse**2 * (powers @ (factors * moments[:-2]))
        result.weighted_squared[small] = inverse**2 * upper * (powers @ (factors * moments[1:-1]))
        result.twice_weighted_squared[small] = inverse**2 * upper**2 * (powers @ (factors * moments[2:]))
    if not small.all():
        large = ~small
        w, inverse = -a[large] / c[large], 1 / c[large]
        m, dm, t, dt = far(w)
        result.resolvent[large] = inverse * m
        result.weighted[large] = inverse * t
        result.resolvent_squared[large] = inverse**2 * dm
        result.weighted_squared[large] = inverse**2 * dt
        result.twice_weighted_squared[large] = inverse**2 * (t + w * dt)
    return result
