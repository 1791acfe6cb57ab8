"""Dual kernels: means of a function at pairs of Gaussian variables, for all pairs of a covariance matrix at once."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.interpolate import BarycentricInterpolator

from deepspectra.nn.quadrature import hermite_coefficients
from deepspectra.runtime.errors import UserError

__all__ = ["dual_kernel"]

# The series has as many terms as bring its remainder below the first number, but no more than the second.
_CUT_OFF, _MOST_TERMS = 1e-7, 200
# Coefficients are computed at so many norms and interpolated to those of the samples, which are below the second.
_NORMS, _LARGEST_NORM = 25, 9.0
# Entries of a kernel for which the series is summed at once: they stay in the cache.
_ENTRIES = 2**16

_Function = Callable[[np.ndarray], np.ndarray]


def dual_kernel(
    function: _Function, covariance: np.ndarray, breakpoints: Iterable[float] = ()
) -> tuple[np.ndarray, float]:
    """E[f(u_i) f(u_j)] for Gaussian u with this covariance, entry by entry, by Mehler's series in the correlation.

    :param function: f, on float64 arrays of shape (k,). :param covariance: shape (n, n), symmetric.
    :param breakpoints: where f or one of its derivatives jumps.
    :returns: float64, shape (n, n), exactly symmetric if the covariance is; and a bound on the remainder of the series
        off the diagonal (interpolation adds about 1e-9). The diagonal is a quadrature.
    :raises UserError: if the standard deviation of a variable is zero or above 9.
    """
    norms = np.sqrt(np.maximum(np.diagonal(covariance), 0)).astype(np.float64)
    coefficients, second_moments = _at_norms(function, norms, tuple(breakpoints))
    largest = max(np.abs(block).max() for _, block in _correlations(covariance, norms))
    # At a correlation, the remainder is at most that at one times its power.
    left = np.maximum(second_moments[:, None] - np.cumsum(coefficients**2, axis=1), 0).max(axis=0)
    left *= largest ** np.arange(1, left.size + 1)
    terms = 1 + int(np.argmax(left <= _CUT_OFF)) if left[-1] <= _CUT_OFF else left.size
    columns = coefficients[:, :terms].T.copy()
    means = np.empty(covariance.shape)
    for rows, correlations in _correlations(covariance, norms):
        block = np.zeros_like(correlations)
        for column in columns[::-1]:
            block *= correlations
            block += column[rows, None] * column
        means[rows] = block
    np.fill_diagonal(means, second_moments)
    return means, float(left[terms - 1])


def _at_norms(function: _Function, norms: np.ndarray, breakpoints: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """c_k(s) of f at all norms s, shape (n, terms), and E[f(s xi)^2], shape (n,), smooth functions of s."""
    low, high = norms.min(), norms.max()
    if not 0 < low <= high < _LARGEST_NORM:
        raise UserError(f"dual kernels need norms around one; in one layer they are {low:.3g} to {high:.3g}.")
    angles = np.pi * (np.arange(_NORMS) + 0.5) / _NORMS
    # Norms that should be equal differ by rounding.
    nodes = (low + high) / 2 + max((high - low) / 2, 1e-3 * low) * np.cos(angles)
    table = hermite_coefficients(function, nodes, _MOST_TERMS, breakpoints)
    squares = hermite_coefficients(lambda x: function(x) ** 2, nodes, 0, breakpoints)
    # SciPy computes weights in a random order, so that the last bits would differ from process to process.
    weights = (-1.0) ** np.arange(_NORMS) * np.sin(angles)
    found = BarycentricInterpolator(nodes, np.hstack([table, squares]), wi=weights)(norms)
    return found[:, :-1], found[:, -1]


def _correlations(covariance: np.ndarray, norms: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of rows as correlations, with zeros on the diagonal."""
    step = max(1, _ENTRIES // len(norms))
    for start in range(0, len(norms), step):
        rows = slice(start, start + step)
        block = np.clip(covariance[rows] / (norms[rows, None] * norms), -1, 1)
        np.fill_diagonal(block[:, start:], 0)
        yield rows, block
