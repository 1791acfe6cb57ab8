"""Random matrix theory in deep learning: the science behind the workflow.

Mostly pure functions on arrays, one module per concept. Nothing here knows Snakemake's objects or rules.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepspectra.analysis.network import Analysis, analyse

__all__ = ["Analysis", "analyse"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: jobs of the workflow start without the analysis of checkpoints.
    if name in __all__:
        from deepspectra.analysis import network

        return getattr(network, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
