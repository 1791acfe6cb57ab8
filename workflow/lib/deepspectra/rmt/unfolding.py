"""Unfolding: maps of a spectrum to levels whose mean density is one.

Each takes ascending levels, float64 of shape (n,), and returns unfolded levels, float64 of shape (n,), that do not
decrease and run from about 0 to about n. All but :func:`empirical` estimate the staircase from the levels that they
unfold: judge statistics against random matrices unfolded the same way, see :mod:`deepspectra.rmt.calibration`.
"""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from deepspectra.runtime.errors import UserError

__all__ = ["UNFOLDINGS", "ascending", "empirical", "gaussian_broadening", "polynomial", "staircase"]

# In widths: farther terms are 0 or 1 to within the sum's rounding. Terms held at once: a few MiB.
_REACH, _BLOCK = 9.0, 1 << 18


def ascending(levels: np.ndarray, least: int = -1) -> np.ndarray:
    """Levels as float64, checked: shape (n,), n > ``least``, finite and in ascending order.

    :raises UserError: if they are not.
    """
    levels = np.asarray(levels, dtype=np.float64)
    if levels.ndim != 1 or levels.size <= least:
        raise UserError(f"more than {least} levels are needed, in one dimension; their shape is {levels.shape}.")
    if not np.isfinite(levels).all() or (np.diff(levels) < 0).any():
        raise UserError("finite levels in ascending order are needed: sort them, and look for values not finite.")
    return levels


def gaussian_broadening(levels: np.ndarray, half_window: int = 7) -> np.ndarray:
    """Gaussian broadening: the summed distribution functions of Gaussians around all levels (thamm2024, eq. 4 and 5).

    xi_i = sum_k Phi((nu_i - nu_k) / sigma_k) with sigma_k = (nu_{k+a} - nu_{k-a}) / 2; indices beyond the spectrum are
    clipped to its ends. Where a width is zero, amid equal levels, the Gaussian is a step with 1/2 at the level itself.

    :param half_window: a.
    :raises UserError: if the levels are not finite and ascending, or are not more than 2 a.
    """
    levels = ascending(levels, 2 * _positive(half_window))
    count = levels.size
    index = np.arange(count)
    below, above = np.maximum(index - half_window, 0), np.minimum(index + half_window, count - 1)
    widths = (levels[above] - levels[below]) / 2
    first = np.searchsorted(levels, levels - _REACH * widths, side="left")
    last = np.searchsorted(levels, levels + _REACH * widths, side="right")

    # Gaussians wholly below a level count 1 each.
    unfolded = np.cumsum(np.bincount(last, minlength=count + 1)[:count]).astype(np.float64)
    terms = last - first
    ends = np.cumsum(terms)
    starts = ends - terms
    splits = np.unique(np.searchsorted(ends, np.arange(_BLOCK, ends[-1], _BLOCK)))
    for block in np.split(index, splits[splits > 0]):
        centre = np.repeat(block, terms[block])
        level = first[centre] + np.arange(starts[block[0]], ends[block[-1]]) - starts[centre]
        distance, width = levels[level] - levels[centre], widths[centre]
        scaled = np.divide(distance, width, out=np.zeros_like(distance), where=width > 0)
        unfolded += np.bincount(level, weights=ndtr(scaled), minlength=count)
    # Rounding may swap levels that differ by rounding.
    return np.maximum.accumulate(unfolded)


def staircase(levels: np.ndarray, half_window: int = 7) -> np.ndarray:
    """The empirical staircase itself, exact at every (2 a + 1)-th level and interpolated in between.

    The k-th level (from 1) has height k - 1/2; equal levels share the middle of their common step. A monotone cubic
    (Fritsch and Carlson 1980) runs between the knots. The number variance says nothing beyond 2 a + 1 levels.

    :param half_window: a.
    :raises UserError: if the levels are not finite and ascending, or are not more than 2 a.
    """
    levels = ascending(levels, 2 * _positive(half_window))
    heights = _staircase(levels)
    chosen = np.union1d(np.arange(0, levels.size, 2 * half_window + 1), levels.size - 1)
    # Equal levels have equal heights; the interpolation needs distinct ones.
    knots, where = np.unique(levels[chosen], return_index=True)
    if knots.size == 1:
        return heights
    # Rounding of the cubic may pass a knot by an ulp.
    return np.maximum.accumulate(PchipInterpolator(knots, heights[chosen][where])(levels))


def polynomial(levels: np.ndarray, degree: int = 9) -> np.ndarray:
    """A polynomial fitted to the empirical staircase by least squares.

    Where the fit decreases, the unfolded levels stay at the highest value so far: such spacings are exactly zero.

    :raises UserError: if the levels are not finite and ascending, or have too few distinct values for the degree.
    """
    levels = ascending(levels)
    distinct = np.unique(levels).size
    if distinct <= _positive(degree):
        raise UserError(f"a polynomial of degree {degree} needs more than {degree} distinct levels, not {distinct}.")
    # full=True: no warning where distant outliers leave a combination undetermined to rounding.
    fit, _ = np.polynomial.Chebyshev.fit(levels, _staircase(levels), degree, full=True)
    return np.maximum.accumulate(fit(levels))


def empirical(levels: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """The empirical distribution function of other spectra of the same kind (baskerville2022, eq. 10), times n.

    Levels between the same two of the pool coincide: a pool of N levels resolves spacings down to n / N.

    :param pool: levels of the other spectra, in any order, shape (N,).
    :raises UserError: if the pool is empty, or a level is not finite.
    """
    pool, levels = ascending(np.sort(pool), 0), ascending(levels)
    return np.searchsorted(pool, levels, side="left") * (levels.size / pool.size)


#: Functions of the levels and one integer, the half-window or the degree.
UNFOLDINGS: dict[str, Callable[[np.ndarray, int], np.ndarray]]
UNFOLDINGS = {"gaussian": gaussian_broadening, "staircase": staircase, "polynomial": polynomial}


def _positive(parameter: int) -> int:
    if parameter < 1:
        raise UserError(f"unfolding needs a half-window or degree of at least 1, not {parameter}.")
    return parameter


def _staircase(levels: np.ndarray) -> np.ndarray:
    """Middle of the empirical staircase's step at each level: k - 1/2 for the k-th if all differ."""
    return (np.searchsorted(levels, levels, side="left") + np.searchsorted(levels, levels, side="right")) / 2
