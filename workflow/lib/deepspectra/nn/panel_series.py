"""A function known only by its values, as a Chebyshev series on each panel of the line, and its derivative.

Where the function is smooth, its series on a panel converges geometrically, and so does the derivative: there is no
step size to choose, and about twelve digits are right. Where it is not smooth, the tail of the series shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.polynomial import chebyshev

__all__ = ["PanelSeries"]

# A function that Gauss-Legendre rules of order 16 integrate to 1e-10 has its singularities outside the ellipse whose
# axes add up to twice a panel's half-width. Then 48 terms leave 2^-48, and a few thousand times that in the derivative.
_TERMS = 48


@dataclass(frozen=True)
class PanelSeries:
    """Chebyshev series on neighbouring panels.

    :ivar cuts: ends of the panels, ascending, float64, shape (panels + 1,).
    :ivar coefficients: float64, shape (terms, panels).
    """

    cuts: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def fit(cls, function: Callable[[np.ndarray], np.ndarray], cuts: np.ndarray) -> Self:
        """Interpolate a function of float64 arrays (points,) at the Chebyshev nodes of every panel."""
        angles = (np.arange(_TERMS) + 0.5) * np.pi / _TERMS
        half = np.diff(cuts)[:, None] / 2
        points = cuts[:-1, None] + half + half * np.cos(angles)
        values = function(points.ravel()).reshape(points.shape)
        # The cosines are orthogonal on these nodes: sums with them are the coefficients. NumPy's own interpolation
        # makes them by recurrence and loses a digit.
        cosines = np.cos(np.arange(_TERMS)[:, None] * angles) * (2 / _TERMS)
        cosines[0] /= 2
        return cls(cuts, cosines @ values.T)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values at x, float64 of any shape; beyond the panels the outermost polynomial continues."""
        panel = np.clip(np.searchsorted(self.cuts, x, side="right") - 1, 0, self.cuts.size - 2)
        lower, upper = self.cuts[panel], self.cuts[panel + 1]
        return chebyshev.chebval((2 * x - lower - upper) / (upper - lower), self.coefficients[:, panel], tensor=False)

    def derivative(self) -> Self:
        """The derivative, panel by panel."""
        return type(self)(self.cuts, chebyshev.chebder(self.coefficients) * (2 / np.diff(self.cuts)))

    @property
    def tails(self) -> np.ndarray:
        """Largest of the last four coefficients of each panel: rounding error where the function is smooth."""
        return np.abs(self.coefficients[-4:]).max(axis=0)

    @property
    def jumps(self) -> np.ndarray:
        """Limit from the right minus limit from the left at every inner cut, shape (panels - 1,)."""
        return chebyshev.chebval(-1, self.coefficients[:, 1:]) - chebyshev.chebval(1, self.coefficients[:, :-1])
