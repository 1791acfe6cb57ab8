"""Hessians of random loss surfaces that are Gaussian processes (baskerville2022, section 6.2)."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from scipy.stats import norm

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["gaussian_process_hessian", "process_density"]


def gaussian_process_hessian(
    dimension: int, first: float, second: float, rng: Generator, degenerate: int = 0, outliers: Sequence[float] = ()
) -> np.ndarray:
    """One Hessian at a point of a Gaussian process with covariance k(-|x - y|^2 / 2), by eq. 14 of baskerville2022.

    Off the diagonal, entries are independent with variance k''(0). The diagonal has covariance 2 k''(0) delta_ij +
    k'(0)^2: a number that all its entries share shifts the spectrum as a whole, and the rest is a GOE matrix. The
    fourth derivative of that covariance has k''(0) in place of k'(0)^2. This function follows the paper's equation;
    ``first`` = sqrt(second) gives the process itself.

    :param dimension: number N of directions on which the kernel depends. :param first: k'(0). :param second: k''(0).
    :param degenerate: number of further directions on which it does not depend: rows and columns of zeros.
    :param outliers: what is added to the first diagonal entries.
    :returns: float64, symmetric, shape (dimension + degenerate, dimension + degenerate).
    :raises UserError: if the outliers are no sequence of at most ``dimension`` numbers.
    """
    added = np.asarray(outliers, dtype=np.float64)
    check_shapes(outliers=(added, "outliers"))
    if added.size > dimension:
        raise UserError(f"{added.size} outliers cannot be added on a diagonal of {dimension} entries.")
    drawn = rng.standard_normal((dimension, dimension))
    # Off the diagonal (a + b) / sqrt(2) has variance 1, on it 2 a / sqrt(2) has 2.
    hessian = (second / 2) ** 0.5 * (drawn + drawn.T)
    diagonal = np.full(dimension, first * rng.standard_normal())
    diagonal[: added.size] += added
    hessian[np.diag_indices(dimension)] += diagonal
    return np.pad(hessian, (0, degenerate))


def process_density(points: np.ndarray, dimension: int, first: float, second: float) -> np.ndarray:
    """Density of the eigenvalues of many large Hessians of that kind: a semicircle blurred by the common shift.

    The semicircle has radius 2 sqrt(N k''(0)), the shift deviation k'(0). Points and result have shape (n,).

    :raises UserError: if the points have another shape.
    """
    check_shapes(points=(points, "points"))
    radius = 2 * (dimension * second) ** 0.5
    # The semicircle is the weight of Chebyshev's nodes of the second kind; these are less than k'(0) / 3 apart.
    count = int(200 + 10 * radius / first)
    angles = np.arange(1, count + 1) * np.pi / (count + 1)
    weights = 2 / (count + 1) * np.sin(angles) ** 2
    return norm.pdf(points[:, None], radius * np.cos(angles), first) @ weights
