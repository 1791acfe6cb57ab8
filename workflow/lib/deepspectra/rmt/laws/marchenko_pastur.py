"""The Marchenko-Pastur law.

It is the limit spectrum of an n x n Gram matrix X'X, where X is d x n with independent entries of mean 0 and variance
scale/d, as n/d tends to the ratio gamma.
"""

import math
from dataclasses import dataclass

import numpy as np

from deepspectra.runtime.errors import UserError

__all__ = ["MarchenkoPastur", "marchenko_pastur_bulk_cdf"]


# Points are taken so many at once, as caches hold.
_BLOCK = 4096
# Nodes and weights of Gauss and Legendre on [0, 1], for points near the lower edge.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
# Below this share of the distance to the density's pole, the closed form loses more than three digits to cancellation.
_NEAR = 0.1


def marchenko_pastur_bulk_cdf(x: np.ndarray, ratio: float | np.ndarray) -> np.ndarray:
    """Distribution function, float64, of the law of unit scale with a ratio in (0, 1], which has no atom.

    With s = sqrt(ratio), x = 1 + s^2 - 2 s cos(theta) and theta in [0, pi], it is the integral of
    2/pi sin(theta)^2/x, (s sin(theta) + s^2 theta - (1 - s^2) fall)/(pi s^2) with fall the argument of
    1 - s exp(-i theta). Close to the lower edge the terms cancel, and the integral goes by quadrature.
    """
    s = np.sqrt(ratio)
    # Not 1 - s, which loses digits near ratio 1.
    gap = (1 - ratio) / (1 + s)
    above, below = np.maximum(x - gap**2, 0), np.maximum((1 + s) ** 2 - x, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # Tangents of theta/2 and of fall.
        tangent = np.sqrt(above / below)
        square = tangent**2
        fall = np.arctan(2 * s * tangent / (gap + (1 + s) * square))
        values = 2 * s * tangent / (1 + square) + 2 * ratio * np.arctan(tangent) - (1 - ratio) * fall
        values /= np.pi * ratio
    values = np.where(above <= 0, 0.0, np.where(below <= 0, 1.0, values))
    if (near := (above > 0) & ((1 + s) * tangent < _NEAR * gap)).any():
        far, steps = (np.broadcast_to(part, near.shape)[near, None] for part in (s, 2 * np.arctan(tangent)))
        theta = steps * _NODES
        pole = (1 - far**2) / (1 + far)
        terms = steps * np.sin(theta) ** 2 / (pole**2 + 4 * far * np.sin(theta / 2) ** 2)
        values[near] = 2 / np.pi * (terms * _WEIGHTS).sum(axis=1)
    return np.minimum(values, 1)


@dataclass(frozen=True)
class MarchenkoPastur:
    """Marchenko-Pastur law of any ratio gamma = n/d > 0: a bulk, and for gamma > 1 an atom at zero.

    :raises UserError: unless ratio and scale are positive and finite.
    """

    ratio: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.ratio < math.inf and 0 < self.scale < math.inf):
            raise UserError(
                f"a Marchenko-Pastur law needs a positive ratio and scale, not {self.ratio} and {self.scale}."
            )

    @property
    def edges(self) -> tuple[float, float]:
        """Ends of the bulk."""
        root = math.sqrt(self.ratio)
        return self.scale * (1 - root) ** 2, self.scale * (1 + root) ** 2

    @property
    def atom(self) -> float:
        """Mass at zero, max(0, 1 - 1/gamma)."""
        return max(0.0, 1 - 1 / self.ratio)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """((0, mass),) or ()."""
        return ((0.0, self.atom),) if self.atom > 0 else ()

    def _unit_bulk(self, x: np.ndarray) -> tuple[np.ndarray, float, float]:
        """x in units of the scale, the ratio and the scale of the bulk.

        For gamma > 1 the non-zero eigenvalues are those of XX', which is d x d: ratio 1/gamma, scale gamma.
        """
        ratio, scale = (self.ratio, self.scale) if self.ratio <= 1 else (1 / self.ratio, self.scale * self.ratio)
        return np.asarray(x, dtype=np.float64) / scale, ratio, scale

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of the bulk at x (any shape), float64; integrates to 1 - atom. At gamma = 1 it has a pole at zero."""
        x, ratio, scale = self._unit_bulk(x)
        lower, upper = (1 - np.sqrt(ratio)) ** 2, (1 + np.sqrt(ratio)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.sqrt(np.maximum((x - lower) * (upper - x), 0)) / (2 * np.pi * ratio * x)
        values = np.where(x > 0, values, np.where((x == 0) & (lower == 0), np.inf, 0.0))
        return (1 - self.atom) * (values / scale)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function at x (any shape), float64, atom included."""
        x, ratio, _ = self._unit_bulk(x)
        flat = x.reshape(-1)
        values = np.empty(flat.shape)
        for start in range(0, flat.size, _BLOCK):
            values[start : start + _BLOCK] = marchenko_pastur_bulk_cdf(flat[start : start + _BLOCK], ratio)
        if self.atom > 0:
            values = self.atom * (flat >= 0) + (1 - self.atom) * values
        return values.reshape(x.shape)[()]

    def moment(self, order: int) -> float:
        """Moment of the whole law: a sum of Narayana numbers times powers of the ratio."""
        terms = (math.comb(order, r) * math.comb(order - 1, r) / (r + 1) * self.ratio**r for r in range(order))
        return float(self.scale**order * sum(terms)) if order else 1.0

    def stieltjes_and_derivative(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """m(z) = integral of 1/(x - z), and m'(z), complex128 (fan2020's sign, section 2.2).

        A root of gamma z m^2 - (1 - gamma - z) m + 1 = 0 (unit scale); for real z in the bulk, the limit from above.
        """
        z = np.asarray(z, dtype=np.complex128) / self.scale
        lower, upper = (1 - math.sqrt(self.ratio)) ** 2, (1 + math.sqrt(self.ratio)) ** 2
        # The product of the principal roots is analytic off the bulk and behaves as z far out.
        root = np.sqrt(z - lower) * np.sqrt(z - upper)
        linear = 1 - self.ratio - z
        plus, minus = linear + root, linear - root
        # plus * minus = 4 gamma z: take the form of m that does not cancel.
        with np.errstate(divide="ignore", invalid="ignore"):
            m = np.where(np.abs(plus) > np.abs(minus), plus / (2 * self.ratio * z), 2 / minus)
            derivative = -m * (1 + self.ratio * m) / root
        return m / self.scale, derivative / self.scale**2
