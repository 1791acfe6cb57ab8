"""Activations by name, or the user's own as ``module:function``.

A user's function gives values only. The limit laws also need E[sigma'(xi)] and E[sigma'(xi)^2], so the derivative is
that of the function's Chebyshev series on the panels of the Gaussian quadrature. The function is never silently shifted
or scaled: one that is not normalised is refused.

Importing a module runs its code. Its name comes from the user's own configuration only; no file that the workflow
downloads can name one.
"""

from __future__ import annotations

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
_STEIN = 1e-8


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
    elif reference in names():
        if breakpoints:
            raise UserError(f"breakpoints are for functions of your own; those of {reference!r} are known.")
        sigma = activation(reference)
    else:
        raise UserError(
            f"no activation is called {reference!r}; there are {', '.join(names())}, and functions of your own as "
            "module:function."
        )
    check_normalised(sigma)
    return sigma


def source_of(reference: str) -> str:
    """Short digest of the file that defines a ``module:function``; empty for an activation that has a name.

    Covers that file only, not what it imports.
    """
    if ":" not in reference:
        return ""
    file = getattr(_module(reference), "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""


def _own(reference: str, breakpoints: tuple[float, ...]) -> Activation:
    """The user's function as an activation, checked but for its normalisation."""
    function = _checked(reference, _function(reference))
    _check_entries(reference, function)
    cuts = panel_cuts(breakpoints)
    # The quadrature comes first: its message is the most helpful one for a kink.
    gaussian_expectation(function, breakpoints, f"activation {reference!r}")
    series = PanelSeries.fit(function, cuts)
    slope = series.derivative()
    _check_smooth(reference, series, slope, breakpoints)
    sigma = Activation(reference, function, slope, breakpoints)
    stein = gaussian_expectation(lambda x: x * function(x), breakpoints, f"activation {reference!r} times x")
    if not abs(sigma.b_sigma - stein) <= _STEIN * (1 + abs(stein)):
        raise UserError(
            f"activation {reference!r} cannot be differentiated numerically: E[sigma'(xi)] = {sigma.b_sigma:.12g} and "
            f"E[xi sigma(xi)] = {stein:.12g} should agree. Name its kinks as breakpoints, or make it smoother."
        )
    return sigma


def _module(reference: str) -> ModuleType:
    """Import the module of a reference, looking in the current folder first."""
    if not _REFERENCE.fullmatch(reference):
        raise UserError(f"activation {reference!r}: expected a name or module:function, such as mymodule:wave.")
    name, folder = reference.partition(":")[0], str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UserError(
                f"activation {reference!r}: there is no module {error.name!r} in {folder} or among the installed "
                "packages. Start Snakemake in the folder that holds it, or put it into this one."
            ) from None
        raise UserError(f"activation {reference!r}: its module imports {error.name!r}, which is missing.") from None
    except Exception as error:  # a user's module can fail in any way
        raise UserError(
            f"activation {reference!r}: its module cannot be imported: {type(error).__name__}: {error}."
        ) from None


def _function(reference: str) -> Callable[[np.ndarray], Any]:
    """The function that a reference names."""
    module, name = _module(reference), reference.partition(":")[2]
    where = f"{module.__name__!r} ({getattr(module, '__file__', None) or 'built in'})"
    if not hasattr(module, name):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        known = f"; it has {', '.join(sorted(own)[:10])}" if own else ""
        raise UserError(f"activation {reference!r}: module {where} has no function {name!r}{known}.")
    function: Callable[[np.ndarray], Any] = getattr(module, name)
    if not callable(function):
        raise UserError(
            f"activation {reference!r}: {name!r} in module {where} is not a function but a {type(function).__name__!r}."
        )
    return function


def _checked(reference: str, function: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """The function, with a message for each way in which it can go wrong."""

    def checked(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        try:
            values = np.asarray(function(x.copy()))
        except Exception as error:  # a user's function can fail in any way
            raise UserError(
                f"activation {reference!r} fails on a float64 array of shape {x.shape}: {type(error).__name__}: "
                f"{error}. It must take a NumPy array and act entry by entry."
            ) from None
        if values.shape != x.shape:
            raise UserError(
                f"activation {reference!r} returns an array of shape {values.shape} for one of shape {x.shape}; it "
                "must act entry by entry."
            )
        if values.dtype.kind not in "biuf" or values.dtype in (np.float16, np.float32):
            raise UserError(f"activation {reference!r} returns {values.dtype} numbers for float64 ones; keep float64.")
        if not np.isfinite(values).all():
            place = np.flatnonzero(~np.isfinite(values))[0]
            raise UserError(
                f"activation {reference!r} is {values[place]} at x = {x[place]:.6g}; it must be finite on [-20, 20]."
            )
        return values.astype(np.float64)

    return checked


def _check_entries(reference: str, function: Callable[[np.ndarray], np.ndarray]) -> None:
    """Refuse a function that depends on other entries or on random numbers."""
    x = np.linspace(-5, 5, 41)
    whole, part = function(x), function(x[:13])
    if not np.allclose(whole[:13], part, rtol=1e-9, atol=1e-9):
        raise UserError(
            f"activation {reference!r} gives different values at the same points of a longer array; each value must "
            "depend on its own entry only."
        )


def _check_smooth(reference: str, series: PanelSeries, slope: PanelSeries, breakpoints: tuple[float, ...]) -> None:
    """Refuse jumps, and kinks that are not among the breakpoints."""
    cuts = series.cuts
    near = np.minimum(np.abs(cuts[:-1]), np.abs(cuts[1:])) < _REGION
    size = 1 + np.abs(series.coefficients).sum(axis=0)
    rough = near & (series.tails > _TAIL * size)
    if rough.any():
        left, right = cuts[:-1][rough][0], cuts[1:][rough][0]
        raise UserError(
            f"activation {reference!r} is not smooth between {left:g} and {right:g}. Name its kinks as breakpoints."
        )
    inner, scale = cuts[1:-1], np.maximum(size[:-1], size[1:])
    near = np.abs(inner) < _REGION
    jumps, bends, curves = (
        near & (np.abs(part.jumps) > tolerance * scale)
        for part, tolerance in zip((series, slope, slope.derivative()), _JUMPS, strict=True)
    )
    if jumps.any():
        raise UserError(
            f"activation {reference!r} jumps at {inner[jumps][0]:g}, where E[sigma'(xi)^2] is infinite; it must be "
            "continuous."
        )
    unnamed = (bends | curves) & ~np.isin(inner, breakpoints)
    if unnamed.any():
        raise UserError(f"activation {reference!r} has a kink at {inner[unnamed][0]:g}. Name its kinks as breakpoints.")
