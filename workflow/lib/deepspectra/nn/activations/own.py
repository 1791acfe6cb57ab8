"""Activations by name, or the user's own as ``module:function``.

A user's function gives values only. The limit laws also need E[sigma'(xi)] and E[sigma'(xi)^2], so the derivative is
that of the function's Chebyshev series on the panels of the Gaussian quadrature. The function is never silently shifted
or scaled: one that is not normalised is refused.

Importing a module runs its code. Its name comes from the user's own configuration only; no file that the workflow
downloads can name one.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.polynomial import chebyshev

from deepspectra.nn.activations import Activation, activation, names
from deepspectra.nn.activations.base import check_normalised
from deepspectra.nn.quadrature import gaussian_expectation, panel_cuts
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.own_code import load_function, load_module

__all__ = ["PanelSeries", "resolve_activation", "source_of"]

_NAMED = ("activation", "a name or module:function, such as mymodule:wave", "Start Snakemake")
# Kinks matter where the Gaussian weight is above 1e-14.
_REGION = 8.0
# Relative to the size of the function: how large the last terms of a series may be, and what counts as a jump of the
# function, its first and its second derivative. Rounding alone gives 1e-15, 2e-11 and 1e-8.
_TAIL = 1e-10
_JUMPS = (1e-9, 1e-7, 1e-5)
# What E[sigma'(xi)] and E[xi sigma(xi)], equal by Stein's lemma, may differ by.
_STEIN = 1e-8
# Where Gauss-Legendre rules of order 16 are right to 1e-10, 48 terms leave 2^-48 of a function (its singularities lie
# outside the ellipse whose axes add up to twice a panel's half-width), and a few thousand times that of its derivative.
_TERMS = 48


@dataclass(frozen=True)
class PanelSeries:
    """A function known only by its values, as a Chebyshev series on each of neighbouring panels.

    Where it is smooth, the series and its derivative converge geometrically: there is no step size to choose, and about
    twelve digits are right. Where it is not, the tail of the series shows it.

    :ivar cuts: ends of the panels, ascending, float64, shape (panels + 1,).
    :ivar coefficients: float64, shape (terms, panels).
    """

    cuts: np.ndarray
    coefficients: np.ndarray

    @classmethod
    def fit(cls, function: Callable[[np.ndarray], np.ndarray], cuts: np.ndarray) -> Self:
        """Interpolate a function of float64 arrays (points,) at the Chebyshev nodes of every panel."""
        angles = (np.arange(_TERMS) + 0.5) * np.pi / _TERMS
        half = np.diff(cuts)[:, None] / 2
        points = cuts[:-1, None] + half + half * np.cos(angles)
        values = function(points.ravel()).reshape(points.shape)
        # The cosines are orthogonal on these nodes: sums with them are the coefficients. NumPy's own interpolation
        # makes them by recurrence and loses a digit.
        cosines = np.cos(np.arange(_TERMS)[:, None] * angles) * (2 / _TERMS)
        cosines[0] /= 2
        return cls(cuts, cosines @ values.T)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values at x, float64 of any shape; beyond the panels the outermost polynomial continues."""
        panel = np.clip(np.searchsorted(self.cuts, x, side="right") - 1, 0, self.cuts.size - 2)
        lower, upper = self.cuts[panel], self.cuts[panel + 1]
        return chebyshev.chebval((2 * x - lower - upper) / (upper - lower), self.coefficients[:, panel], tensor=False)

    def derivative(self) -> Self:
        """The derivative, panel by panel."""
        return type(self)(self.cuts, chebyshev.chebder(self.coefficients) * (2 / np.diff(self.cuts)))

    @property
    def tails(self) -> np.ndarray:
        """Largest of the last four coefficients of each panel: rounding error where the function is smooth."""
        return np.abs(self.coefficients[-4:]).max(axis=0)

    @property
    def jumps(self) -> np.ndarray:
        """Limit from the right minus limit from the left at every inner cut, shape (panels - 1,)."""
        return chebyshev.chebval(-1, self.coefficients[:, 1:]) - chebyshev.chebval(1, self.coefficients[:, :-1])


def resolve_activation(
    reference: str, breakpoints: Iterable[float] = (), check: Callable[[Activation], None] = check_normalised
) -> Activation:
    """The activation of this name, or the user's own function; both are normalised.

    :param reference: one of :func:`~deepspectra.nn.activations.names`, or ``module:function``; the module is looked up
        in the current folder first.
    :param breakpoints: where the user's function has kinks. :param check: what its moments must be.
    :raises UserError: if there is no such activation, or if the function does not act entry by entry, is not finite,
        does not pass the check, jumps, or has a kink that is not among the breakpoints.
    """
    breakpoints = tuple(sorted(float(point) for point in breakpoints))
    if ":" in reference:
        sigma = _own(reference, breakpoints)
    elif reference not in names():
        known = f"there are {', '.join(names())}, and functions of your own as module:function"
        raise UserError(f"no activation is called {reference!r}; {known}.")
    elif breakpoints:
        raise UserError(f"breakpoints are for functions of your own; those of {reference!r} are known.")
    else:
        sigma = activation(reference)
    check(sigma)
    return sigma


def source_of(reference: str) -> str:
    """Short digest of the file (its imports left out) with a ``module:function``; empty for a named activation."""
    file = getattr(load_module(reference, *_NAMED), "__file__", None) if ":" in reference else None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""


def _own(reference: str, breakpoints: tuple[float, ...]) -> Activation:
    what = f"activation {reference!r}"
    function = _checked(what, load_function(reference, *_NAMED))
    x = np.linspace(-5, 5, 41)
    if not np.allclose(function(x)[:13], function(x[:13]), rtol=1e-9, atol=1e-9):
        told = "gives different values at the same points of a longer array"
        raise UserError(f"{what} {told}; it must act entry by entry.")
    # The quadrature comes first: its message is the most helpful one for a kink.
    gaussian_expectation(function, breakpoints, what)
    series = PanelSeries.fit(function, panel_cuts(breakpoints))
    _check_smooth(what, series, breakpoints)
    sigma = Activation(reference, function, series.derivative(), breakpoints)
    stein = gaussian_expectation(lambda x: x * function(x), breakpoints, f"{what} times x")
    if not abs(sigma.b_sigma - stein) <= _STEIN * (1 + abs(stein)):
        told = f"E[sigma'(xi)] = {sigma.b_sigma:.12g} and E[xi sigma(xi)] = {stein:.12g} should agree"
        raise UserError(f"{what} cannot be differentiated numerically: {told}. Name its kinks, or make it smoother.")
    return sigma


def _checked(what: str, function: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    def checked(x: np.ndarray) -> np.ndarray:
        try:
            values = np.asarray(function(x.copy()))
        except Exception as error:  # a user's function can fail in any way
            told = f"fails on a float64 array of shape {x.shape}: {type(error).__name__}: {error}"
            raise UserError(f"{what} {told}. It must act entry by entry.") from None
        if values.shape != x.shape:
            told = f"returns an array of shape {values.shape} for one of shape {x.shape}"
            raise UserError(f"{what} {told}; it must act entry by entry.")
        if values.dtype.kind not in "biuf" or values.dtype in (np.float16, np.float32):
            raise UserError(f"{what} returns {values.dtype} numbers for float64 ones; keep float64.")
        if not np.isfinite(values).all():
            place = np.flatnonzero(~np.isfinite(values))[0]
            raise UserError(f"{what} is {values[place]} at x = {x[place]:.6g}; it must be finite on [-20, 20].")
        return values.astype(np.float64)

    return checked


def _check_smooth(what: str, series: PanelSeries, breakpoints: tuple[float, ...]) -> None:
    cuts, size = series.cuts, 1 + np.abs(series.coefficients).sum(axis=0)
    rough = (np.minimum(np.abs(cuts[:-1]), np.abs(cuts[1:])) < _REGION) & (series.tails > _TAIL * size)
    if rough.any():
        start, end = cuts[np.argmax(rough) :][:2]
        raise UserError(f"{what} is not smooth between {start:g} and {end:g}. Name its kinks as breakpoints.")
    slope = series.derivative()
    inner, scale = cuts[1:-1], np.maximum(size[:-1], size[1:])
    jumps, bends, curves = (
        (np.abs(inner) < _REGION) & (np.abs(part.jumps) > tolerance * scale)
        for part, tolerance in zip((series, slope, slope.derivative()), _JUMPS, strict=True)
    )
    if jumps.any():
        told = f"jumps at {inner[jumps][0]:g}, where E[sigma'(xi)^2] is infinite"
        raise UserError(f"{what} {told}; it must be continuous.")
    unnamed = (bends | curves) & ~np.isin(inner, breakpoints)
    if unnamed.any():
        raise UserError(f"{what} has a kink at {inner[unnamed][0]:g}. Name its kinks as breakpoints.")
