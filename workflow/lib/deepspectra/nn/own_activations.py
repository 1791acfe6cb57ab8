"""Activation functions by name, or of the user's own as ``module:function``.

Of a function of one's own only values are known: its derivative, of which the limit laws need E[sigma'(xi)] and
E[sigma'(xi)^2], is that of its Chebyshev series on the panels of the Gaussian quadrature. It is taken as it is, never
scaled or shifted in silence: who writes a function knows what it is to be.

Importing a module runs its code. The name comes from the user's own configuration alone, no file that the workflow
fetches can name one.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

from deepspectra.nn.activations import (
    ACTIVATIONS,
    Activation,
    activation,
    check_normalised,
    gaussian_expectation,
    panel_cuts,
)
from deepspectra.nn.panel_series import PanelSeries
from deepspectra.runtime.errors import UserError

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
# Kinks are looked for where the Gaussian weight is above 1e-14.
_REGION = 8.0
# Relative to the size of the function: what the last terms of a series may be, and what counts as a jump of the
# function, of its first and of its second derivative. Rounding alone gives 1e-15, 2e-11 and 1e-8.
_TAIL = 1e-10
_JUMPS = (1e-9, 1e-7, 1e-5)
_STEIN = 1e-8


def resolve_activation(reference: str, breakpoints: Iterable[float] = ()) -> Activation:
    """The activation of this name, or the user's own function, normalised either way.

    :param reference: one of the names in ``activations.ACTIVATIONS``, or ``module:function``; the module is looked for
        in the current folder first.
    :param breakpoints: where a function of the user's own has kinks.
    :raises UserError: if there is no such activation, it is not a function of each entry alone, not finite, not
        normalised, jumps, or has a kink that is no breakpoint.
    """
    breakpoints = tuple(sorted(float(point) for point in breakpoints))
    if ":" in reference:
        sigma = _own(reference, breakpoints)
    elif reference in ACTIVATIONS:
        if breakpoints:
            raise UserError(f"breakpoints are for functions of your own; those of {reference!r} are known.")
        sigma = activation(reference)
    else:
        raise UserError(
            f"no activation is called {reference!r}; there are {', '.join(sorted(ACTIVATIONS))}, and functions of "
            "your own as module:function."
        )
    check_normalised(sigma)
    return sigma


def source_of(reference: str) -> str:
    """Short digest of the file that a ``module:function`` stands in; empty for an activation that has a name.

    Of that file alone: what it imports is not followed.
    """
    if ":" not in reference:
        return ""
    file = getattr(_module(reference), "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""


def _own(reference: str, breakpoints: tuple[float, ...]) -> Activation:
    function = _checked(reference, _function(reference))
    _check_entries(reference, function)
    cuts = panel_cuts(breakpoints)
    # First by the quadrature itself: it names what does not settle.
    gaussian_expectation(function, breakpoints, f"activation {reference!r}")
    series = PanelSeries.fit(function, cuts)
    slope = series.derivative()
    _check_smooth(reference, series, slope, breakpoints)
    sigma = Activation(reference, function, slope, breakpoints)
    stein = gaussian_expectation(lambda x: x * function(x), breakpoints, f"activation {reference!r} times x")
    if not abs(sigma.b_sigma - stein) <= _STEIN * (1 + abs(stein)):
        raise UserError(
            f"activation {reference!r} cannot be differentiated by its values: E[sigma'(xi)] = {sigma.b_sigma:.12g} "
            f"and E[xi sigma(xi)] = {stein:.12g} should agree. Name its kinks as breakpoints, or make it smoother."
        )
    return sigma


def _module(reference: str) -> ModuleType:
    """Import the module of a reference, the current folder before all others."""
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
        raise UserError(f"activation {reference!r}: its module imports {error.name!r}, which is not there.") from None
    except Exception as error:  # a module of the user's can fail in any way
        raise UserError(
            f"activation {reference!r}: its module cannot be imported: {type(error).__name__}: {error}."
        ) from None


def _function(reference: str) -> Callable:
    """The function that a reference names."""
    module, name = _module(reference), reference.partition(":")[2]
    where = f"{module.__name__!r} ({getattr(module, '__file__', None) or 'built in'})"
    if not hasattr(module, name):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        known = f"; it has {', '.join(sorted(own)[:10])}" if own else ""
        raise UserError(f"activation {reference!r}: module {where} has no function {name!r}{known}.")
    if not callable(function := getattr(module, name)):
        raise UserError(
            f"activation {reference!r}: {name!r} in module {where} is no function but of type "
            f"{type(function).__name__!r}."
        )
    return function


def _checked(reference: str, function: Callable) -> Callable[[np.ndarray], np.ndarray]:
    """The function, with a message for everything that it can do wrong."""

    def checked(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        try:
            values = np.asarray(function(x.copy()))
        except Exception as error:  # a function of the user's can fail in any way
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
    """Refuse what looks at other entries, or at dice."""
    x = np.linspace(-5, 5, 41)
    whole, part = function(x), function(x[:13])
    if not np.allclose(whole[:13], part, rtol=1e-9, atol=1e-9):
        raise UserError(
            f"activation {reference!r} gives other values at the same points in a longer array; each value must depend "
            "on its own entry alone."
        )


def _check_smooth(reference: str, series: PanelSeries, slope: PanelSeries, breakpoints: tuple[float, ...]) -> None:
    """Refuse jumps, and kinks that are no breakpoints."""
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
