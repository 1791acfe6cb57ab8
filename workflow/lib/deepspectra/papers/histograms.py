"""Histograms as rows of a figure's table of plotted numbers."""

import numpy as np

__all__ = ["Bar", "histogram", "zoom"]

#: (panel, series, left edge, right edge, density) of one bar.
Bar = tuple[str, str, float, float, float]


def histogram(
    panel: str, values: np.ndarray, bins: int | np.ndarray, total: int, series: str = "histogram"
) -> list[Bar]:
    """Bars whose areas sum to the share of the whole sample that they hold.

    :param values: shape (n,), not empty.
    :param bins: the number of equal bins over the range of the values, or the edges; values outside are dropped.
    :param total: size of the whole sample; ``values`` may be a part of it (without its atom, say).
    """
    counts, edges = np.histogram(values, bins=bins)
    heights = counts / (total * np.diff(edges))
    return [(panel, series, *bar) for bar in zip(edges[:-1], edges[1:], heights, strict=True)]


def zoom(panel: str, values: np.ndarray, bins: int, total: int) -> list[Bar]:
    """A second histogram, series "zoom", of 0.5 to 70 % of the values; empty if they differ in nothing, or over a third
    of the range."""
    low, high = np.quantile(values, [0.005, 0.7])
    bulk = values[(low <= values) & (values <= high)]
    if np.unique(bulk).size < 2 or np.ptp(bulk) > np.ptp(values) / 3:
        return []
    return histogram(panel, bulk, bins, total, "zoom")
