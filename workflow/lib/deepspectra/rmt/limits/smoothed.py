"""Many eigenvalues as a continuous input spectrum: each becomes a semicircle around it."""

import math

import numpy as np

from deepspectra.rmt.limits.inputs import EmpiricalInput, InputSpectrum
from deepspectra.runtime.errors import UserError

__all__ = ["SmoothedInput"]

# Centres of semicircles in one radius.
_CENTRES = 8
# Points times centres held at once.
_BLOCK = 2**16


class SmoothedInput(InputSpectrum):
    """Eigenvalues x, each spread over a semicircle from x (1 - s) to x (1 + s).

    A law of single eigenvalues has a bulk of its own around each that stands apart, which says something about this
    sample only. Where semicircles overlap, there is one bulk. Eigenvalues that occur more than once, zeros above all,
    stay atoms. The mean is kept; the variance grows by s^2/4 times the mean square.
    """

    def __init__(self, eigenvalues: np.ndarray, width: float):
        """From an array of shape (n,), any order, as :class:`EmpiricalInput` takes it, and s = ``width``.

        :raises UserError: unless 0 < s < 1 and some eigenvalue occurs only once.
        """
        if not 0 < width < 1:
            raise UserError(f"smoothing is a share of each eigenvalue, between 0 and 1, not {width}.")
        given = EmpiricalInput(eigenvalues)
        self._width, self._atoms, self.count = width, given.atoms, given.count
        single = given.eigenvalues[[part[0] for part in given.groups if part.size == 1]]
        if not single.size or single[-1] <= 0:
            raise UserError("smoothing needs positive eigenvalues that occur only once; there are none.")
        # A single zero is no atom yet: it goes to the smallest positive eigenvalue.
        single = np.maximum(single, single[single > 0][0])
        steps = 1 + int(math.log(single[-1] / single[0]) * _CENTRES / width)
        self._centres = np.geomspace(single[0], single[-1], steps + 1) if single[-1] > single[0] else single[:1]
        # Each eigenvalue is shared between its two neighbours on the grid so that the mean stays.
        self._weights = np.zeros(self._centres.size)
        left = np.clip(np.searchsorted(self._centres, single, side="right") - 1, 0, max(self._centres.size - 2, 0))
        right = np.minimum(left + 1, self._centres.size - 1)
        gap = self._centres[right] - self._centres[left]
        share = np.divide(single - self._centres[left], gap, out=np.zeros(single.size), where=gap > 0)
        np.add.at(self._weights, left, (1 - share) / given.eigenvalues.size)
        np.add.at(self._weights, right, share / given.eigenvalues.size)

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest interval that contains the spectrum."""
        low, high = self._centres[0] * (1 - self._width), self._centres[-1] * (1 + self._width)
        locations = [location for location, _ in self._atoms]
        return float(min([low, *locations])), float(max([high, *locations]))

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """The eigenvalues that occur more than once."""
        return self._atoms

    def moment(self, order: int) -> float:
        """Average of x^order: a semicircle has the Catalan numbers for even moments."""
        catalan = [math.comb(2 * k, k) / (k + 1) for k in range(order // 2 + 1)]
        factor = sum(math.comb(order, 2 * k) * (self._width / 2) ** (2 * k) * each for k, each in enumerate(catalan))
        return float(factor * self._weights @ self._centres**order + sum(mass * at**order for at, mass in self._atoms))

    def _far(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        m, dm = np.empty_like(w), np.empty_like(w)
        radii, rows = self._width * self._centres, max(1, _BLOCK // self._centres.size)
        for start in range(0, w.size, rows):
            part = slice(start, start + rows)
            u = w[part, None] - self._centres
            # The root that is like u far away.
            root = np.sqrt(u - radii) * np.sqrt(u + radii)
            m[part] = (-2 / (u + root)) @ self._weights
            dm[part] = (2 / (root * (u + root))) @ self._weights
        for location, mass in self._atoms:
            m += mass / (location - w)
            dm += mass / (location - w) ** 2
        return m, dm, 1 + w * m, m + w * dm
