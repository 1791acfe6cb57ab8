"""Random matrix theory in deep learning: the science behind the workflow.

Mostly pure functions on arrays, one module per concept. Nothing here knows Snakemake's objects or rules.
:func:`deepspectra.analyse` looks at a trained network.
"""

from importlib import import_module
from typing import Any

__all__ = ["Analysis", "analyse"]


def __getattr__(name: str) -> Any:
    # By name, and when asked for: jobs of the workflow start without it, and do not depend on it.
    if name in __all__:
        return getattr(import_module("deepspectra.analysis.network"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
