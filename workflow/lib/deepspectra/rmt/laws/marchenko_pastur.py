"""The Marchenko-Pastur law.

It is the limit spectrum of an n x n Gram matrix X'X, where X is d x n with independent entries of mean 0 and variance
scale/d, as n/d tends to the ratio gamma.
"""

import math
from dataclasses import dataclass

import numpy as np

from deepspectra.runtime.errors import UserError

__all__ = ["MarchenkoPastur", "marchenko_pastur_bulk_cdf"]


def marchenko_pastur_bulk_cdf(x: np.ndarray, ratio: float | np.ndarray) -> np.ndarray:
    """Distribution function, float64, of the law of unit scale with a ratio in (0, 1], which has no atom.

    With x = 1 + ratio - 2 sqrt(ratio) cos(theta) and theta in [0, pi], the integral of the density is elementary.
    """
    root = np.sqrt(ratio)
    theta = np.arccos(np.clip((1 + ratio - x) / (2 * root), -1, 1))
    # arctan2 keeps the last angle in [0, pi/2] up to theta = pi, also at ratio 1.
    half = np.arctan2((1 + root) * np.sin(theta / 2), (1 - root) * np.cos(theta / 2))
    angles = (1 + ratio) * theta - 2 * (1 - ratio) * half
    values = np.clip((2 * root * np.sin(theta) + angles) / (2 * np.pi * ratio), 0, 1)
    return np.where(x >= (1 + root) ** 2, 1.0, values)


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
        return self.atom * (x >= 0) + (1 - self.atom) * marchenko_pastur_bulk_cdf(x, ratio)

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
