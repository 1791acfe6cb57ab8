"""Expectations of functions of a Gaussian, by Gauss-Legendre quadrature on panels of the line."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["gaussian_expectation", "hermite_coefficients", "panel_cuts"]

_Function = Callable[[np.ndarray], np.ndarray]
# Beyond 20 standard deviations the Gaussian weight is below 1e-87. On panels of length 1 the poles of arctan' at +-i
# lie well outside the ellipse in which a rule of this order is accurate to rounding.
_REACH = 20.0
_NODES, _COARSE_NODES = 24, 16
_TOLERANCE = 1e-10


def panel_cuts(breakpoints: Iterable[float] = (), length: float = 1.0) -> np.ndarray:
    """Ends of the quadrature's panels, float64: multiples of a length from -20 to 20, and breakpoints between them."""
    inside = [point for point in breakpoints if abs(point) < _REACH]
    return np.union1d(np.arange(-_REACH, _REACH + length, length), inside)


def gaussian_expectation(function: _Function, breakpoints: Iterable[float] = (), name: str | None = None) -> float:
    """E[f(xi)] for xi ~ N(0, 1), by composite Gauss-Legendre quadrature on [-20, 20].

    Gauss-Hermite rules converge slowly where f has a kink (they miss E|xi| by about 5e-3). Cutting the line at the
    kinks restores full accuracy: about 1e-14 for functions that vary on a scale of one.

    :param function: of float64 arrays, shape (points,), kept.
    :param breakpoints: where f or one of its derivatives jumps.
    :param name: what messages call f; by default its own name.
    :raises UserError: if two rules differ by more than 1e-10, relative to 1 + E|f|: f has a kink or jump that is not
        among the breakpoints, varies too fast, or is not finite; or if its values are not shaped as its arguments.
    """
    cuts = panel_cuts(breakpoints)
    value, size = _panels(function, cuts, _NODES)
    coarse, _ = _panels(function, cuts, _COARSE_NODES)
    if not abs(value - coarse) <= _TOLERANCE * (1 + size):
        what = name or repr(getattr(function, "__name__", function))
        found = f"quadratures of order {_NODES} and {_COARSE_NODES} give {value!r} and {coarse!r}"
        told = f"the Gaussian expectation of {what} does not settle: {found}"
        raise UserError(f"{told}. Name its kinks and jumps as breakpoints.")
    return value


def hermite_coefficients(
    function: _Function, scales: np.ndarray, degree: int, breakpoints: Iterable[float] = ()
) -> np.ndarray:
    """Coefficients of f(s xi) in normalised Hermite polynomials, c_k(s) = E[f(s xi) He_k(xi)] / sqrt(k!).

    For Gaussian (u, v) with standard deviations s and t and correlation rho, Mehler's formula gives E[f(u) f(v)] =
    sum_k c_k(s) c_k(t) rho^k.

    :param scales: s, shape (scales,), positive and at most 10: panels of a quarter must resolve f(s xi).
    :param degree: the last k, at most 200: up to there the panels resolve the polynomials.
    :returns: float64, shape (scales, degree + 1).
    :raises ValueError: if a scale or the degree is out of bounds.
    :raises UserError: if the values of f have another shape than its arguments.
    """
    if not (0 <= degree <= 200 and np.min(scales) > 0 and np.max(scales) <= 10):
        raise ValueError("the degree must lie between 0 and 200, and scales must be positive and at most 10")
    return np.stack([_hermite_series(function, scale, degree, breakpoints) for scale in scales])


def _hermite_series(function: _Function, scale: float, degree: int, breakpoints: Iterable[float]) -> np.ndarray:
    points, lengths = _legendre_rule(panel_cuts((point / scale for point in breakpoints), 0.25), _NODES)
    density = np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    weighted = lengths * density * _values(function, scale * points)
    before, polynomial, found = np.zeros_like(points), np.ones_like(points), []
    for k in range(degree + 1):
        found.append(float(weighted @ polynomial))
        following = (points * polynomial - math.sqrt(k) * before) / math.sqrt(k + 1)
        before, polynomial = polynomial, following
    return np.array(found)


def _panels(function: _Function, cuts: np.ndarray, order: int) -> tuple[float, float]:
    """E[f] and E|f|."""
    points, lengths = _legendre_rule(cuts, order)
    weights = lengths * np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    values = _values(function, points)
    return math.fsum(weights * values), float(weights @ np.abs(values))


def _legendre_rule(cuts: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of a quadrature over the line, both of shape (panels * order,)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(cuts)[:, None] / 2
    return (cuts[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()


def _values(function: _Function, points: np.ndarray) -> np.ndarray:
    values = np.asarray(function(points), dtype=np.float64)
    check_shapes(arguments=(points, "points"), values=(values, "points"))
    return values
