"""Everything known about a limit law: density, distribution function, edges, atoms, moments, convergence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deepspectra.rmt.limits.law import MASS_TOLERANCE, LimitLaw
from deepspectra.rmt.limits.layered import LayeredKernel, density, limit_law

__all__ = ["LawReport", "law_report"]


@dataclass(frozen=True)
class LawReport:
    """A limit law, as arrays over its support and as numbers.

    :ivar points: x, ascending, including the edges of the bulks, float64, shape (points,).
    :ivar density: of the continuous part, float64, shape (points,); nan where the point has not converged.
    :ivar cdf: distribution function, continuous from the right, atoms included, float64, shape (points,).
    :ivar residual: largest residual of the equations at a point, relative to their terms, float64, shape (points,).
    :ivar converged: whether the root was found and certified and the density is finite, bool, shape (points,).
    :ivar edges: (lower, upper) of every bulk, ascending.
    :ivar bulk_masses: mass of every bulk.
    :ivar atoms: (location, mass), ascending.
    :ivar atom_at_zero: mass at zero, the share of eigenvalues that vanish.
    :ivar mass: of bulks and atoms together, never renormalised: its distance from one is the error of the quadrature.
    :ivar moments: averages of x, x^2, x^3 and x^4 over the law.
    :ivar variance: of the law.
    :ivar exact_mean: the mean in closed form; its distance from the first moment is an error too.
    """

    points: np.ndarray = field(repr=False)
    density: np.ndarray = field(repr=False)
    cdf: np.ndarray = field(repr=False)
    residual: np.ndarray = field(repr=False)
    converged: np.ndarray = field(repr=False)
    edges: tuple[tuple[float, float], ...]
    bulk_masses: tuple[float, ...]
    atoms: tuple[tuple[float, float], ...]
    atom_at_zero: float
    mass: float
    moments: tuple[float, float, float, float]
    variance: float
    exact_mean: float

    @property
    def mean(self) -> float:
        """First moment of the law."""
        return self.moments[0]

    @property
    def asked(self) -> int:
        """Number of points at which a density was asked for."""
        return self.points.size

    @property
    def not_converged(self) -> int:
        """Number of points without a density: they are reported and never drawn."""
        return int(np.sum(~self.converged))

    @property
    def largest_residual(self) -> float:
        """Largest residual of the points that converged."""
        return float(self.residual[self.converged].max(initial=0.0))


def law_report(kernel: LayeredKernel, points: int = 1000, tolerance: float = MASS_TOLERANCE) -> LawReport:
    """Solve a kernel's limit law (fan2020, theorems 3.4 to 3.8).

    :param points: of the density, over the whole support; rounding may take a few less.
    :raises LimitError: if the total mass is not one within ``tolerance``.
    """
    law = limit_law(kernel, tolerance)
    curve = density(kernel, law.grid(points))
    values = np.where(curve.converged & ~_poles(law, curve.points, curve.density), curve.density, np.nan)
    mean = law.moment(1)
    return LawReport(
        points=curve.points,
        density=values,
        cdf=law.cdf(curve.points),
        residual=curve.residual,
        converged=np.isfinite(values),
        edges=law.edges,
        bulk_masses=tuple(bulk.mass for bulk in law.bulks),
        atoms=law.atoms,
        atom_at_zero=float(sum(mass for location, mass in law.atoms if location == 0)),
        mass=law.mass,
        moments=(mean, law.moment(2), law.moment(3), law.moment(4)),
        variance=law.expectation(lambda x: (x - mean) ** 2),
        exact_mean=kernel.mean,
    )


def _poles(law: LimitLaw, x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Which points are edges with infinite density; a finite number there would only tell the distance to the edge."""
    found = np.zeros(x.shape, dtype=bool)
    for lower, upper in law.edges:
        inside = np.flatnonzero((x >= lower) & (x <= upper))
        if inside.size > 1:
            for end, neighbour in ((inside[0], inside[1]), (inside[-1], inside[-2])):
                found[end] = values[end] > values[neighbour]
    return found
