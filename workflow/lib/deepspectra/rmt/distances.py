"""Distances between samples and laws."""

from collections.abc import Callable, Sequence

import numpy as np

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["binned_distance", "expected_binned_distance", "ks_distance"]


def ks_distance(
    sample: np.ndarray,
    cdf: Callable[[np.ndarray], np.ndarray],
    atoms: Sequence[tuple[float, float]] = (),
    tolerance: float = 0.0,
) -> float:
    """Kolmogorov-Smirnov distance sup |F_sample - F| between a sample and a law, two-sided.

    :param cdf: F, continuous from the right, on arrays of shape (k,). :param atoms: (location, mass) of its jumps.
    :param tolerance: sample values this close to an atom lie on it: +-1e-16 for 0 would cost the whole atom.
    :raises UserError: if the sample is empty or not finite, or F returns another shape than it was given.
    """
    sample = _finite(sample)
    for location, _ in atoms:
        sample[np.abs(sample - location) <= tolerance] = location
    values, counts = np.unique(sample, return_counts=True)
    right = np.cumsum(counts) / sample.size
    left = right - counts / sample.size
    law_right = np.asarray(cdf(values))
    check_shapes(sample=(values, "values"), distribution_function=(law_right, "values"))
    jump = sum((mass * (values == location) for location, mass in atoms), np.zeros(values.shape))
    return float(max(np.abs(right - law_right).max(), np.abs(left - (law_right - jump)).max()))


def binned_distance(sample: np.ndarray, edges: np.ndarray, probabilities: np.ndarray) -> float:
    """L1 distance between a sample's shares in bins and their probabilities under a law (pennington2017, eq. 16).

    :param edges: shape (bins + 1,), ascending; everything below and everything above makes two further bins.
    :param probabilities: shape (bins + 2,), the two outer bins first and last; they sum to one.
    :returns: in [0, 2].
    :raises UserError: if the sample is empty or not finite, or the edges and probabilities do not go together.
    """
    sample = _finite(sample)
    check_shapes(edges=(edges, "edges"), probabilities=(probabilities, [len(edges) + 1]))
    if not (np.diff(edges) > 0).all():
        raise UserError("a distance in bins needs edges in ascending order.")
    counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
    return float(np.abs(counts / sample.size - probabilities).sum())


def expected_binned_distance(probabilities: np.ndarray, size: int) -> float:
    """Mean of :func:`binned_distance` over samples of ``size`` independent draws from the law itself.

    A binomial count has the mean absolute deviation 2 k (1 - p) P(count = k), k = floor(size p) + 1 (de Moivre 1730).
    """
    # Imported here: it takes a second, and jobs that decompose matrices need nothing else of it.
    from scipy.stats import binom

    p = np.asarray(probabilities, dtype=np.float64)
    p = p[(p > 0) & (p < 1)]
    k = np.floor(size * p) + 1
    return float((2 * k * (1 - p) * binom.pmf(k, size, p)).sum() / size)


def _finite(sample: np.ndarray) -> np.ndarray:
    """A copy of a sample, float64, shape (n,)."""
    sample = np.array(sample, dtype=np.float64).ravel()
    if sample.size == 0 or not np.isfinite(sample).all():
        raise UserError(f"a distance needs a sample of finite numbers; {sample.size} were given, not all finite.")
    return sample
