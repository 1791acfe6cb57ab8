"""Activation functions, their derivatives and their Gaussian constants.

An activation here is a pair of functions that act entry by entry on NumPy arrays and on torch tensors alike, so that
kernels (torch) and quadratures (NumPy) read one definition. Importing this module does not import torch.

Further activations need no change here: build an :class:`Activation` from any pair of functions and pass it on.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from deepspectra.runtime.errors import UserError

# Beyond 20 standard deviations the Gaussian weight is below 1e-87. Panels of length 1 keep the poles of arctan' at
# +-i well outside the ellipse on which the Gauss-Legendre rule of this order is accurate to rounding.
_REACH = 20.0
_NODES = 24
_COARSE_NODES = 16
_QUADRATURE_TOLERANCE = 1e-10


def array_namespace(array: Any) -> ModuleType:
    """``torch`` for a torch tensor, ``numpy`` for all else; never imports torch by itself."""
    if type(array).__module__.partition(".")[0] == "torch":
        return sys.modules["torch"]
    return np


def panel_cuts(breakpoints: Iterable[float] = ()) -> np.ndarray:
    """Ends of the panels of the quadrature: whole numbers from -20 to 20 and the breakpoints between, float64."""
    inner = np.arange(-_REACH, _REACH + 1)
    return np.unique(np.concatenate([inner, [point for point in breakpoints if abs(point) < _REACH]]))


def gaussian_expectation(
    function: Callable[[np.ndarray], np.ndarray], breakpoints: Iterable[float] = (), name: str | None = None
) -> float:
    """E[f(xi)] for xi ~ N(0, 1), by composite Gauss-Legendre quadrature on [-20, 20].

    Gauss-Hermite rules converge slowly where f has a kink (they miss E|xi| by about 5e-3); splitting the line at the
    kinks restores the full accuracy, about 1e-14 for functions that vary on a scale of one.

    :param function: maps a float64 array of shape (points,) to one of the same shape.
    :param breakpoints: where f or one of its derivatives jumps.
    :param name: what messages call f; its own name if none is given.
    :raises UserError: if two rules differ by more than 1e-10, relative to 1 + E|f|: f has a kink or jump that is no
        breakpoint, varies too fast, or is not finite.
    """
    cuts = panel_cuts(breakpoints)
    value, size = _panels(function, cuts, _NODES)
    coarse, _ = _panels(function, cuts, _COARSE_NODES)
    if not abs(value - coarse) <= _QUADRATURE_TOLERANCE * (1 + size):
        raise UserError(
            f"the Gaussian expectation of {name or repr(getattr(function, '__name__', function))} does not settle: "
            f"quadratures of order {_NODES} and {_COARSE_NODES} give {value!r} and {coarse!r}. Name its kinks and "
            "jumps as breakpoints."
        )
    return value


def hermite_coefficients(
    function: Callable[[np.ndarray], np.ndarray],
    scales: np.ndarray,
    degree: int,
    breakpoints: Iterable[float] = (),
) -> np.ndarray:
    """Coefficients of f(s xi) in normalised Hermite polynomials, c_k(s) = E[f(s xi) He_k(xi)] / sqrt(k!).

    For Gaussian (u, v) with standard deviations s and t and correlation rho they give E[f(u) f(v)] =
    sum_k c_k(s) c_k(t) rho^k (Mehler's formula).

    :param scales: s, shape (scales,), positive and 10 at most: f(s xi) must vary on a scale that panels of a quarter
        resolve.
    :param degree: the last k, 200 at most, up to where they resolve the polynomials.
    :returns: float64, shape (scales, degree + 1).
    :raises ValueError: for scales or a degree out of these bounds.
    """
    if not 0 <= degree <= 200:
        raise ValueError(f"the degree must lie between 0 and 200, not {degree}")
    if not (np.min(scales) > 0 and np.max(scales) <= 10):
        raise ValueError(f"scales must be positive and at most 10, not from {np.min(scales)} to {np.max(scales)}")
    panels = np.arange(-_REACH, _REACH + 0.25, 0.25)
    return np.stack([_hermite_series(function, scale, degree, panels, breakpoints) for scale in scales])


def _hermite_series(
    function: Callable[[np.ndarray], np.ndarray],
    scale: float,
    degree: int,
    panels: np.ndarray,
    breakpoints: Iterable[float],
) -> np.ndarray:
    """c_0(s), ..., c_degree(s), with the kinks of f(s xi) among the cuts."""
    kinks = [point / scale for point in breakpoints if abs(point / scale) < _REACH]
    points, lengths = _legendre_rule(np.union1d(panels, kinks), _NODES)
    density = np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    weighted = lengths * density * np.asarray(function(scale * points), dtype=np.float64)
    before, polynomial, found = np.zeros_like(points), np.ones_like(points), []
    for k in range(degree + 1):
        found.append(float(weighted @ polynomial))
        following = (points * polynomial - math.sqrt(k) * before) / math.sqrt(k + 1)
        before, polynomial = polynomial, following
    return np.array(found)


def _panels(function: Callable[[np.ndarray], np.ndarray], cuts: np.ndarray, order: int) -> tuple[float, float]:
    """E[f] and E|f| with ``order`` Gauss-Legendre nodes between each two neighbouring cuts."""
    points, lengths = _legendre_rule(cuts, order)
    weights = lengths * np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    values = np.asarray(function(points), dtype=np.float64)
    return math.fsum(weights * values), float(weights @ np.abs(values))


def _legendre_rule(cuts: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of a quadrature over the line, both of shape (panels * order,)."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(cuts)[:, None] / 2
    return (cuts[:-1, None] + half + half * nodes).ravel(), (half * weights).ravel()


@dataclass(frozen=True)
class Activation:
    """A named activation sigma with its derivative.

    :param function: sigma, entry by entry, on NumPy arrays and torch tensors; keeps shape and floating dtype (its
        constants must be Python floats: NumPy scalars would widen float32).
    :param derivative: sigma', likewise.
    :param breakpoints: where sigma or a derivative of it jumps.

    The constants are those of fan2020, eq. 7 (in pennington2017, eq. 10: eta is ``second_moment`` and zeta is
    ``b_sigma`` squared), each by :func:`gaussian_expectation`.
    """

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    breakpoints: tuple[float, ...] = ()

    def __call__(self, array: Any) -> Any:
        return self.function(array)

    @cached_property
    def mean(self) -> float:
        """E[sigma(xi)]."""
        return gaussian_expectation(self.function, self.breakpoints, f"{self.name!r}")

    @cached_property
    def second_moment(self) -> float:
        """E[sigma(xi)^2]."""
        return gaussian_expectation(lambda x: self.function(x) ** 2, self.breakpoints, f"{self.name!r} squared")

    @cached_property
    def b_sigma(self) -> float:
        """E[sigma'(xi)]."""
        return gaussian_expectation(self.derivative, self.breakpoints, f"the derivative of {self.name!r}")

    @cached_property
    def a_sigma(self) -> float:
        """E[sigma'(xi)^2]."""
        square = f"the derivative of {self.name!r}, squared,"
        return gaussian_expectation(lambda x: self.derivative(x) ** 2, self.breakpoints, square)


def check_normalised(activation: Activation, tolerance: float = 1e-9) -> None:
    """Check E[sigma(xi)] = 0 and E[sigma(xi)^2] = 1 (fan2020, assumption 3.2 b).

    :raises UserError: if either is further off than ``tolerance``.
    """
    if not (abs(activation.mean) <= tolerance and abs(activation.second_moment - 1) <= tolerance):
        raise UserError(
            f"activation {activation.name!r} is not normalised: a standard Gaussian argument must give mean 0 and "
            f"second moment 1, but gives {activation.mean:.12g} and {activation.second_moment:.12g}. "
            "Subtract the mean and divide by the standard deviation."
        )


def _arctan() -> Activation:
    """sigma proportional to arctan, the activation of fan2020's experiments."""
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: np.arctan(x) ** 2))
    return Activation(
        "arctan",
        function=lambda x: scale * array_namespace(x).arctan(x),
        derivative=lambda x: scale / (1 + x * x),
    )


def _cosine() -> Activation:
    """Normalised cosine: even, so b_sigma = 0, where the limit laws are Marchenko-Pastur (fan2020, theorem 3.4)."""
    mean = math.exp(-1 / 2)
    scale = 1 / math.sqrt((1 + math.exp(-2)) / 2 - math.exp(-1))
    return Activation(
        "cosine",
        function=lambda x: scale * (array_namespace(x).cos(x) - mean),
        derivative=lambda x: -scale * array_namespace(x).sin(x),
    )


def _identity() -> Activation:
    """The linear network: b_sigma = a_sigma = 1, the other end of what a normalised activation can be."""
    return Activation("identity", function=lambda x: x, derivative=lambda x: array_namespace(x).ones_like(x))


def _normalised(
    name: str,
    function: Callable[[Any], Any],
    derivative: Callable[[Any], Any],
    breakpoints: tuple[float, ...] = (),
) -> Activation:
    """An activation from a function that is neither centred nor scaled: less its mean, by its standard deviation."""
    mean = gaussian_expectation(function, breakpoints, name)
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: (function(x) - mean) ** 2, breakpoints, name))
    return Activation(name, lambda x: scale * (function(x) - mean), lambda x: scale * derivative(x), breakpoints)


def _erf(x: Any) -> Any:
    """Error function."""
    if array_namespace(x) is not np:
        return array_namespace(x).erf(x)
    # Imported here, since a third of a second is much for every job's Snakemake, which reads this module.
    from scipy.special import erf

    return erf(x)


def _sigmoid(x: Any) -> Any:
    """1/(1 + exp(-x)), which no x can make overflow."""
    return 0.5 + 0.5 * array_namespace(x).tanh(0.5 * x)


def _bell(x: Any) -> Any:
    """Density of N(0, 1)."""
    return array_namespace(x).exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


def _below(x: Any) -> Any:
    """Distribution function of N(0, 1)."""
    return 0.5 + 0.5 * _erf(x * math.sqrt(0.5))


def _tanh() -> Activation:
    return _normalised("tanh", lambda x: array_namespace(x).tanh(x), lambda x: 1 - array_namespace(x).tanh(x) ** 2)


def _error_function() -> Activation:
    """erf. Its variance is 2/pi arcsin(2/3)."""
    scale = 1 / math.sqrt(2 / math.pi * math.asin(2 / 3))
    return Activation(
        "erf",
        function=lambda x: scale * _erf(x),
        derivative=lambda x: (scale * 2 / math.sqrt(math.pi)) * array_namespace(x).exp(-x * x),
    )


def _sine() -> Activation:
    return _normalised("sine", lambda x: array_namespace(x).sin(x), lambda x: array_namespace(x).cos(x))


def _softplus() -> Activation:
    """log(1 + exp(x)), written so that it neither overflows nor loses digits."""

    def function(x: Any) -> Any:
        space = array_namespace(x)
        return 0.5 * (x + abs(x)) + space.log1p(space.exp(-abs(x)))

    return _normalised("softplus", function, _sigmoid)


def _gelu() -> Activation:
    """x times the distribution function of N(0, 1): mean 1/(2 sqrt(pi)), second moment 1/3 + 1/(2 sqrt(3) pi)."""
    mean = 1 / (2 * math.sqrt(math.pi))
    scale = 1 / math.sqrt(1 / 3 + 1 / (2 * math.sqrt(3) * math.pi) - mean**2)
    return Activation(
        "gelu",
        function=lambda x: scale * (x * _below(x) - mean),
        derivative=lambda x: scale * (_below(x) + x * _bell(x)),
    )


def _silu() -> Activation:
    """x/(1 + exp(-x))."""

    def derivative(x: Any) -> Any:
        share = _sigmoid(x)
        return share + x * share * (1 - share)

    return _normalised("silu", lambda x: x * _sigmoid(x), derivative)


def _relu() -> Activation:
    """max(x, 0); its derivative at the kink is the mean of both sides."""
    return _normalised(
        "relu", lambda x: 0.5 * (x + abs(x)), lambda x: 0.5 + 0.5 * array_namespace(x).sign(x), breakpoints=(0.0,)
    )


def _absolute() -> Activation:
    """|x|: even, so b_sigma = 0."""
    return _normalised("absolute", abs, lambda x: array_namespace(x).sign(x), breakpoints=(0.0,))


_MAKERS = (
    *(_arctan, _cosine, _identity, _tanh, _error_function, _sine, _softplus, _gelu, _silu),
    *(_relu, _absolute),
)
ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in (make() for make in _MAKERS)}


def activation(name: str) -> Activation:
    """The activation of this name.

    :raises UserError: if there is none.
    """
    try:
        return ACTIVATIONS[name]
    except KeyError:
        raise UserError(f"no activation is called {name!r}; there are {', '.join(sorted(ACTIVATIONS))}.") from None
