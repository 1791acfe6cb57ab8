"""Functions that NumPy arrays and torch tensors share, entry by entry. Importing this module does not import torch."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["array_namespace", "error_function", "sigmoid"]


def array_namespace(array: Any) -> ModuleType:
    """``torch`` for a torch tensor, ``numpy`` for anything else; never imports torch by itself."""
    if type(array).__module__.partition(".")[0] == "torch":
        return sys.modules["torch"]
    return np


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
