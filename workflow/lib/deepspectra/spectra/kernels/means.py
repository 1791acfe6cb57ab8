"""The tangent kernel with mean sensitivities, between a network's own and its approximation in lemma 3.5 of fan2020.

It differs from the lemma's matrix because inner products are not small, from the network's because widths are finite.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.interpolate import BarycentricInterpolator

from deepspectra.nn.activations import Activation
from deepspectra.nn.quadrature import hermite_coefficients
from deepspectra.rmt.limits.coefficients import checked_rates
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["mean_tangent"]

# The series has as many terms as bring its remainder below the first number, but no more than the second.
_CUT_OFF, _MOST_TERMS = 1e-7, 200
# Coefficients are computed at so many norms and interpolated to those of the samples, which are below the second.
_NORMS, _LARGEST_NORM = 25, 9.0
# Entries of a kernel for which the series is summed at once.
_ENTRIES = 2**16


@torch.no_grad()
def mean_tangent(
    grams: Sequence[torch.Tensor], activation: Activation, rates: Sequence[float] | None = None
) -> tuple[torch.Tensor, float]:
    """K_NTK with every S_l'S_l at its mean over the weights, given the kernels X_{l-1}'X_{l-1}, shape (n, n).

    In wide layers that mean is the entrywise product over j = l, ..., L of E[sigma'(u) sigma'(v)], where (u, v) is
    Gaussian with the covariance that X_{j-1}'X_{j-1} gives two samples. Lemma 3.5 has b_sigma^2 and a_sigma there.

    :param grams: X_l'X_l for l = 0, ..., L. :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :returns: the kernel, and a bound on the remainder of the series of one such mean (interpolation adds about 1e-9).
    :raises UserError: if the kernels differ in shape, there are not L + 1 positive rates, or a sample's norm in some
        layer is zero or above 9.
    """
    check_shapes(**{f"kernel {layer}": (matrix, "n n") for layer, matrix in enumerate(grams)})
    rates = checked_rates(len(grams) - 1, rates)
    kernel = rates[-1] * grams[-1]
    product, cut_off = torch.ones_like(kernel), 0.0
    for matrix, rate in zip(grams[-2::-1], rates[-2::-1], strict=True):
        cut_off = max(cut_off, _multiply_by_means(product, matrix, activation))
        kernel.addcmul_(product, matrix, value=rate)
    return kernel, cut_off


def _multiply_by_means(product: torch.Tensor, matrix: torch.Tensor, activation: Activation) -> float:
    """Multiply by E[sigma'(u) sigma'(v)], entry by entry and in place; a bound on the remainder of the series."""
    norms = matrix.diagonal().sqrt()
    coefficients, second_moments = _at_norms(activation, norms.double().cpu().numpy())
    largest = max(block.abs().max().item() for _, block in _correlations(matrix, norms))
    # At a correlation, the remainder is at most that at one times its power.
    left = np.maximum(second_moments[:, None] - np.cumsum(coefficients**2, axis=1), 0).max(axis=0)
    left *= largest ** np.arange(1, left.size + 1)
    terms = 1 + int(np.argmax(left <= _CUT_OFF)) if left[-1] <= _CUT_OFF else left.size
    columns = torch.from_numpy(coefficients[:, :terms].T.copy()).to(matrix)
    diagonal = torch.from_numpy(second_moments).to(matrix)
    for rows, correlations in _correlations(matrix, norms):
        means = torch.zeros_like(correlations)
        for column in columns.flip(0):
            means.mul_(correlations).addcmul_(column[rows, None], column)
        means.diagonal(rows.start).copy_(diagonal[rows])
        product[rows] *= means
    return float(left[terms - 1])


def _at_norms(activation: Activation, norms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """c_k(s) of sigma' at all norms s, shape (n, terms), and E[sigma'(s xi)^2], shape (n,), smooth functions of s."""
    low, high = norms.min(), norms.max()
    if not 0 < low <= high < _LARGEST_NORM:
        raise UserError(f"mean sensitivities need norms around one; in one layer they are {low:.3g} to {high:.3g}.")
    angles = np.pi * (np.arange(_NORMS) + 0.5) / _NORMS
    # Norms that should be equal differ by rounding.
    nodes = (low + high) / 2 + max((high - low) / 2, 1e-3 * low) * np.cos(angles)
    table = hermite_coefficients(activation.derivative, nodes, _MOST_TERMS, activation.breakpoints)
    squares = hermite_coefficients(lambda x: activation.derivative(x) ** 2, nodes, 0, activation.breakpoints)
    # SciPy computes weights in a random order, so that the last bits would differ from process to process.
    weights = (-1.0) ** np.arange(_NORMS) * np.sin(angles)
    found = BarycentricInterpolator(nodes, np.hstack([table, squares]), wi=weights)(norms)
    return found[:, :-1], found[:, -1]


def _correlations(matrix: torch.Tensor, norms: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
    """Blocks of rows of a Gram matrix as correlations, with zeros on the diagonal."""
    step = max(1, _ENTRIES // matrix.shape[1])
    for start in range(0, matrix.shape[0], step):
        rows = slice(start, start + step)
        block = (matrix[rows] / norms[rows, None] / norms).clamp_(-1, 1)
        block.diagonal(start).zero_()
        yield rows, block
