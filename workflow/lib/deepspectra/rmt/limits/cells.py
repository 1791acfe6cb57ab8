"""Resolvent sums over many eigenvalues, where far ones count as the few nodes of a quadrature.

Neighbouring eigenvalues form cells. Seen from w at more than twice a cell's radius, the sum of 1/(x - w), say,
over its members equals that over the nodes of the Gauss quadrature of their own measure, up to (2 + sqrt(3))^(-20) =
4e-12 with ten nodes. Members of nearer cells are summed one by one.
"""

import numpy as np

__all__ = ["Cells", "gauss_quadrature", "resolvent_sums"]

# Points times eigenvalues held at once: temporary arrays of 32,768 float64 numbers stay in the cache.
_BLOCK, _POINTS = 32_768, 128
_MEMBERS, _NODES, _FAR = 192, 10, 2.0


def resolvent_sums(x: np.ndarray, w: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Sums over x of 1/|x - w|^2, (x - u)/|x - w|^2, 1/|x - w|^4 and (x - u)/|x - w|^4 with u = Re w.

    In real arithmetic, block by block: several times faster than complex division.

    :param x: float64, shape (count,). :param w: complex128, shape (points,). :param weights: of x, shape (count,), or
        for each point its own, shape (points, count); None: all one. :returns: float64, shape (4, points).
    """
    rows = max(1, _BLOCK // x.size)
    difference, inverse, sums = np.empty((rows, x.size)), np.empty((rows, x.size)), np.empty((4, w.size))
    for start in range(0, w.size, rows):
        part = slice(start, min(start + rows, w.size))
        d, r = difference[: part.stop - start], inverse[: part.stop - start]
        factors = weights if weights is None or weights.ndim == 1 else weights[part]
        np.subtract(x, w.real[part, None], out=d)
        np.multiply(d, d, out=r)
        r += w.imag[part, None] ** 2
        np.reciprocal(r, out=r)
        sums[0, part] = _sum_of_products(r, None, factors)
        sums[1, part] = _sum_of_products(d, r, factors)
        sums[2, part] = _sum_of_products(r, r, factors)
        d *= r
        sums[3, part] = _sum_of_products(d, r, factors)
    return sums


def _sum_of_products(x: np.ndarray, y: np.ndarray | None, weights: np.ndarray | None) -> np.ndarray:
    if weights is None:
        return x.sum(axis=1) if y is None else np.einsum("ij,ij->i", x, y)
    product = x if y is None else x * y
    return product @ weights if weights.ndim == 1 else np.einsum("ij,ij->i", product, weights)


class Cells:
    """Ascending eigenvalues, float64 of shape (count,), divided into cells of about 192."""

    def __init__(self, eigenvalues: np.ndarray):
        self._members = np.array_split(eigenvalues, max(1, eigenvalues.size // _MEMBERS))
        nodes, weights = zip(*(gauss_quadrature(part, _NODES) for part in self._members), strict=True)
        self._nodes, self._weights = np.concatenate(nodes), np.concatenate(weights)
        self._owner = np.repeat(np.arange(len(nodes)), [part.size for part in nodes])
        ends = np.array([part[[0, -1]] for part in self._members])
        self._centres, self._radii = ends.mean(axis=1), (ends[:, 1] - ends[:, 0]) / 2

    def sums(self, w: np.ndarray) -> np.ndarray:
        """:func:`resolvent_sums` over all eigenvalues, at w, complex128 of shape (points,)."""
        far = np.abs(w[:, None] - self._centres) > _FAR * self._radii
        total = np.empty((4, w.size))
        for start in range(0, w.size, _POINTS):
            part = slice(start, start + _POINTS)
            weights = np.where(far[part, self._owner], self._weights, 0.0)
            total[:, part] = resolvent_sums(self._nodes, w[part], weights)
        for cell in np.flatnonzero(~far.all(axis=0)):
            near = ~far[:, cell]
            total[:, near] += resolvent_sums(self._members[cell], w[near])
        return total


def gauss_quadrature(points: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights that sum polynomials of degree below 2 nodes over the points; fewer nodes if points coincide.

    By Lanczos' method (Golub and Welsch, 1969).

    :param points: float64, ascending, shape (count,), more than ``nodes``. :returns: float64; the weights sum to count.
    """
    # Imported here: every start of Snakemake imports this module.
    from scipy.linalg import eigh_tridiagonal

    centre, radius = (points[0] + points[-1]) / 2, (points[-1] - points[0]) / 2
    x = (points - centre) / (radius or 1.0)
    basis = [np.full(x.size, x.size**-0.5)]
    diagonal, beside = [float(x @ basis[0] ** 2)], list[float]()
    while len(basis) < nodes:
        following = x * basis[-1]
        for _ in range(2):  # Orthogonalised twice, it stays so.
            following -= np.array(basis).T @ (np.array(basis) @ following)
        norm = float(np.linalg.norm(following))
        if norm < 1e-13:
            break
        basis.append(following / norm)
        beside.append(norm)
        diagonal.append(float(x @ basis[-1] ** 2))
    values, vectors = eigh_tridiagonal(diagonal, beside)
    return centre + radius * values, x.size * vectors[0] ** 2
