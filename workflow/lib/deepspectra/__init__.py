"""Random matrix theory in deep learning: the science behind the workflow.

Mostly pure functions on arrays, one module per concept. Nothing here knows Snakemake's objects or rules.
:func:`deepspectra.analyse` looks at the weights of a trained network, :func:`deepspectra.curvature` at its curvature.
"""

from importlib import import_module
from typing import Any

_PLACES = dict.fromkeys(("Analysis", "analyse"), "deepspectra.analysis.network")
_PLACES |= dict.fromkeys(("Curvature", "curvature"), "deepspectra.analysis.curvature.spectrum")

__all__ = ["Analysis", "Curvature", "analyse", "curvature"]


def __getattr__(name: str) -> Any:
    # By name, and when asked for: jobs of the workflow start without it, and do not depend on it.
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
