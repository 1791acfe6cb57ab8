"""Legends that also hold numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes

__all__ = ["legend_with_remarks"]


def legend_with_remarks(
    axis: Axes, remarks: Sequence[str], loc: Literal["upper left", "upper right"], handlelength: float = 1.2
) -> int:
    """Lines and bars of a panel, and remarks below them; the number of entries."""
    handles, labels = axis.get_legend_handles_labels()
    blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
    entries = [*labels, *remarks]
    axis.legend([*handles, *blank], entries, loc=loc, handlelength=handlelength, borderaxespad=0)
    return len(entries)
