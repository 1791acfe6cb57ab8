r"""A law of a network's kernels that takes the inputs' Gram matrix as it is. It is semi-empirical and in no paper.

Theorems 3.4 and 3.7 of fan2020 put the limit zero in the place of inner products of inputs. Where these are small but
not that small, as for images, K_l = Phi(K_{l-1}), K_0 = G = X_0'X_0, are the means of the conjugate kernels over wide
networks, with the dual kernel Phi(K)_ij = E[sigma(u) sigma(v)] of Gaussian (u, v) with the covariance of K.

Conjugate kernel. Given X_{l-1}, the rows of sqrt(d_l) X_l are independent, their second moments Phi(X_{l-1}'X_{l-1}).
To first order around K_{l-1} that is B_l + beta_l X_{l-1}'X_{l-1} with B_l = Phi(K_{l-1}) - beta_l K_{l-1}, since the
derivative of Phi is the dual kernel Phi' of sigma'; beta_l is the mean of Phi'(K_{l-1}) off the diagonal, in the place
of its entries. A sample covariance matrix of d_l rows with such moments gives, as in :mod:`.layered`, whose case B_l =
(1 - b^2) Id, beta_l = b^2 is theorem 3.4,

    c_L = z_L,    c_l = z_l + beta_{l+1} u_{l+1},    R = (A - z - Sigma(R) + sum_l u_l B_l + beta_1 u_1 G)^{-1},
    m = Tr R / n,    kappa_0 = Tr G R / n,    phi_l = Tr B_l R / n + beta_l kappa_{l-1},
    u_l = c_l / (1 + gamma_l c_l phi_l),    kappa_l = phi_l / (1 + gamma_l c_l phi_l),

with A = Sigma = 0 and z_L = 1 the only weight.

Tangent kernel. S_l'S_l has the mean P_{l-1} = Phi'(K_{l-1}) o ... o Phi'(K_{L-1}) (o: entrywise). With the mean p_l of
P_l off the diagonal in the place of its entries where they multiply fluctuations of X_l'X_l, the kernel is A + sum_l
p_l X_l'X_l and noise, A = sum_l P_l o K_l - sum_{l >= 1} p_l K_l. Noise: (S_l'S_l)_ij is a mean over d_l neurons of y_i
y_j, with y_i = b sqrt(p) g + xi_i, where g is common to all samples and xi_i, given g, is independent between samples
and of variance f. Layers below inherit it, so that it meets, entry by entry, the tangent kernel Theta_{l-1} of the
layers below. The part g^2 is a factor common to all entries: the network's own scale. The part xi_i xi_j is free of
the rest: for every neuron and eigenvector, of eigenvalue theta, a jump of size x = theta f / d_l. The part g xi_i
multiplies a row and a column: a semicircle with the variances (tau_i + tau_j)^2. Together

    Sigma(R)_ii = v m + sum_k nu_k x_k^2 m / (1 + x_k m) + (1/n) sum_j (tau_i + tau_j)^2 R_jj,

v being a remainder. Where G is bounded, as fan2020 assumes, all of it is of order 1/n.

What is not derived: the means beta_l and p_l in the place of matrices, the freeness, and the step to vectors: all
matrices are replaced by their diagonals in the basis of eigenvectors of Theta_L, which they nearly share.

Solutions. For A, B_l, G diagonal and B_l, beta_l, z_l not negative the equations map u_l and -Tr tau^k R in the lower
half-plane there again, into a bounded set away from the axis if Im z > 0. So one root has these signs (Earle and
Hamilton 1970), which certify it. It is the stationary point of

    F(z) = Tr log R^{-1} / n + v m^2 / 2 + sum_k nu_k (log(1 + x_k m) - x_k m / (1 + x_k m))
           + (1/2n^2) sum_ij (tau_i + tau_j)^2 R_ii R_jj - sum_l (log y_l - y_l + 1) / gamma_l,    y_l = u_l / c_l,

with dF/dz = -m. So F = int log(x - z) dnu(x), and the law's distribution function is -Im F(x + i0) / pi: no quadrature,
no edges. The derivation at length, and what was measured, is in ``resources/ntk_law.md``.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from deepspectra.rmt.limits.law import LimitError
from deepspectra.rmt.limits.recursion import Recursion
from deepspectra.rmt.limits.solver import DenseSystem, DensityCurve, Sampler, Solution
from deepspectra.runtime.errors import UserError

__all__ = ["GramKernel", "GramLaw", "Noise"]

# Points times samples held at once.
_ENTRIES = 2**20
# Diagonal entries closer than this, relative to the largest, count as equal.
_DEGENERACY = 1e-10
# What a distribution function may fall by, or leave the unit interval: it is read off just above the axis.
_BRANCH = 1e-6


def _none() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Noise:
    """What is free of the rest; float64.

    :param variance: of a semicircle. :param rows: tau, the root of the variance of what multiplies rows and columns,
        shape (n,), or (0,) for none. :param sizes: of jumps of a centred free compound Poisson law, positive.
    :param counts: how many there are of each size for every sample, likewise.
    :raises UserError: if shapes do not match or a number is not finite or negative.
    """

    variance: float = 0.0
    rows: np.ndarray = field(default_factory=_none, repr=False)
    sizes: np.ndarray = field(default_factory=_none, repr=False)
    counts: np.ndarray = field(default_factory=_none, repr=False)

    def __post_init__(self) -> None:
        values = np.concatenate([[self.variance], self.rows, self.sizes, self.counts])
        if self.sizes.shape != self.counts.shape or not (np.isfinite(values) & (values >= 0)).all():
            raise UserError("noise needs as many sizes as counts of jumps, all its numbers finite and not negative.")

    @property
    def total_variance(self) -> float:
        """Of the semicircle and the jumps."""
        return self.variance + float(self.counts @ self.sizes**2)

    def at(self, m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """S(m) = v m + sum_k nu_k x_k^2 m / (1 + x_k m), S', and a primitive of m S'; complex, shape of m."""
        share = 1 + m[:, None] * self.sizes
        jumps = self.counts * self.sizes**2
        primitive = (np.log(share) + 1 / share - 1) @ self.counts
        value, slope = self.variance + (1 / share) @ jumps, self.variance + (1 / share**2) @ jumps
        return m * value, slope, self.variance / 2 * m**2 + primitive

    @property
    def reach(self) -> tuple[float, float]:
        """How far it moves eigenvalues at most, down and up."""
        rows = self.rows if self.rows.size else np.zeros(1)
        spread = 2 * float(np.sqrt(np.max(rows**2 + 2 * rows * rows.mean() + np.mean(rows**2))))
        jumps = float(np.sum(self.sizes + 2 * self.sizes * np.sqrt(self.counts)))
        return spread + 2 * float(np.sqrt(self.total_variance)), spread + 2 * float(np.sqrt(self.variance)) + jumps


@dataclass(frozen=True, eq=False)
class GramKernel:
    """The kernel A + z_1 X_1'X_1 + ... + z_L X_L'X_L and noise, by diagonals in a common basis; float64.

    :param inputs: of G, shape (n,). :param excess: of B_1, ..., B_L, shape (L, n). :param slopes: beta_1, ..., beta_L.
    :param ratios: gamma_1, ..., gamma_L. :param rest: of A, shape (n,). :param weights: z_1, ..., z_L, z_L > 0.
    :raises UserError: if shapes do not match or a number is not finite or out of range.
    """

    inputs: np.ndarray = field(repr=False)
    excess: np.ndarray = field(repr=False)
    slopes: tuple[float, ...]
    ratios: tuple[float, ...]
    rest: np.ndarray = field(repr=False)
    weights: tuple[float, ...]
    noise: Noise

    def __post_init__(self) -> None:
        n, layers = self.inputs.size, len(self.ratios)
        shapes, rows = [self.inputs.shape, self.rest.shape, self.excess.shape], self.noise.rows.size
        lengths = [len(self.slopes), len(self.weights)]
        if not n or not layers or shapes != [(n,), (n,), (layers, n)] or lengths != [layers] * 2 or rows not in (0, n):
            raise UserError(f"the law of {layers} layers got diagonals of shapes {shapes}, and {lengths} numbers.")
        if not all(np.isfinite(part).all() for part in (self.inputs, self.rest, self.excess)):
            raise UserError("the law of a Gram matrix needs finite diagonals.")
        numbers = (*self.slopes, *self.weights)
        if not all(0 <= number < np.inf for number in numbers) or self.weights[-1] == 0:
            raise UserError(f"slopes and weights must not be negative, the last weight positive: {numbers}.")
        if not all(0 < ratio < np.inf for ratio in self.ratios):
            raise UserError(f"the ratios n/d_l must be positive, not {self.ratios}.")

    @property
    def layers(self) -> int:
        """L, the number of hidden layers."""
        return len(self.ratios)

    @property
    def unknowns(self) -> int:
        """y_1, ..., y_L and, in units of one over the law's mean, n^{-1} Tr tau^k R."""
        return self.layers + len(self._rows)

    @property
    def lower(self) -> float:
        """No mass lies below: the smallest of A, less the noise; the rest adds only."""
        return float(self.rest.min() - self.noise.reach[0])

    @property
    def upper(self) -> float:
        """No mass lies above: the sum of the layers' bounds, a factor (1 + sqrt(gamma_l))^2 each."""
        values = self._of_layers(self.inputs.max(), self.excess.max(axis=1), (1 + np.sqrt(self.ratios)) ** 2)
        return float(self.rest.max() + self.noise.reach[1] + self.weights @ values)

    @property
    def landmarks(self) -> np.ndarray:
        """None: where the eigenvalues of a part stand apart is not known in closed form."""
        return _none()

    @cached_property
    def mean(self) -> float:
        """Mean of the law in closed form."""
        return float(self.rest.mean() + self.weights @ self._means)

    @cached_property
    def _means(self) -> np.ndarray:
        """Of X_1'X_1, ..., X_L'X_L."""
        return self._of_layers(self.inputs.mean(), self.excess.mean(axis=1), np.ones(self.layers))

    def _of_layers(self, value: float, excess: np.ndarray, factors: np.ndarray) -> np.ndarray:
        values = []
        for own, slope, factor in zip(excess, self.slopes, factors, strict=True):
            value = factor * (own + slope * value)
            values.append(value)
        return np.array(values)

    @cached_property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the atoms, from ranks of matrices in general position; noise dissolves all."""
        if self.noise.total_variance > 0 or self.noise.rows.any():
            return ()
        scale = max(np.abs(part).max() for part in (self.rest, self.inputs, self.excess))
        reached, rank, ranks = self.inputs > _DEGENERACY * scale, float(np.mean(self.inputs > _DEGENERACY * scale)), []
        for own, slope, ratio in zip(self.excess, self.slopes, self.ratios, strict=True):
            added = own > _DEGENERACY * scale
            reached = added | (reached if slope > 0 else np.zeros_like(reached))
            rank = min(1 / ratio, float(reached.mean()), float(added.mean()) + (rank if slope > 0 else 0.0))
            ranks.append(rank)
        active = sum(rank for rank, weight in zip(ranks, self.weights, strict=True) if weight > 0)
        order = np.argsort(self.rest, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.rest[order]) > _DEGENERACY * scale) + 1)
        found = []
        for group in groups:
            mass = max(group.size / self.rest.size - active, float(np.sum(~reached[group])) / self.rest.size)
            if mass > 1e-12:
                found.append((float(self.rest[group].mean()), mass))
        return tuple(found)

    @cached_property
    def _recursion(self) -> Recursion:
        return Recursion(self.ratios, self.slopes, (0.0, *self.weights))

    @cached_property
    def _rows(self) -> np.ndarray:
        """Variances of what multiplies rows and columns, (tau_i + tau_j)^2 = sum_ab H_ab tau_i^a tau_j^b: H."""
        return (
            np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]) if self.noise.rows.any() else np.zeros((1, 1))
        )

    @cached_property
    def _directions(self) -> np.ndarray:
        """What A is changed by: the powers of tau, B_1, ..., B_L, G; shape (directions, n)."""
        powers = [np.ones(self.rest.size)] if len(self._rows) == 1 else [self.noise.rows**k for k in range(3)]
        return np.concatenate([powers, self.excess, self.inputs[None]])

    @cached_property
    def _products(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices of pairs of directions, and their products, shape (pairs, n)."""
        first, second = np.triu_indices(len(self._directions))
        return first, second, self._directions[first] * self._directions[second]

    def system(self, v: np.ndarray, z: np.ndarray) -> DenseSystem:
        """The equations at v, complex128 of shape (points, unknowns), and z, shape (points,)."""
        step = max(1, _ENTRIES // self.rest.size)
        starts = range(0, max(z.size, 1), step)
        parts = [self._system(v[start : start + step], z[start : start + step]) for start in starts]
        return DenseSystem(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _system(self, v: np.ndarray, z: np.ndarray) -> DenseSystem:
        """y_l (1 + gamma_l c_l phi_l) - 1 = 0, and the law's mean times (t_k - Tr tau^k R / n) = 0."""
        layers, noises, points = self.layers, len(self._rows), z.size
        c, dc = self._recursion.down(v)
        # Coefficients of the directions, and their derivatives.
        coefficient = np.empty((points, len(self._directions)), complex)
        slope = np.zeros((*coefficient.shape, self.unknowns), complex)
        coefficient[:, noises:-1] = c[:, 1:] * v[:, :layers]
        slope[:, noises:-1] = dc[:, 1:] * v[:, :layers, None]
        slope[:, np.arange(noises, noises + layers), np.arange(layers)] += c[:, 1:]
        coefficient[:, -1], slope[:, -1] = c[:, 0], dc[:, 0]
        value, derivative, _ = self.noise.at(v[:, layers] / self.mean)
        coefficient[:, :noises] = -v[:, layers:] @ (self._rows / self.mean)
        coefficient[:, 0] -= value
        slope[:, :noises, layers:] = -self._rows / self.mean
        slope[:, 0, layers] -= derivative / self.mean
        inverse = np.concatenate([coefficient[:, noises:-1], coefficient[:, :noises]], axis=1)
        coefficient[:, 0] -= z
        trace, dtrace = self._traces(coefficient, slope)

        own = trace[:, noises:-1].T, dtrace[:, noises:-1].swapaxes(0, 1)
        of_layers = self._recursion.up(v, (c, dc), own, (trace[:, -1], dtrace[:, -1]))
        of_noise = (
            v[:, layers:] - self.mean * trace[:, :noises],
            np.abs(v[:, layers:]) + self.mean * np.abs(trace[:, :noises]),
            np.eye(self.unknowns)[layers:] - self.mean * dtrace[:, :noises],
        )
        residual, size, jacobian = (np.concatenate(both, axis=1) for both in zip(of_layers, of_noise, strict=True))
        return DenseSystem(residual, size, jacobian, inverse, trace[:, 0])

    def _traces(self, coefficient: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """n^{-1} Tr D R for all directions D, and derivatives; in real arithmetic, which is faster."""
        n = self.rest.size
        real, imaginary = self._resolvent(coefficient)
        trace = (real @ self._directions.T + 1j * (imaginary @ self._directions.T)) / n
        first, second, products = self._products
        squares = (real**2 - imaginary**2) @ products.T + 2j * ((real * imaginary) @ products.T)
        pairs = np.empty((*coefficient.shape, coefficient.shape[1]), complex)
        pairs[:, first, second] = pairs[:, second, first] = squares / n
        return trace, -pairs @ slope

    def _resolvent(self, coefficient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Real and imaginary part of the diagonal of R, shape (points, n)."""
        real, imaginary = self.rest + coefficient.real @ self._directions, coefficient.imag @ self._directions
        norm = real**2 + imaginary**2
        return real / norm, -imaginary / norm

    def far_start(self, z: np.ndarray) -> np.ndarray:
        """The unknowns at large |z|, where m is about -1/z and every phi_l that times a mean."""
        rest = -self.mean / z[:, None] * self._directions[: len(self._rows)].mean(axis=1)
        return np.concatenate([self._recursion.far(z, self._means), rest], axis=1)

    def below(self, solution: Solution) -> np.ndarray:
        """Mass below the points of a solution just above the axis, from the stationary F; float64, shape (points,)."""
        y, traces = solution.factors[:, : self.layers], solution.factors[:, self.layers :] / self.mean
        u, w = solution.inverse[:, : self.layers], solution.inverse[:, self.layers :].copy()
        w[:, 0] -= solution.points
        coefficient = np.column_stack([w, u, self.slopes[0] * u[:, 0]])
        angles = np.empty(len(y))
        step = max(1, _ENTRIES // self.rest.size)
        for start in range(0, len(y), step):
            part = slice(start, start + step)
            real, imaginary = self._resolvent(coefficient[part])
            angles[part] = -np.arctan2(imaginary, real).mean(axis=1)
        layers = ((np.log(y) - y).imag / np.array(self.ratios)).sum(axis=1)
        rows = np.einsum("pa,ab,pb->p", traces, self._rows, traces) / 2
        noise = (rows + self.noise.at(traces[:, 0])[2]).imag
        return -(angles + noise - layers) / np.pi


class GramLaw:
    """The law of a :class:`GramKernel`: its density, and its distribution function without a quadrature."""

    def __init__(self, kernel: GramKernel) -> None:
        self.kernel = kernel
        self._sampler = Sampler(kernel)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the atoms."""
        return self.kernel.atoms

    def density(self, x: np.ndarray) -> DensityCurve:
        """Density, without atoms, at real points of shape (points,)."""
        self._sampler.begin(np.unique(x))
        return self._sampler(x)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function, continuous from the right, at x (any shape), float64.

        :raises LimitError: if no root was certified at some point, or the function falls or leaves the unit interval.
        """
        flat = np.ravel(x)
        points = np.unique(flat[flat > self.kernel.lower])
        self._sampler.begin(points)
        solution = self._sampler.near(points)
        if not solution.converged.all():
            missing = points[~solution.converged]
            raise LimitError(f"the law has no certified root at {missing.size} points; the first is {missing[0]:g}.")
        total = sum((share * (flat >= location) for location, share in self.kernel.atoms), np.zeros(flat.shape))
        if points.size:
            mass = self.kernel.below(solution)
            for location, share in self.kernel.atoms:
                # Just above the axis an atom is a Cauchy law.
                tail = 0.5 + np.arctan2(points - location, solution.points.imag) / np.pi
                mass += share * ((points >= location) - tail)
            # A root on another branch would show here.
            if mass.min() < -_BRANCH or mass.max() > 1 + _BRANCH or np.diff(mass).min(initial=0) < -_BRANCH:
                raise LimitError(f"the law's distribution function is none between {points[0]:g} and {points[-1]:g}.")
            mass = np.maximum.accumulate(np.clip(mass, 0, 1))
            above = flat > self.kernel.lower
            total[above] = mass[np.searchsorted(points, flat[above])]
        return total.reshape(np.shape(x))
