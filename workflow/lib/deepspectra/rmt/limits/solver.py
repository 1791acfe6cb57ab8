"""Solve for a limit law that equations for its Stieltjes transform define: Newton's method, certified by signs.

At Im z > 0 exactly one root has every u in the lower half-plane. These signs certify a root, however Newton's method
found it: from large Im z downwards or from neighbouring points.
"""

from typing import NamedTuple, Protocol

import numpy as np

from deepspectra.rmt.limits.law import LimitLaw, build_law
from deepspectra.runtime.errors import UserError

__all__ = [
    "DenseSystem",
    "DensityCurve",
    "Equations",
    "Sampler",
    "Solution",
    "System",
    "density",
    "density_over_support",
]
__all__ += ["limit_law", "solve"]

# Largest residual of an equation, relative to the size of its terms, that counts as solved.
_TOLERANCE, _NEWTON_STEPS = 1e-12, 14
# Densities are first read off at this height, relative to the distance from the law's lower bound; then on the axis.
_HEIGHT = 1e-8
# Less the tail of an atom, a density counts as zero if it is below this share of the tail.
_TAIL_SHARE = 1e-3
_COARSE_POINTS = 60
_LARGEST_DESCENT, _SMALLEST_DESCENT = 0.15, 0.97


class System(Protocol):
    """Equations at given v, shape (points, unknowns): residuals, size of the terms; u as inverse, and m."""

    @property
    def residual(self) -> np.ndarray:
        """Complex128, shape (points, unknowns)."""

    @property
    def size(self) -> np.ndarray:
        """Float64, shape (points, unknowns)."""

    @property
    def inverse(self) -> np.ndarray:
        """Complex128, shape (points, unknowns)."""

    @property
    def stieltjes(self) -> np.ndarray:
        """Complex128, shape (points,)."""

    def step(self, chosen: np.ndarray) -> np.ndarray:
        """What Newton's method subtracts from v at some points (a mask), shape (chosen, unknowns)."""


class DenseSystem(NamedTuple):
    """A :class:`System` with its Jacobian, shape (points, unknowns, unknowns)."""

    residual: np.ndarray
    size: np.ndarray
    jacobian: np.ndarray
    inverse: np.ndarray
    stieltjes: np.ndarray

    def step(self, chosen: np.ndarray) -> np.ndarray:
        """Solve for the step; nan where a matrix is singular or not finite."""
        return _solve_linear(self.jacobian[chosen], self.residual[chosen])


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

    def system(self, v: np.ndarray, z: np.ndarray) -> System:
        """The equations at v, complex128 of shape (points, unknowns), and z, shape (points,)."""

    def far_start(self, z: np.ndarray) -> np.ndarray:
        """v at large |z|, to first order in 1/z."""


class Solution(NamedTuple):
    """The system solved at complex points z, complex128, shape (points,).

    :ivar stieltjes: m(z), complex128, shape (points,); nan where not converged.
    :ivar factors: v, complex128, shape (points, unknowns). :ivar inverse: u likewise.
    :ivar residual: largest residual of the equations, relative to their terms.
    :ivar converged: residual below 1e-12 and all u in the lower half-plane.
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
    sampler.begin(np.sort(x))
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

    def begin(self, x: np.ndarray) -> None:
        """Descend at a few of the points x, ascending; their roots start Newton's method at the others."""
        if not self.x.size and x.size > 2 * _COARSE_POINTS:
            self.near(x[np.unique(np.linspace(0, x.size - 1, _COARSE_POINTS).astype(int))])

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
            v[active] -= system.step(pending)
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
        better = v - found.step(np.ones(points.size, dtype=bool))
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
