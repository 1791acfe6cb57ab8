"""Statistics that compare samples with laws."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from deepspectra.runtime.errors import UserError


def ks_distance(
    sample: np.ndarray,
    cdf: Callable[[np.ndarray], np.ndarray],
    atoms: Iterable[tuple[float, float]] = (),
    tolerance: float = 0.0,
) -> float:
    """Kolmogorov-Smirnov distance sup |F_sample - F| between a sample and a law, two-sided.

    Between two neighbouring sample values F_sample is constant and F grows, so that the supremum is met at a sample
    value: from the right, F(x) against the share of values <= x, or from the left, F(x-) against the share < x. The
    two limits of F differ where the law has an atom.

    :param sample: shape (n,), in any order.
    :param cdf: F, continuous from the right, on float64 arrays of shape (k,).
    :param atoms: (location, mass) of every jump of F.
    :param tolerance: sample values this close to an atom (absolute) are taken to lie on it: an eigenvalue that is
        exactly zero comes out of the eigensolver as +-1e-16, and on the wrong side it would cost the whole atom.
    :raises UserError: if the sample is empty or not finite.
    """
    sample = np.array(sample, dtype=np.float64).ravel()
    if sample.size == 0 or not np.isfinite(sample).all():
        raise UserError(f"a distance needs a sample of finite numbers; {sample.size} were given, not all finite.")
    atoms = tuple(atoms)
    for location, _ in atoms:
        sample[np.abs(sample - location) <= tolerance] = location
    values, counts = np.unique(sample, return_counts=True)
    right = np.cumsum(counts) / sample.size
    left = right - counts / sample.size
    law_right = np.asarray(cdf(values), dtype=np.float64)
    jump = sum((mass * (values == location) for location, mass in atoms), np.zeros(values.shape))
    return float(max(np.abs(right - law_right).max(), np.abs(left - (law_right - jump)).max()))


def binned_distance(sample: np.ndarray, edges: np.ndarray, probabilities: np.ndarray) -> float:
    """L1 distance between the shares of a sample in bins and a law's probabilities of them (pennington2017, eq. 16).

    :param sample: shape (n,).
    :param edges: shape (bins + 1,), ascending; what lies outside on either side makes two further bins.
    :param probabilities: shape (bins + 2,), the two outsides first and last; they sum to one.
    :returns: in [0, 2].
    """
    counts = np.bincount(np.searchsorted(edges, np.ravel(sample), side="right"), minlength=len(edges) + 1)
    return float(np.abs(counts / np.size(sample) - probabilities).sum())


def expected_binned_distance(probabilities: np.ndarray, size: int) -> float:
    """The mean of :func:`binned_distance` over samples of the law itself: ``size`` independent draws.

    Each bin's count is binomial, whose mean absolute deviation has a closed form (de Moivre 1730):
    2 k (1 - p) P(count = k) with k = floor(size p) + 1, divided by size for the share.
    """
    # Imported here: it takes a second, and jobs that decompose matrices need nothing else of it.
    from scipy.stats import binom

    p = np.asarray(probabilities, dtype=np.float64)
    p = p[(p > 0) & (p < 1)]
    k = np.floor(size * p) + 1
    return float((2 * k * (1 - p) * binom.pmf(k, size, p)).sum() / size)


def ridge_training_loss(eigenvalues: np.ndarray, gamma: float | np.ndarray) -> np.ndarray:
    """gamma^2 tr Q^2 / m with Q = (Y'Y/m + gamma)^(-1), the mean squared residual (eq. 20-21 as they stand).

    :param eigenvalues: of Y'Y/m, shape (m,).
    :param gamma: positive, shape (...).
    :returns: float64, shape (...).
    """
    gamma = np.asarray(gamma, dtype=float)[..., None]
    return np.mean((gamma / (eigenvalues + gamma)) ** 2, axis=-1)


def histogram(
    panel: str, values: np.ndarray, bins: int | np.ndarray, total: int, series: str = "histogram"
) -> list[tuple[str, str, float, float, float]]:
    """Rows (panel, series, left, right, density) of a histogram whose bars sum to the values in them / total.

    :param values: shape (n,), not empty.
    :param bins: how many over the range of the values, or their edges, beyond which values are in no bar.
    :param total: size of the whole sample, of which ``values`` may be a part (without its atom, say).
    """
    counts, edges = np.histogram(values, bins=bins)
    heights = counts / (total * np.diff(edges))
    return [(panel, series, *bar) for bar in zip(edges[:-1], edges[1:], heights, strict=True)]


def zoom(panel: str, values: np.ndarray, bins: int, total: int) -> list[tuple[str, str, float, float, float]]:
    """Rows of a second histogram, series "zoom", of the smaller values where most of them crowd at the left end.

    It holds the lower 70 % but for the lowest half per cent, or is empty if these spread over more than a third of the
    range.
    """
    low, high = np.quantile(values, [0.005, 0.7])
    bulk = values[(low <= values) & (values <= high)]
    if np.ptp(bulk) > np.ptp(values) / 3:
        return []
    return histogram(panel, bulk, bins, total, "zoom")
