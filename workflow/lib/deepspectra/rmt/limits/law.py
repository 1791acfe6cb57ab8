"""From a density on the line to a law: support, distribution function, moments, and a check that the mass is one.

At the edges of its support the density is assumed to vanish like a square root or to diverge like an inverse square
root: both are smooth in the angle theta with x = middle - half cos(theta).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import fft

from deepspectra.runtime.errors import UserError

__all__ = ["Bulk", "LimitError", "LimitLaw", "build_law", "integrated", "support"]

_MASS_TOLERANCE = 1e-3
_SCAN_POINTS = 300
_ATTEMPTS, _MASS_GOOD = 3, 1e-6
# An interval with less mass is rounding noise beside a narrow bulk.
_LEAST_MASS = 1e-10
# A bulk's nodes are doubled until the last quarter of its cosine coefficients is below this share of the first. Two
# bulks that have just merged need many.
_FEWEST_NODES, _MOST_NODES, _TAIL = 48, 1536, 1e-8
# A point is outside the support if its density times the range is below this.
_VANISHING = 1e-7
# Each round of the edge search divides its intervals by 17: eight rounds bring 1/300 of the range down to 5e-13.
_SECTIONS, _ROUNDS, _ZOOMS = 16, 8, 4

_Function = Callable[[np.ndarray], np.ndarray]


class LimitError(UserError):
    """A limit law could not be computed to the stated accuracy."""


@dataclass(frozen=True)
class Bulk:
    """One interval of the support.

    :ivar nodes: at the angles (j + 1/2) pi/nodes. :ivar weights: weights @ f(nodes) is the integral of f over the bulk.
    :ivar angular: cosine coefficients of the density with respect to theta; all float64, shape (nodes,).
    """

    lower: float
    upper: float
    nodes: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    angular: np.ndarray = field(repr=False)

    @property
    def mass(self) -> float:
        """Probability of this interval."""
        return float(np.pi * self.angular[0])

    def cumulative(self, x: np.ndarray) -> np.ndarray:
        """Mass below x, for x of shape (k,) anywhere on the line."""
        # x = lower + (upper - lower) sin^2(theta/2); this form is accurate at both ends.
        fraction = np.clip((x - self.lower) / (self.upper - self.lower), 0, 1)
        theta = 2 * np.arctan2(np.sqrt(fraction), np.sqrt(1 - fraction))
        order = np.arange(1, self.angular.size)
        series = np.empty(theta.shape)
        for start in range(0, theta.size, 1024):
            part = slice(start, start + 1024)
            series[part] = np.sin(theta[part, None] * order) @ (self.angular[1:] / order)
        return np.clip(self.angular[0] * theta + series, 0, self.mass)


@dataclass(frozen=True)
class LimitLaw:
    """A law with bulks (intervals of the support, ascending and disjoint) and atoms (location, mass), ascending."""

    bulks: tuple[Bulk, ...]
    atoms: tuple[tuple[float, float], ...] = ()

    @property
    def edges(self) -> tuple[tuple[float, float], ...]:
        """(lower, upper) of every bulk."""
        return tuple((bulk.lower, bulk.upper) for bulk in self.bulks)

    @property
    def mass(self) -> float:
        """Integral of the density plus the atoms; never renormalised, so its distance from one estimates the error."""
        return sum(bulk.mass for bulk in self.bulks) + sum(mass for _, mass in self.atoms)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Distribution function, continuous from the right, at x (any shape), float64."""
        flat = np.ravel(x)
        total = np.zeros(flat.shape)
        for bulk in self.bulks:
            total += bulk.cumulative(flat)
        for location, mass in self.atoms:
            total += mass * (flat >= location)
        return total.reshape(np.shape(x))

    def expectation(self, function: _Function) -> float:
        """Integral of a smooth function over the law, atoms included."""
        bulks = sum(float(bulk.weights @ function(bulk.nodes)) for bulk in self.bulks)
        return bulks + sum(mass * float(function(np.array([location]))[0]) for location, mass in self.atoms)

    def moment(self, order: int) -> float:
        """Average of x^order."""
        return self.expectation(lambda x: x**order)

    def grid(self, points: int) -> np.ndarray:
        """Points at which to draw the density, float64, ascending, shape (points,) or a few less.

        Each bulk gets a share by its width, at least 32; its points crowd towards the edges, which are included.
        """
        widths = np.array([bulk.upper - bulk.lower for bulk in self.bulks])
        least = min(32, points // len(self.bulks))
        shares = least + np.floor((points - least * len(self.bulks)) * widths / widths.sum()).astype(int)
        parts = []
        for (lower, upper), share in zip(self.edges, shares, strict=True):
            part = np.clip((lower + upper - (upper - lower) * np.cos(np.linspace(0, np.pi, share))) / 2, lower, upper)
            # Rounding must not put an end off its edge.
            if share:
                part[[0, -1]] = lower, upper
            parts.append(part)
        return np.concatenate(parts)


def build_law(
    density: _Function,
    lower: float,
    upper: float,
    atoms: tuple[tuple[float, float], ...] = (),
    landmarks: np.ndarray | None = None,
) -> LimitLaw:
    """Find the support of a density, integrate it, and check that the total mass is one.

    If the mass is off by more than 1e-6, a narrow bulk was missed, and the search is repeated on a finer grid.

    :param density: of float64 points (k,); nan where it has no value. No mass lies below ``lower`` or above ``upper``.
    :param landmarks: points in or near narrow bulks that an even scan would miss, float64, shape (k,).
    :raises LimitError: if the mass still differs from one by more than 0.001, or the density is not finite at a node.
    """
    for attempt in range(_ATTEMPTS):
        edges = support(density, lower, upper, _SCAN_POINTS * 4**attempt, landmarks)
        law = _law_on(density, edges, atoms)
        if abs(law.mass - 1) <= _MASS_GOOD:
            break
    return _checked(law)


def integrated(
    density: _Function, edges: list[tuple[float, float]], atoms: tuple[tuple[float, float], ...] = ()
) -> LimitLaw:
    """A density whose support is known, integrated; parameters and errors are those of :func:`build_law`."""
    return _checked(_law_on(density, edges, atoms))


def _law_on(density: _Function, edges: list[tuple[float, float]], atoms: tuple[tuple[float, float], ...]) -> LimitLaw:
    bulks = (_bulk(density, *edge) for edge in edges)
    return LimitLaw(tuple(bulk for bulk in bulks if bulk.mass > _LEAST_MASS), atoms)


def _checked(law: LimitLaw) -> LimitLaw:
    if abs(law.mass - 1) <= _MASS_TOLERANCE:
        return law
    raise LimitError(
        f"the limit law has mass {law.mass:.6g} on its support {law.edges} with atoms {law.atoms}; expected 1 within "
        f"{_MASS_TOLERANCE:g}. Part of the support was missed, or the density grows faster towards an edge than an "
        "inverse square root, as that of a linear network with several ratios n/d_l = 1 does."
    )


def support(
    density: _Function, lower: float, upper: float, points: int = _SCAN_POINTS, landmarks: np.ndarray | None = None
) -> list[tuple[float, float]]:
    """Intervals on which the density is positive; edges are accurate to about 1e-8 of the range.

    A scan of [lower, upper], evenly spaced and also geometric towards ``lower`` (spectra crowd there over decades),
    finds where the mass lies, at and between the landmarks too; a second one looks there more closely; then every local
    minimum is searched for a gap. A bulk narrower than the scan and far from the others and from landmarks is missed.

    :raises LimitError: if no point of the scan has a positive density.
    """
    span = upper - lower

    def values(x: np.ndarray) -> np.ndarray:
        return np.nan_to_num(density(x), nan=0.0, posinf=np.finfo(float).max)

    scan = np.concatenate([np.linspace(0, 1, points + 1)[1:], np.geomspace(1e-9, 1, points // 2 + 1)[:-1]])
    scan = lower + span * scan
    if landmarks is not None and landmarks.size:
        near = np.concatenate([landmarks, (landmarks[1:] + landmarks[:-1]) / 2])
        scan = np.concatenate([scan, near[(near > lower) & (near <= upper)]])
    scan = np.unique(scan)
    heights = values(scan)
    found = np.flatnonzero(heights > _VANISHING / span)
    if not found.size:
        raise LimitError(f"no density was found between {lower:g} and {upper:g}.")
    first, last = scan[max(found[0] - 1, 0)], scan[min(found[-1] + 1, scan.size - 1)]
    scan, heights = _sample_more(values, scan, heights, np.linspace(first, last, points + 2)[1:-1])
    scan, heights = _look_into_minima(values, scan, heights)

    inside = heights > _VANISHING / span
    change = np.flatnonzero(inside[1:] != inside[:-1])
    left, right, entering = scan[change], scan[change + 1], inside[change + 1]
    fractions = np.arange(1, _SECTIONS + 1) / (_SECTIONS + 1)
    for _ in range(_ROUNDS if change.size else 0):
        inner = left[:, None] + (right - left)[:, None] * fractions
        reached = (values(inner.ravel()) > _VANISHING / span).reshape(inner.shape) == entering[:, None]
        # The edge lies before the first section that is like the right-hand end.
        nearest = np.where(reached.any(axis=1), reached.argmax(axis=1), _SECTIONS)
        bounds = np.column_stack([left, inner, right])
        rows = np.arange(change.size)
        left, right = bounds[rows, nearest], bounds[rows, nearest + 1]
    edges = list((left + right) / 2)
    if inside[0]:
        edges.insert(0, lower)
    if inside[-1]:
        edges.append(upper)
    return [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _sample_more(values: _Function, x: np.ndarray, y: np.ndarray, more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points, index = np.unique(np.concatenate([x, more]), return_index=True)
    return points, np.concatenate([y, values(more)])[index]


def _look_into_minima(values: _Function, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sample a function more and more densely around each interior local minimum, to find a narrow gap."""
    fractions = np.arange(1, _SECTIONS) / _SECTIONS
    for _ in range(_ZOOMS):
        minima = np.flatnonzero((y[1:-1] <= y[:-2]) & (y[1:-1] < y[2:]) & (y[1:-1] > 0)) + 1
        if not minima.size:
            break
        inner = x[minima - 1, None] + (x[minima + 1] - x[minima - 1])[:, None] * fractions
        x, y = _sample_more(values, x, y, inner.ravel())
    return x, y


def _bulk(density: _Function, lower: float, upper: float) -> Bulk:
    bulk = _integrate(density, lower, upper, _FEWEST_NODES)
    while (
        bulk.nodes.size < _MOST_NODES and np.abs(bulk.angular[-bulk.nodes.size // 4 :]).max() > _TAIL * bulk.angular[0]
    ):
        bulk = _integrate(density, lower, upper, 2 * bulk.nodes.size)
    return bulk


def _integrate(density: _Function, lower: float, upper: float, count: int) -> Bulk:
    """Sample one bulk at the midpoints of equal angles and expand it in cosines: dx = half sin(theta) dtheta."""
    theta = (np.arange(count) + 0.5) * np.pi / count
    nodes = lower + (upper - lower) * np.sin(theta / 2) ** 2
    values = density(nodes)
    if not np.isfinite(values).all():
        missing = nodes[~np.isfinite(values)]
        where = f"{missing.size} of {count} nodes between {lower:g} and {upper:g}"
        raise LimitError(f"the density has no value at {where}; the first is {missing[0]:g}.")
    by_angle = values * (upper - lower) / 2 * np.sin(theta)
    angular = fft.dct(by_angle, type=2) / count
    angular[0] /= 2
    return Bulk(lower, upper, nodes, np.pi / count * by_angle, angular)
