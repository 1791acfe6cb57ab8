"""How far a kernel's spectrum is from its limit: by its distribution, in the published histogram, up to a factor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepspectra.rmt.distances import binned_distance, ks_distance
from deepspectra.rmt.limits.law import LimitLaw

__all__ = ["PUBLISHED_BINS", "Cdf", "KernelSpectrum", "common_factor", "interpolated_cdf", "published_edges"]
__all__ += ["WITHOUT_LARGEST", "total_variation"]

#: Bins of the published histograms (open), of equal width over the eigenvalues; and the share of these that is shown
#: where the largest would leave the others a single bar.
PUBLISHED_BINS, WITHOUT_LARGEST = 100, 0.99
# Common factors that are tried: in steps of 2 % up to this and its inverse, then in steps of 0.02 % around the best.
_LARGEST_FACTOR, _COARSE, _FINE = 4.0, 141, 201
# Points of an interpolated distribution function, which all bulks share alike: the narrow ones have much of the mass.
_CDF_POINTS, _FEWEST_POINTS = 4000, 100

Cdf = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class KernelSpectrum:
    """Eigenvalues of one matrix, float64 (n,), ascending, and the size below which they are rounding."""

    eigenvalues: np.ndarray
    floor: float

    @property
    def cleared(self) -> np.ndarray:
        """Eigenvalues with rounding set to zero."""
        return np.where(np.abs(self.eigenvalues) <= self.floor, 0.0, self.eigenvalues)

    def distance(self, law: LimitLaw) -> float:
        """KS distance to a law."""
        return ks_distance(self.eigenvalues, law.cdf, law.atoms, self.floor)


def published_edges(eigenvalues: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Edges of the bins of the published histogram, shape (:data:`PUBLISHED_BINS` + 1,).

    :param eigenvalues: float64 (n,), ascending. :param share: of the eigenvalues that it shows, the smallest.
    """
    return np.linspace(eigenvalues[0], np.quantile(eigenvalues, share), PUBLISHED_BINS + 1)


def total_variation(spectrum: KernelSpectrum, law: LimitLaw, share: float = 1.0) -> float:
    """Half the L1 distance between the shares of eigenvalues and of the law in the bins of the published histogram.

    All below them is one bin more, and all above. A figure with a linear axis shows no more than this. A few large
    eigenvalues leave the others two or three bins of the full range: then it shows nothing.

    :param share: of the eigenvalues that the histogram shows, the smallest.
    """
    values = spectrum.eigenvalues.copy()
    for location, _ in law.atoms:
        values[np.abs(values - location) <= spectrum.floor] = location
    edges = published_edges(np.sort(values), share)
    # The last bin has its upper edge, and no bin that of the next one.
    edges[-1] = np.nextafter(edges[-1], np.inf)
    jumps = sum((mass * (edges == location) for location, mass in law.atoms), np.zeros(edges.shape))
    below = law.cdf(edges) - jumps
    return binned_distance(values, edges, np.concatenate([below[:1], np.diff(below), [1 - below[-1]]])) / 2


def common_factor(spectrum: KernelSpectrum, law: LimitLaw, cdf: Cdf) -> tuple[float, float]:
    """The factor, within 0.02 %, that brings all eigenvalues of a matrix closest to a law; and the KS distance left.

    All samples share the weights: part of a network's distance is one displacement of all eigenvalues. No factor is
    above 4 or below 1/4.

    :param cdf: the law's distribution function, see :func:`interpolated_cdf`.
    """

    def distance(factor: float) -> float:
        return ks_distance(factor * spectrum.eigenvalues, cdf, law.atoms, factor * spectrum.floor)

    coarse = np.geomspace(1 / _LARGEST_FACTOR, _LARGEST_FACTOR, _COARSE)
    best = coarse[np.argmin([distance(factor) for factor in coarse])]
    step = coarse[1] / coarse[0]
    fine = np.clip(best * np.geomspace(1 / step, step, _FINE), coarse[0], coarse[-1])
    found = [distance(factor) for factor in fine]
    return float(fine[np.argmin(found)]), min(found)


def interpolated_cdf(law: LimitLaw) -> Cdf:
    """A law's distribution function, its continuous part interpolated linearly: within 1e-4, and fast."""
    points = max(_FEWEST_POINTS, _CDF_POINTS // len(law.bulks))
    grid = np.concatenate([LimitLaw((bulk,)).grid(points) for bulk in law.bulks])

    def jumps(x: np.ndarray) -> np.ndarray:
        return sum((mass * (x >= location) for location, mass in law.atoms), np.zeros(x.shape))

    continuous = law.cdf(grid) - jumps(grid)
    return lambda x: np.interp(x, grid, continuous) + jumps(x)
