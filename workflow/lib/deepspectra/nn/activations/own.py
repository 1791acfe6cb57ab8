"""Activations by name, or the user's own as ``module:function``.

A user's function gives values only. The limit laws also need E[sigma'(xi)] and E[sigma'(xi)^2], so the derivative is
that of the function's Chebyshev series on the panels of the Gaussian quadrature. The function is never silently shifted
or scaled: one that is not normalised is refused.

Importing a module runs its code. Its name comes from the user's own configuration only; no file that the workflow
downloads can name one.
"""

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from deepspectra.nn.activations import Activation, activation, names
from deepspectra.nn.activations.base import check_normalised
from deepspectra.nn.panel_series import PanelSeries
from deepspectra.nn.quadrature import gaussian_expectation, panel_cuts
from deepspectra.runtime.errors import UserError

__all__ = ["resolve_activation", "source_of"]

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
# Kinks matter where the Gaussian weight is above 1e-14.
_REGION = 8.0
# Relative to the size of the function: how large the last terms of a series may be, and what counts as a jump of the
# function, its first and its second derivative. Rounding alone gives 1e-15, 2e-11 and 1e-8.
_TAIL = 1e-10
_JUMPS = (1e-9, 1e-7, 1e-5)


def resolve_activation(reference: str, breakpoints: Iterable[float] = ()) -> Activation:
    """The activation of this name, or the user's own function; both are normalised.

    :param reference: one of :func:`~deepspectra.nn.activations.names`, or ``module:function``; the module is looked up
        in the current folder first.
    :param breakpoints: where the user's function has kinks.
    :raises UserError: if there is no such activation, or if the function does not act entry by entry, is not finite,
        is not normalised, jumps, or has a kink that is not among the breakpoints.
    """
    breakpoints = tuple(sorted(float(point) for point in breakpoints))
    if ":" in reference:
        sigma = _own(reference, breakpoints)
    elif reference not in names():
        raise UserError(
            f"no activation is called {reference!r}; there are {', '.join(names())}, and functions of your own as "
            "module:function."
        )
    elif breakpoints:
        raise UserError(f"breakpoints are for functions of your own; those of {reference!r} are known.")
    else:
        sigma = activation(reference)
    check_normalised(sigma)
    return sigma


def source_of(reference: str) -> str:
    """Short digest of the file that defines a ``module:function``; empty for an activation that has a name.

    Covers that file only, not what it imports.
    """
    file = getattr(_module(reference), "__file__", None) if ":" in reference else None
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""


def _own(reference: str, breakpoints: tuple[float, ...]) -> Activation:
    """The user's function as an activation, checked but for its normalisation."""
    what = f"activation {reference!r}"
    function = _checked(what, _function(reference))
    x = np.linspace(-5, 5, 41)
    if not np.allclose(function(x)[:13], function(x[:13]), rtol=1e-9, atol=1e-9):
        raise UserError(
            f"{what} gives different values at the same points of a longer array; each value must depend on its own "
            "entry only."
        )
    # The quadrature comes first: its message is the most helpful one for a kink.
    gaussian_expectation(function, breakpoints, what)
    series = PanelSeries.fit(function, panel_cuts(breakpoints))
    _check_smooth(what, series, breakpoints)
    return Activation(reference, function, series.derivative(), breakpoints)


def _module(reference: str) -> ModuleType:
    """Import the module of a reference, looking in the current folder first."""
    what = f"activation {reference!r}"
    if not _REFERENCE.fullmatch(reference):
        raise UserError(f"{what}: expected a name or module:function, such as mymodule:wave.")
    name, folder = reference.partition(":")[0], str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except Exception as error:  # a user's module can fail in any way
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{name}.".startswith(f"{missing}."):
            raise UserError(
                f"{what}: there is no module {missing!r} in {folder} or among the installed packages. Start Snakemake "
                "in the folder that holds it, or put it into this one."
            ) from None
        if missing:
            raise UserError(f"{what}: its module imports {missing!r}, which is missing.") from None
        raise UserError(f"{what}: its module cannot be imported: {type(error).__name__}: {error}.") from None


def _function(reference: str) -> Callable[[np.ndarray], Any]:
    module, name = _module(reference), reference.partition(":")[2]
    where = f"{module.__name__!r} ({getattr(module, '__file__', None) or 'built in'})"
    if not hasattr(module, name):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        known = f"; it has {', '.join(sorted(own)[:10])}" if own else ""
        raise UserError(f"activation {reference!r}: module {where} has no function {name!r}{known}.")
    function = getattr(module, name)
    if not callable(function):
        told = f"is not a function but a {type(function).__name__!r}"
        raise UserError(f"activation {reference!r}: {name!r} in module {where} {told}.")
    return function


def _checked(what: str, function: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """The function, with a message for each way in which it can go wrong."""

    def checked(x: np.ndarray) -> np.ndarray:
        try:
            values = np.asarray(function(x.copy()))
        except Exception as error:  # a user's function can fail in any way
            raise UserError(
                f"{what} fails on a float64 array of shape {x.shape}: {type(error).__name__}: {error}. It must take a "
                "NumPy array and act entry by entry."
            ) from None
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
    """Refuse jumps, and kinks that are not among the breakpoints."""
    cuts, size = series.cuts, 1 + np.abs(series.coefficients).sum(axis=0)
    rough = (np.minimum(np.abs(cuts[:-1]), np.abs(cuts[1:])) < _REGION) & (series.tails > _TAIL * size)
    if rough.any():
        panel = np.argmax(rough)
        between = f"between {cuts[panel]:g} and {cuts[panel + 1]:g}"
        raise UserError(f"{what} is not smooth {between}. Name its kinks as breakpoints.")
    slope = series.derivative()
    inner, scale = cuts[1:-1], np.maximum(size[:-1], size[1:])
    jumps, bends, curves = (
        (np.abs(inner) < _REGION) & (np.abs(part.jumps) > tolerance * scale)
        for part, tolerance in zip((series, slope, slope.derivative()), _JUMPS, strict=True)
    )
    if jumps.any():
        place = inner[jumps][0]
        raise UserError(f"{what} jumps at {place:g}, where E[sigma'(xi)^2] is infinite; it must be continuous.")
    unnamed = (bends | curves) & ~np.isin(inner, breakpoints)
    if unnamed.any():
        raise UserError(f"{what} has a kink at {inner[unnamed][0]:g}. Name its kinks as breakpoints.")
