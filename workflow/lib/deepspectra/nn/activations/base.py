"""What an activation is: a function with its derivative and its Gaussian constants.

All functions here act entry by entry on NumPy arrays and torch tensors alike, so kernels (torch) and quadratures
(NumPy) share one definition. Importing this module does not import torch.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from deepspectra.nn.quadrature import gaussian_expectation
from deepspectra.runtime.errors import UserError

__all__ = [
    "Activation",
    "array_namespace",
    "check_centred",
    "check_normalised",
    "error_function",
    "normalised",
    "sigmoid",
]


@dataclass(frozen=True)
class Activation:
    """A named activation sigma with its derivative; xi ~ N(0, 1).

    The constants are those of fan2020, eq. 7. In pennington2017, eq. 10, eta is ``second_moment`` and zeta is
    ``b_sigma`` squared.

    :param function: sigma, on NumPy arrays and torch tensors; keeps shape and floating dtype (so its constants must be
        Python floats: NumPy scalars would widen float32).
    :param derivative: sigma', likewise.
    :param breakpoints: where sigma or one of its derivatives jumps.
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
        name = f"the derivative of {self.name!r}, squared,"
        return gaussian_expectation(lambda x: self.derivative(x) ** 2, self.breakpoints, name)


def check_normalised(activation: Activation, tolerance: float = 1e-9) -> None:
    """Check E[sigma(xi)] = 0 and E[sigma(xi)^2] = 1 (fan2020, assumption 3.2 b).

    :raises UserError: if either is off by more than ``tolerance``.
    """
    if not (abs(activation.mean) <= tolerance and abs(activation.second_moment - 1) <= tolerance):
        told = "is not normalised: a standard Gaussian argument must give mean 0 and second moment 1, but gives"
        found = f"{activation.mean:.12g} and {activation.second_moment:.12g}"
        advice = "Subtract the mean and divide by the standard deviation."
        raise UserError(f"activation {activation.name!r} {told} {found}. {advice}")


def check_centred(activation: Activation, tolerance: float = 1e-9) -> None:
    """Check E[sigma(xi)] = 0 and E[sigma(xi)^2] > 0, as pennington2017 assumes (eq. 2).

    :raises UserError: if the mean is off by more than ``tolerance`` standard deviations, or the function vanishes.
    """
    if not abs(activation.mean) <= tolerance * math.sqrt(activation.second_moment):
        told = f"has mean {activation.mean:.12g} for a standard Gaussian argument; expected 0"
        raise UserError(f"activation {activation.name!r} {told}. Subtract the mean.")
    if activation.second_moment <= 0:
        raise UserError(f"activation {activation.name!r} is zero everywhere; expected a function that varies.")


def normalised(
    name: str, function: Callable[[Any], Any], derivative: Callable[[Any], Any], breakpoints: tuple[float, ...] = ()
) -> Activation:
    """The activation (f - E[f]) / sd(f), by quadrature."""
    mean = gaussian_expectation(function, breakpoints, name)
    scale = 1 / math.sqrt(gaussian_expectation(lambda x: (function(x) - mean) ** 2, breakpoints, name))
    return Activation(name, lambda x: scale * (function(x) - mean), lambda x: scale * derivative(x), breakpoints)


def array_namespace(array: Any) -> ModuleType:
    """``torch`` for a torch tensor, ``numpy`` for anything else; never imports torch by itself."""
    return sys.modules["torch"] if type(array).__module__.partition(".")[0] == "torch" else np


def error_function(x: Any) -> Any:
    """erf(x)."""
    if array_namespace(x) is not np:
        return array_namespace(x).erf(x)
    # Imported here: SciPy takes a third of a second, and Snakemake may look up an activation at every start.
    from scipy.special import erf

    return erf(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow at any x."""
    return 0.5 + 0.5 * array_namespace(x).tanh(0.5 * x)
