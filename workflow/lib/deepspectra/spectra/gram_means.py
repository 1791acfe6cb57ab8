"""From a Gram matrix of inputs to the diagonals that its law takes (see :mod:`deepspectra.rmt.limits.gram`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import scipy.linalg

from deepspectra.nn.activations import Activation
from deepspectra.nn.dual_kernels import dual_kernel
from deepspectra.rmt.limits.coefficients import checked_rates
from deepspectra.runtime.errors import UserError

__all__ = ["GramMeans", "gram_means"]

# How far a Gram matrix may be from symmetric, and its smallest eigenvalue below zero, relative to the largest entry.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class GramMeans:
    """What the laws take from a Gram matrix; float64. Diagonals are those in the basis of Theta_L's eigenvectors.

    :ivar kernels: of K_0, ..., K_L, shape (L + 1, n). :ivar products: of P_l o K_l without its diagonal, l = 0, ..., L
        - 1, shape (L, n). :ivar norms: of the diagonal of P_l o K_l, likewise.
    :ivar slopes: mean diagonal and off-diagonal entry of Phi'(K_l), l = 0, ..., L - 1, shape (L, 2).
    :ivar sensitivities: the same of P_l. :ivar tangents: (1/n) sum of (Theta_l)_ij^2, i != j, l = 0, ..., L - 1.
    :ivar rates: tau_1, ..., tau_{L+1}. :ivar inner_products: root mean square of inner products, and norms' mean
        square, shape (2,).
    """

    kernels: np.ndarray
    products: np.ndarray
    norms: np.ndarray
    slopes: np.ndarray
    sensitivities: np.ndarray
    tangents: np.ndarray
    rates: np.ndarray
    inner_products: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """All by their names, for a file."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def shapes(cls, samples: int, layers: int) -> dict[str, tuple[int | str, ...]]:
        """Shapes of :meth:`arrays`."""
        sizes: dict[str, tuple[int | str, ...]] = {"kernels": (layers + 1, samples), "tangents": (layers,)}
        sizes |= dict.fromkeys(("products", "norms"), (layers, samples))
        sizes |= dict.fromkeys(("slopes", "sensitivities"), (layers, 2))
        return sizes | {"rates": (layers + 1,), "inner_products": (2,)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """From the arrays of a file."""
        return cls(**{each.name: arrays[each.name] for each in fields(cls)})


def gram_means(
    gram: np.ndarray, activation: Activation, layers: int, rates: Sequence[float] | None = None
) -> GramMeans:
    """All that the laws of a network's kernels take from the Gram matrix of its inputs.

    :param gram: G, real, shape (n, n); norms of samples, the roots of its diagonal, are about one.
    :param layers: L. :param rates: tau_1, ..., tau_{L+1} of fan2020, eq. 17; all one where None.
    :raises UserError: if G is no Gram matrix of two samples or more, a norm is zero or above 9, or rates do not fit.
    """
    gram, rates = _checked(gram), checked_rates(layers, rates)
    kernels, slopes, tangent, squares = [gram], [], rates[0] * gram, []
    for layer in range(layers):
        squares.append(_mean_entries(tangent**2)[1] * (len(gram) - 1))
        slopes.append(dual_kernel(activation.derivative, kernels[-1], activation.breakpoints)[0])
        kernels.append(dual_kernel(activation.function, kernels[-1], activation.breakpoints)[0])
        tangent = rates[layer + 1] * kernels[-1] + slopes[-1] * tangent
    _, basis = scipy.linalg.eigh(tangent, overwrite_a=True)
    del tangent
    entries = [_mean_entries(slope) for slope in slopes]
    rotated = [_diagonal(kernel, basis) for kernel in kernels]
    products, norms, sensitivities, product = [], [], [], np.ones_like(gram)
    for kernel in kernels[-2::-1]:
        product *= slopes.pop()
        sensitivities.append(_mean_entries(product))
        part = product * kernel
        norms.append(np.square(basis.T) @ np.diagonal(part))
        np.fill_diagonal(part, 0)
        products.append(_diagonal(part, basis))
    spread = np.array([np.sqrt(_mean_entries(gram**2)[1]), np.trace(gram) / len(gram)])
    return GramMeans(
        kernels=np.array(rotated),
        products=np.array(products[::-1]),
        norms=np.array(norms[::-1]),
        slopes=np.array(entries),
        sensitivities=np.array(sensitivities[::-1]),
        tangents=np.array(squares),
        rates=np.array(rates),
        inner_products=spread,
    )


def _checked(gram: np.ndarray) -> np.ndarray:
    gram = np.asarray(gram, dtype=np.float64)
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1] or len(gram) < 2:
        raise UserError(f"a Gram matrix has a row and a column for each of its samples, two or more; got {gram.shape}.")
    if not np.isfinite(gram).all():
        raise UserError("the Gram matrix is not finite.")
    largest = np.abs(gram).max()
    if np.abs(gram - gram.T).max() > _ROUNDING * largest:
        raise UserError("the Gram matrix is not symmetric.")
    gram = (gram + gram.T) / 2
    try:
        scipy.linalg.cholesky(gram + _ROUNDING * largest * np.eye(len(gram)), overwrite_a=True)
    except scipy.linalg.LinAlgError:
        raise UserError("the Gram matrix has negative eigenvalues, which no samples give.") from None
    return gram


def _mean_entries(matrix: np.ndarray) -> tuple[float, float]:
    """On the diagonal and off it."""
    n, trace = len(matrix), float(np.trace(matrix))
    return trace / n, (float(matrix.sum()) - trace) / (n * (n - 1))


def _diagonal(matrix: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Of V'MV."""
    return np.einsum("ij,ij->j", basis, matrix @ basis)
