r"""Limit laws of the conjugate kernel and the neural tangent kernel of a deep network (fan2020, theorems 3.4 to 3.8).

The kernel z_{-1} Id + z_0 X_0'X_0 + ... + z_L X_L'X_L of a network whose layer widths d_l grow with the number n of
samples, n/d_l -> gamma_l, has a limit spectrum nu. Its Stieltjes transform is defined by eq. 11 to 15: functions
t_l(z, w) and s_l(z), each defined through those of the layer below. Written out for all layers at once, the recursion
is a closed system for the values s_1, ..., s_L alone. With u_l = 1/s_l, b = b_sigma and

    c_L = z_L,    c_l = z_l + b^2 u_{l+1} (l < L),    a = z_{-1} - z + (1 - b^2) (u_1 + ... + u_L),
    m = int 1/(a + c_0 x) dmu_0(x),    kappa_0 = int x/(a + c_0 x) dmu_0(x),

and, for l = 1, ..., L,

    phi_l = (1 - b^2) m + b^2 kappa_{l-1},    u_l (1 + gamma_l c_l phi_l) = c_l,
    kappa_l = phi_l / (1 + gamma_l c_l phi_l),

m is the Stieltjes transform m_nu(z), and kappa_l the limit of n^{-1} Tr R X_l'X_l with R the resolvent. (phi_l is the
t_{l-1}(z_prev, (1 - b^2, 0, ..., 0, b^2)) of eq. 12.) The unknowns of the computation are v_l = u_l/c_l = 1/(1 +
gamma_l c_l phi_l): they stay of order one even if b, and with it c_l and u_l, is small or zero.

By proposition 3.6, applied from layer L downwards, exactly one root at Im z > 0 has every u_l in the lower half-plane.
These signs certify a root, however Newton's method found it: from large Im z downwards or from neighbouring points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import InputSpectrum
from deepspectra.rmt.limits.law import LimitLaw, build_law
from deepspectra.runtime.errors import UserError

__all__ = ["DensityCurve", "Equations", "LayeredKernel", "Sampler", "Solution", "System", "conjugate_kernel", "density"]
__all__ += ["density_over_support", "limit_law", "solve", "tangent_kernel"]

# Largest residual of an equation, relative to the size of its terms, that counts as solved.
_TOLERANCE, _NEWTON_STEPS = 1e-12, 14
# Densities are first read off at this height, relative to the distance from the law's lower bound; then on the axis.
_HEIGHT = 1e-8
# Less the tail of an atom, a density counts as zero if it is below this share of the tail.
_TAIL_SHARE = 1e-3
_COARSE_POINTS = 60
_EDGE_POINTS, _SMALLEST_B2, _FAR = 2000, 1e-12, 1e6
_LARGEST_DESCENT, _SMALLEST_DESCENT = 0.15, 0.97


class Equations(Protocol):
    """What the solver needs of a law: equations for some unknowns v whose root has every u in the lower half-plane."""

    @property
    def unknowns(self) -> int:
        """How many v there are."""

    @property
    def lower(self) -> float:
        """No mass lies below."""

    @property
    def upper(self) -> float:
        """No mass lies above."""

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the atoms."""

    @property
    def landmarks(self) -> np.ndarray:
        """Points at which to look for narrow bulks, float64, ascending, shape (k,)."""

    def system(self, v: np.ndarray, z: np.ndarray) -> "System":
        """The equations at v, complex128 of shape (points, unknowns), and z, shape (points,)."""

    def far_start(self, z: np.ndarray) -> np.ndarray:
        """v at large |z|, to first order in 1/z."""


@dataclass(frozen=True)
class LayeredKernel:
    """The kernel z_{-1} Id + z_0 X_0'X_0 + ... + z_L X_L'X_L, in the limit.

    :param spectrum: mu_0, the spectrum of X_0'X_0. :param ratios: gamma_1, ..., gamma_L, with gamma_l = n/d_l.
    :param b_sigma: E[sigma'(xi)]. :param shift: z_{-1}. :param coefficients: z_0, ..., z_L, none negative, z_L > 0.
    :raises UserError: if a number is out of range.
    """

    spectrum: InputSpectrum
    ratios: tuple[float, ...]
    b_sigma: float
    shift: float
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ratios or not all(0 < ratio < np.inf for ratio in self.ratios):
            raise UserError(f"the ratios n/d_l must be positive, not {self.ratios}.")
        if self.b_sigma**2 > 1 + 1e-12:
            raise UserError(f"b_sigma of a normalised activation is at most 1 in size, not {self.b_sigma}.")
        z = self.coefficients
        if len(z) != len(self.ratios) + 1 or min(z) < 0 or z[-1] <= 0:
            raise UserError(f"L layers need L + 1 coefficients, none negative and the last one positive, not {z}.")

    @property
    def layers(self) -> int:
        """L, the number of hidden layers."""
        return len(self.ratios)

    @property
    def unknowns(self) -> int:
        """One v for each layer."""
        return self.layers

    def system(self, v: np.ndarray, z: np.ndarray) -> "System":
        """The equations at v, complex128 of shape (points, L), and z, shape (points,)."""
        return _system(self, v, z)

    def far_start(self, z: np.ndarray) -> np.ndarray:
        """v at large |z|, to first order in 1/z; complex128, shape (points, L)."""
        return _far_start(self, z)

    @cached_property
    def upper(self) -> float:
        """No mass of the limit law lies above: the sum of the layers' upper edges, one weighted by each coefficient."""
        edges = (self.spectrum.bounds[1], *self._upper_edges())
        return float(self.shift + np.dot(self.coefficients, edges))

    def _upper_edges(self) -> list[float]:
        """Bounds of the spectra of X_1'X_1, ..., X_L'X_L from above, about 1 % above their upper edges.

        Beyond its spectrum, each layer's Stieltjes transform follows from that of the layer below in closed form. With
        m at z that of X_{l-1}'X_{l-1} and y = 1 - b^2 + b^2 z, that of X_l'X_l is q/z' at z' = y (1 - gamma_l - gamma_l
        q), q = y m/b^2. The edge is the smallest z' of all z beyond the edge below (Silverstein and Choi, 1995).
        """
        b2 = float(np.clip(self.b_sigma**2, _SMALLEST_B2, 1.0))
        top = self.spectrum.bounds[1]
        z = top + (top + 1 / b2) * np.geomspace(1e-9, 1e9, _EDGE_POINTS)
        product = z * self.spectrum.averages(-z + 0j, np.ones(z.size, dtype=np.complex128)).resolvent.real
        mean, edges = self.spectrum.moment(1), []
        for ratio in self.ratios:
            if z[-1] < _FAR / b2:
                # Farther out, z m is -1 - mean/z to rounding.
                beyond = np.geomspace(2 * z[-1], _FAR**2 / b2, _EDGE_POINTS)
                z, product = np.append(z, beyond), np.append(product, -1 - mean / beyond)
            mean = 1 - b2 + b2 * mean
            y = 1 - b2 + b2 * z
            # z m at the same points: for this layer that of 1 - b^2 + b^2 X'X at y.
            product = y * product / (b2 * z)
            z = y * (1 - ratio - ratio * product)
            first = int(z.argmin())
            edges.append(float(z[first]))
            z, product = z[first:], product[first:]
        return edges

    @property
    def lower(self) -> float:
        """No mass of the limit law lies below: the smallest eigenvalue of the first two terms; the others only add."""
        return self.shift + self.coefficients[0] * self.spectrum.bounds[0]

    @property
    def mean(self) -> float:
        """Mean of the limit law in closed form: that of X_l'X_l is 1 - b^2 + b^2 times that of the layer below."""
        return float(self._without_fluctuations(np.array([self.spectrum.moment(1)]))[0])

    def _without_fluctuations(self, value: np.ndarray) -> np.ndarray:
        """Where eigenvalues of X_0'X_0 would lie in the kernel's spectrum if all ratios were zero."""
        b2 = min(self.b_sigma**2, 1.0)
        total = self.shift + self.coefficients[0] * value
        for coefficient in self.coefficients[1:]:
            value = 1 - b2 + b2 * value
            total = total + coefficient * value
        return total

    @property
    def landmarks(self) -> np.ndarray:
        """Points at which to look for narrow bulks, float64, ascending: small ratios leave one around each atom."""
        return self._without_fluctuations(self.spectrum.landmarks)

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """(location, mass) of the atoms of the limit law, from ranks.

        What lies in the kernel of every further X_l keeps its eigenvalue. For b^2 < 1 these kernels are in general
        position: mass less the sum of the ranks 1/gamma_l. For b^2 = 1 the row space of X_l lies in that of X_{l-1}.
        """
        active = [k for k, coefficient in enumerate(self.coefficients) if coefficient > 0]
        own = self.spectrum.atoms if active[0] == 0 else ((0.0, 1.0),)
        if self.b_sigma**2 >= 1:
            if active[0] > 0:
                zero = sum(mass for location, mass in self.spectrum.atoms if location == 0)
                kernel = max([zero, *(1 - 1 / ratio for ratio in self.ratios[: active[0]])])
                return ((self.shift, kernel),) if kernel > 0 else ()
            rank = min([1.0, *(1 / self.ratios[k - 1] for k in range(1, min(active[1:]) + 1))]) if active[1:] else 0.0
            # At zero the eigenspace lies in the kernel of all further layers, whatever their ranks.
            left = [(location, mass if location == 0 else mass - rank) for location, mass in own]
        else:
            rank = sum(1 / self.ratios[k - 1] for k in active if k > 0)
            left = [(location, mass - rank) for location, mass in own]
        return tuple((self.shift + self.coefficients[0] * location, mass) for location, mass in left if mass > 1e-12)


def conjugate_kernel(
    spectrum: InputSpectrum, ratios: Sequence[float], b_sigma: float, layer: int | None = None
) -> LayeredKernel:
    """Limit of X_l'X_l (fan2020, theorem 3.4): of the last layer's, K_CK, unless ``layer`` (1 to L) names another."""
    layer = len(ratios) if layer is None else layer
    return LayeredKernel(spectrum, tuple(ratios[:layer]), b_sigma, 0.0, (0.0,) * layer + (1.0,))


def tangent_kernel(
    spectrum: InputSpectrum,
    ratios: Sequence[float],
    b_sigma: float,
    a_sigma: float,
    rates: Sequence[float] | None = None,
) -> LayeredKernel:
    """Limit of K_NTK (fan2020, theorem 3.7; with ``rates`` tau_1, ..., tau_{L+1}, theorem 3.8)."""
    shift, coefficients = tangent_coefficients(len(ratios), b_sigma, a_sigma, rates)
    return LayeredKernel(spectrum, tuple(ratios), b_sigma, shift, coefficients)


class Solution(NamedTuple):
    """The system solved at complex points z, complex128, shape (points,).

    :ivar stieltjes: m_nu(z), complex128, shape (points,); nan where not converged.
    :ivar factors: v_1, ..., v_L, complex128, shape (points, L). :ivar inverse: u_1, ..., u_L likewise; s_l = 1/u_l.
    :ivar residual: largest residual of the equations, relative to their terms.
    :ivar converged: residual below 1e-12 and all u_l in the lower half-plane.
    """

    points: np.ndarray
    stieltjes: np.ndarray
    factors: np.ndarray
    inverse: np.ndarray
    residual: np.ndarray
    converged: np.ndarray


class DensityCurve(NamedTuple):
    """The limit density at real points, shape (points,), nan where no root was certified; residual as in Solution."""

    points: np.ndarray
    density: np.ndarray
    residual: np.ndarray
    converged: np.ndarray


def density(kernel: Equations, x: np.ndarray) -> DensityCurve:
    """Density of the limit law (without its atoms) at real points, any order, shape (points,).

    A coarse subset is solved from far above the axis; its interpolated roots start Newton's method at all other points.
    Each root, certified at a small height, is carried on to the axis where possible, so that no Cauchy tail remains.
    """
    sampler = Sampler(kernel)
    if x.size > 2 * _COARSE_POINTS:
        sampler(np.sort(x)[np.unique(np.linspace(0, x.size - 1, _COARSE_POINTS).astype(int))])
    return sampler(x)


def limit_law(kernel: Equations) -> LimitLaw:
    """The whole law: support, density on nodes, atoms.

    :raises LimitError: if density and atoms do not sum to one within 0.001.
    """
    sampler = Sampler(kernel)
    return build_law(lambda x: sampler(x).density, kernel.lower, kernel.upper, kernel.atoms, kernel.landmarks)


def density_over_support(kernel: Equations, law: LimitLaw, points: int) -> DensityCurve:
    """Density of a kernel's law on :meth:`LimitLaw.grid`.

    An edge with infinite density counts as not converged.
    """
    curve = density(kernel, law.grid(points))
    x, values = curve.points, curve.density.copy()
    for lower, upper in law.edges:
        inside = np.flatnonzero((x >= lower) & (x <= upper))
        if inside.size > 1:
            for end, neighbour in (inside[:2], inside[:-3:-1]):
                values[end] = np.nan if curve.density[end] > curve.density[neighbour] else curve.density[end]
    return curve._replace(density=values, converged=np.isfinite(values))


class Sampler:
    """Densities of one kernel; remembers the roots found so far as starts for further points."""

    def __init__(self, kernel: Equations) -> None:
        self.kernel = kernel
        self.x = np.empty(0)
        self.factors = np.empty((0, kernel.unknowns), dtype=np.complex128)

    def __call__(self, x: np.ndarray) -> DensityCurve:
        """Density at x, float64 of shape (points,)."""
        return _to_axis(self.kernel, x, self.near(x))

    def near(self, x: np.ndarray) -> Solution:
        """The system solved just above x. The first call descends at every point."""
        z = x + 1j * (_HEIGHT * np.abs(x - self.kernel.lower) + 1e-12 * self.kernel.upper)
        if self.x.size:
            start = np.stack([np.interp(x, self.x, known) for known in self.factors.T], axis=1)
            solution = _newton(self.kernel, z, start)
            failed = np.flatnonzero(~solution.converged)
            solution = _with_points(solution, failed, solve(self.kernel, z[failed])) if failed.size else solution
        else:
            solution = solve(self.kernel, z)
        self.x, index = np.unique(np.concatenate([self.x, x[solution.converged]]), return_index=True)
        self.factors = np.concatenate([self.factors, solution.factors[solution.converged]])[index]
        return solution


class System(NamedTuple):
    """Equations at given v, shape (points, unknowns): residuals, Jacobian, size of the terms; u as inverse, and m.

    In :class:`LayeredKernel` they read v_l (1 + gamma_l c_l phi_l) - 1 = 0.
    """

    residual: np.ndarray
    jacobian: np.ndarray
    size: np.ndarray
    inverse: np.ndarray
    stieltjes: np.ndarray


def _system(kernel: LayeredKernel, v: np.ndarray, z: np.ndarray) -> System:
    """Evaluate the equations: c and u from layer L down to 0, then phi and kappa from layer 0 up to L."""
    layers, b2 = kernel.layers, kernel.b_sigma**2
    g = 1 - b2
    c, dc = np.empty_like(v), np.zeros((z.size, layers, layers), dtype=np.complex128)
    u, du_sum = np.empty_like(v), np.zeros_like(v)
    c_l: np.ndarray = np.full(z.size, kernel.coefficients[-1], dtype=np.complex128)
    dc_l = np.zeros_like(v)
    for k in reversed(range(layers)):
        c[:, k], dc[:, k] = c_l, dc_l
        u[:, k] = c_l * v[:, k]
        du = dc_l * v[:, k, None]
        du[:, k] += c_l
        du_sum += du
        c_l, dc_l = kernel.coefficients[k] + b2 * u[:, k], b2 * du
    average = kernel.spectrum.averages(kernel.shift - z + g * u.sum(axis=1), c_l)

    dm = -g * du_sum * average.resolvent_squared[:, None] - dc_l * average.weighted_squared[:, None]
    kappa = average.weighted
    dkappa = -g * du_sum * average.weighted_squared[:, None] - dc_l * average.twice_weighted_squared[:, None]
    residual, size = np.empty_like(v), np.empty(v.shape)
    jacobian = np.empty_like(dc)
    for k, ratio in enumerate(kernel.ratios):
        phi, dphi = g * average.resolvent + b2 * kappa, g * dm + b2 * dkappa
        product = ratio * c[:, k] * phi
        dproduct = ratio * (c[:, k, None] * dphi + phi[:, None] * dc[:, k])
        residual[:, k] = v[:, k] * (1 + product) - 1
        size[:, k] = np.abs(v[:, k]) * (1 + np.abs(product)) + 1
        jacobian[:, k] = v[:, k, None] * dproduct
        jacobian[:, k, k] += 1 + product
        kappa = phi / (1 + product)
        dkappa = (dphi - kappa[:, None] * dproduct) / (1 + product)[:, None]
    return System(residual, jacobian, size, u, average.resolvent)


def _newton(kernel: Equations, z: np.ndarray, start: np.ndarray) -> Solution:
    """Newton's method at every point from its own start v, shape (points, L); certified by the signs of Im u."""
    v = start.copy()
    u = np.full_like(v, np.nan)
    m = np.full(z.size, np.nan, dtype=np.complex128)
    error = np.full(z.size, np.inf)
    active = np.flatnonzero(np.isfinite(v).all(axis=1))
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_STEPS):
            system = kernel.system(v[active], z[active])
            relative = (np.abs(system.residual) / system.size).max(axis=1)
            error[active], m[active], u[active] = relative, system.stieltjes, system.inverse
            pending = np.isfinite(relative) & (relative > _TOLERANCE)
            active = active[pending]
            if not active.size:
                break
            v[active] -= _solve_linear(system.jacobian[pending], system.residual[pending])
    # A layer that does not enter the kernel (b = 0 and z_l = 0) has u_l = 0 exactly.
    certified = ((u.imag < 0) | (u == 0)).all(axis=1) & (m.imag > 0)
    converged = (error <= _TOLERANCE) & certified
    return Solution(z, np.where(converged, m, np.nan), v, u, error, converged)


def _solve_linear(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve the small systems, shape (points, L, L) and (points, L); nan where a matrix is singular or not finite."""
    result = np.full_like(right, np.nan)
    fine = np.isfinite(matrices).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
    try:
        result[fine] = np.linalg.solve(matrices[fine], right[fine, :, None])[..., 0]
    except np.linalg.LinAlgError:  # one exactly singular matrix fails the whole stack
        result[fine] = (np.linalg.pinv(matrices[fine]) @ right[fine, :, None])[..., 0]
    return result


def solve(kernel: Equations, z: np.ndarray) -> Solution:
    """Solve the system at points z, Im z > 0, shape (points,): Newton's method from far above, where the root is known.

    Each point shrinks its height by a factor of its own, a smaller one after a failure.

    :raises UserError: if a point does not have Im z > 0.
    """
    if not (z.imag > 0).all():
        raise UserError("the limit's Stieltjes transform is computed at points with positive imaginary part.")
    height = np.maximum(4 * (kernel.upper + np.abs(z.real)), z.imag)
    high = z.real + 1j * height
    solution = _newton(kernel, high, kernel.far_start(high))
    descent = np.full(z.size, _LARGEST_DESCENT)
    moving = np.flatnonzero(solution.converged & (height > z.imag))
    while moving.size:
        lower = np.maximum(height[moving] * descent[moving], z.imag[moving])
        trial = _newton(kernel, z.real[moving] + 1j * lower, solution.factors[moving])
        reached, missed = moving[trial.converged], moving[~trial.converged]
        height[reached] = lower[trial.converged]
        solution = _with_points(solution, reached, Solution(*(values[trial.converged] for values in trial)))
        descent[reached] = np.maximum(descent[reached] ** 1.5, _LARGEST_DESCENT)
        descent[missed] **= 0.5
        moving = moving[(height[moving] > z.imag[moving]) & (descent[moving] < _SMALLEST_DESCENT)]
    done = solution.converged & (height <= z.imag)
    return solution._replace(points=z, stieltjes=np.where(done, solution.stieltjes, np.nan), converged=done)


def _far_start(kernel: LayeredKernel, z: np.ndarray) -> np.ndarray:
    """v at large |z|, where m and every kappa are about -1/z times a mean: one pass from layer L down to 1."""
    b2 = kernel.b_sigma**2
    mean = 1 - b2 + b2 * kernel.spectrum.moment(1)
    v = np.empty((z.size, kernel.layers), dtype=np.complex128)
    c = np.full(z.size, kernel.coefficients[-1], dtype=np.complex128)
    for k in reversed(range(kernel.layers)):
        v[:, k] = 1 / (1 - kernel.ratios[k] * c * mean / z)
        c = kernel.coefficients[k] + b2 * c * v[:, k]
    return v


def _to_axis(kernel: Equations, x: np.ndarray, near: Solution) -> DensityCurve:
    """Carry certified roots from just above the axis onto it, and read off the density.

    Within about the height from an edge the root may not continue to the axis. There the value above it is kept, less
    the Cauchy tail of an atom close by. An atom itself has no density.
    """
    on_axis = _newton(kernel, x.astype(np.complex128), near.factors)
    size = np.abs(near.inverse)
    with np.errstate(invalid="ignore"):
        close = (np.abs(on_axis.factors - near.factors) <= 1e-2 * np.abs(near.factors)).all(axis=1)
        # Outside the support u is real, to rounding.
        lower_half = (on_axis.inverse.imag <= 1e-9 * size).all(axis=1)
    accepted = near.converged & (on_axis.residual <= _TOLERANCE) & close & lower_half
    m = near.stieltjes.copy()
    if accepted.any():
        # At tiny ratios v is nearly one, and the tolerance leaves few digits of its difference: one more step.
        points, v = x[accepted].astype(np.complex128), on_axis.factors[accepted]
        found = kernel.system(v, points)
        better = v - _solve_linear(found.jacobian, found.residual)
        m[accepted] = kernel.system(np.where(np.isfinite(better), better, v), points).stieltjes
    converged, values, height = near.converged.copy(), m.imag / np.pi, near.points.imag
    for location, mass in kernel.atoms:
        converged &= np.abs(x - location) > 1e-10 * kernel.upper
        tail = np.where(accepted, 0.0, mass * height / (np.pi * ((x - location) ** 2 + height**2)))
        values = np.where(values - tail > _TAIL_SHARE * tail, values - tail, 0.0)
    values = np.where(converged, np.maximum(values, 0), np.nan)
    return DensityCurve(x, values, np.where(accepted, on_axis.residual, near.residual), converged)


def _with_points(solution: Solution, where: np.ndarray, other: Solution) -> Solution:
    copies = Solution(*(values.copy() for values in solution))
    for values, new in zip(copies, other, strict=True):
        values[where] = new
    return copies
