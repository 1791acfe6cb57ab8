"""Spectra mu_0 of the input Gram matrix X_0'X_0, from which the limits of the deeper kernels start.

The equations need only averages of the resolvent (a + c x)^{-1} over mu_0.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.cells import Cells, resolvent_sums
from deepspectra.runtime.errors import UserError

__all__ = ["AtomicInput", "Averages", "DiscreteInput", "EmpiricalInput", "InputSpectrum", "MarchenkoPasturInput"]

# Where |c| x is below this share of |a| for all x, the averages are summed as power series in c/a, since the closed
# forms lose digits there. 0.05^16 is below rounding.
_SERIES_SHARE, _SERIES_TERMS = 0.05, 16
# So many values are landmarks; sums over more than so many eigenvalues go by cells.
_LANDMARKS, _SMALLEST_TREE = 256, 1024
# Values closer than this share of themselves, or of the largest (rounding), count as one; users type masses with a few
# digits.
_DEGENERACY, _ROUNDING, _MASS_ERROR = 1e-10, 1e-14, 1e-5


class Averages(NamedTuple):
    """Averages of 1/(a + c x), x/(a + c x), and 1, x and x^2 over (a + c x)^2; complex128, one for each pair (a, c)."""

    resolvent: np.ndarray
    weighted: np.ndarray
    resolvent_squared: np.ndarray
    weighted_squared: np.ndarray
    twice_weighted_squared: np.ndarray


class InputSpectrum(ABC):
    """What the limits need of mu_0."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[float, float]:
        """Smallest interval that contains mu_0."""

    @property
    @abstractmethod
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the point masses."""

    @abstractmethod
    def moment(self, order: int) -> float:
        """Average of x^order."""

    @property
    def landmarks(self) -> np.ndarray:
        """Points of mu_0 that may stand apart from the rest, float64, ascending; none where it is one interval."""
        return np.empty(0)

    @abstractmethod
    def _far(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The Stieltjes transform m(w), its derivative, T = average of x/(x - w), and T'; w has shape (points,)."""

    def averages(self, a: np.ndarray, c: np.ndarray) -> Averages:
        """Averages at pairs (a, c), complex128 of shape (points,), with a + c x never zero.

        They follow from the Stieltjes transform at w = -a/c, or from the moments where c is small.
        """
        result = np.empty((len(Averages._fields), *a.shape), dtype=np.complex128)
        upper = self.bounds[1]
        small = np.abs(c) * upper < _SERIES_SHARE * np.abs(a)
        if small.any():
            step = -c[small] * upper / a[small]
            moments = np.array([self.moment(k) / upper**k for k in range(_SERIES_TERMS + 2)])
            powers = step[:, None] ** np.arange(_SERIES_TERMS)
            factors = np.arange(1, _SERIES_TERMS + 1)
            inverse = 1 / a[small]
            result[:, small] = (
                inverse * (powers @ moments[:-2]),
                inverse * upper * (powers @ moments[1:-1]),
                inverse**2 * (powers @ (factors * moments[:-2])),
                inverse**2 * upper * (powers @ (factors * moments[1:-1])),
                inverse**2 * upper**2 * (powers @ (factors * moments[2:])),
            )
        if not small.all():
            w, inverse = -a[~small] / c[~small], 1 / c[~small]
            m, dm, t, dt = self._far(w)
            squares = inverse**2
            result[:, ~small] = inverse * m, inverse * t, squares * dm, squares * dt, squares * (t + w * dt)
        return Averages(*result)


class MarchenkoPasturInput(MarchenkoPastur, InputSpectrum):
    """Marchenko-Pastur input: columns of X_0 with independent N(0, 1/d_0) entries, ratio n/d_0."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Edges of the law; the lower one is zero if there is an atom."""
        return (0.0 if self.atom > 0 else self.edges[0]), self.edges[1]

    def _far(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        m, dm = self.stieltjes_and_derivative(w)
        # 1 + w m = m/(1 + ratio m) is the law's own equation: no cancellation.
        denominator = 1 + self.ratio * m
        return m, dm, m / denominator, dm / denominator**2


@dataclass(frozen=True)
class DiscreteInput(InputSpectrum):
    """Point masses. Eigenvalues ascend, none is negative; weights have sum one, None if equal; float64 (count,)."""

    eigenvalues: np.ndarray = field(repr=False)
    weights: np.ndarray | None = field(repr=False)

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.eigenvalues.size

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return float(self.eigenvalues[0]), float(self.eigenvalues[-1])

    @cached_property
    def groups(self) -> list[np.ndarray]:
        """Places of equal values, ascending: values that an eigensolver's error or a user's rounding may set apart."""
        values = self.eigenvalues
        equal = _DEGENERACY * values[1:] + _ROUNDING * values[-1]
        return np.split(np.arange(values.size), np.flatnonzero(np.diff(values) > equal) + 1)

    @cached_property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Of a sample (equal weights) the values that occur more than once; otherwise all."""
        values, weights, count = self.eigenvalues, self.weights, self.eigenvalues.size
        if weights is None:
            return tuple((float(values[part].mean()), part.size / count) for part in self.groups if part.size > 1)
        return tuple((float(values[part].mean()), float(weights[part].sum())) for part in self.groups)

    def moment(self, order: int) -> float:
        """Average of x^order over the values."""
        powers = self.eigenvalues**order
        return float(np.mean(powers) if self.weights is None else self.weights @ powers)

    @property
    def landmarks(self) -> np.ndarray:
        """The values, or of many those beside the largest gaps."""
        values = self.eigenvalues
        if values.size <= _LANDMARKS:
            return values
        gaps = np.sort(np.argpartition(np.diff(values), -_LANDMARKS // 2)[-_LANDMARKS // 2 :])
        return values[np.unique(np.concatenate([[0], gaps, gaps + 1, [values.size - 1]]))]

    @cached_property
    def _cells(self) -> Cells | None:
        return Cells(self.eigenvalues) if self.weights is None and self.eigenvalues.size > _SMALLEST_TREE else None

    def _far(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """From sums over the eigenvalues: of many, over the nodes of all cells that are far away."""
        count = self.eigenvalues.size
        if self._cells:
            sums = self._cells.sums(w) / count
        elif self.weights is None:
            sums = resolvent_sums(self.eigenvalues, w) / count
        else:
            sums = resolvent_sums(self.eigenvalues, w, self.weights)
        inverse_sum, first, square, first_square = sums
        v = w.imag
        m = first + 1j * v * inverse_sum
        # (x - w)^{-2} = ((x - u)^2 - v^2 + 2 i v (x - u)) / |x - w|^4, with (x - u)^2 = |x - w|^2 - v^2.
        dm = inverse_sum - 2 * v**2 * square + 2j * v * first_square
        return m, dm, 1 + w * m, m + w * dm


class EmpiricalInput(DiscreteInput):
    """The eigenvalues of one given matrix X_0'X_0, with equal weights."""

    def __init__(self, eigenvalues: np.ndarray):
        """From an array of shape (n,), any order; tiny negative values (rounding) are set to zero, others refused."""
        values = np.sort(np.asarray(eigenvalues, dtype=np.float64).ravel())
        if values.size == 0 or not np.isfinite(values).all():
            raise UserError("the input spectrum must be a non-empty array of finite eigenvalues.")
        if values[-1] <= 0 or values[0] < -1e-5 * values[-1]:
            ends = f"{values[0]:.3g} to {values[-1]:.3g}"
            raise UserError(f"the input spectrum must be that of a Gram matrix, but runs from {ends}.")
        super().__init__(np.maximum(values, 0), None)


class AtomicInput(DiscreteInput):
    """A few point masses."""

    def __init__(self, atoms: Sequence[tuple[float, float]]):
        """From pairs (location, mass), any order; masses must sum to one within 1e-5, and are divided by their sum."""
        pairs = np.asarray(atoms, dtype=np.float64).reshape(-1, 2)
        locations, masses = pairs[np.argsort(pairs[:, 0], kind="stable")].T
        if not pairs.size or not np.isfinite(pairs).all():
            raise UserError("the input spectrum needs at least one atom, (location, mass), of finite numbers.")
        if locations[0] < 0 or locations[-1] <= 0:
            ends = f"{locations[0]:g} to {locations[-1]:g}"
            raise UserError(f"the input spectrum's atoms must be not negative and not all zero; they run from {ends}.")
        if masses.min() <= 0:
            raise UserError(f"the atoms of the input spectrum must have positive masses; one has {masses.min():g}.")
        if abs(masses.sum() - 1) > _MASS_ERROR:
            raise UserError(f"the masses of the input spectrum's atoms must sum to 1; their sum is {masses.sum():g}.")
        super().__init__(locations, masses / masses.sum())
