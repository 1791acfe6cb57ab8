"""Distances of many networks to their limits, against size and removed components (beyond Fan and Wang 2020)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style

__all__ = ["draw_components", "draw_scaling"]

_TITLES = ("Gaussian inputs", "CIFAR-10, components removed", "CIFAR-10, all components")
#: Label, colour and marker of the lines of a row of panels, by series.
_DISTANCES = {
    "conjugate ks_distance": ("CK", style.BLUE, "o"),
    "tangent ks_distance": ("NTK", style.VERMILION, "s"),
    "tangent ks_distance_after_common_factor": ("NTK, one factor", style.ORANGE, "^"),
}
_VARIATIONS = {
    "conjugate total_variation": ("CK", style.BLUE, "o"),
    "tangent total_variation": ("NTK", style.VERMILION, "s"),
}
_KERNELS = {"conjugate": ("CK", "o", ":"), "tangent": ("NTK", "s", "-")}


def draw_scaling(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """KS distance and total variation against n, a column for each kind of inputs.

    :param curves: panels a to c, series ``{kernel} {measure}`` with a point for each draw, and their floors.
    """
    figure, axes = style.new_figure(style.COLUMN, 4.6, (2, 3))
    for panel, title, column in zip("abc", _TITLES, axes.T, strict=True):
        told = summary[summary.panel == panel]
        for axis, lines in zip(column, (_DISTANCES, _VARIATIONS), strict=True):
            _against_size(axis, curves[curves.panel == panel], told, lines)
        column[1].set_xlabel("samples $n$")
        style.label_panel(column[0], panel, title)
    for row, label in zip(axes, ("KS distance to the limit", "total variation"), strict=True):
        row[0].set_ylabel(label)
        low = min(axis.dataLim.y0 for axis in row)
        high = max(axis.dataLim.y1 for axis in row)
        for axis in row:
            # Room for the legend above.
            axis.set_ylim(low / 1.5, high * (high / low) ** 0.55)
    return style.add_note(figure, note)


def _against_size(
    axis: Axes, points: pd.DataFrame, summary: pd.DataFrame, lines: dict[str, tuple[str, str, str]]
) -> None:
    """Draws as dots, their medians as lines, with the fitted exponents; the limit's own model in grey."""
    axis.set(xscale="log", yscale="log")
    for series, (label, colour, marker) in lines.items():
        drawn, floor = points[points.series == series], points[points.series == f"floor of {series}"]
        axis.plot(drawn.x, drawn.y, marker, color=colour, alpha=0.35, markersize=1.8, markeredgewidth=0)
        kernel, _, measure = series.partition(" ")
        fit = summary[(summary.series == kernel) & (summary.quantity == f"{measure}_exponent")].iloc[0]
        medians = drawn.groupby("x").y.median()
        label = f"{label}: $n^{{{fit.value:.2f} \\pm {fit.error:.2f}}}$"
        axis.plot(medians.index, medians, marker=marker, color=colour, label=label)
        if "factor" not in series:
            axis.plot(floor.x, floor.y, marker=marker, linestyle=":", color="0.6", markersize=1.8, linewidth=0.8)
    sizes = sorted(set(points.x))
    axis.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    axis.minorticks_off()
    axis.legend(loc="upper left", handlelength=1.5, borderaxespad=0.2)


def draw_components(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Inner products, KS distance, total variation and exponents against the components removed, a line a size.

    :param curves: panels a to c, series ``{quantity}, n = {n}``; panel d, exponents of the kernels.
    """
    figure, axes = style.new_figure(style.COLUMN, 4.6, (2, 2))
    sizes = sorted(summary[summary.quantity == "quartic_threshold"]["at"].unique())
    colours = style.sequence(len(sizes))
    removed = np.sort(curves.x.unique())
    quantity, thresholds = "root_mean_square_inner_product", summary[summary.quantity == "quartic_threshold"]
    for n, colour in zip(sizes, colours, strict=True):
        size = f", n = {n:.0f}"
        _against_components(axes[0, 0], curves[curves.series == f"{quantity}{size}"], removed, colour, f"$n$ = {n:.0f}")
        axes[0, 0].axhline(thresholds[thresholds["at"] == n].value.iloc[0], color=colour, linestyle="--", linewidth=0.7)
        for axis, measure in ((axes[0, 1], "ks_distance"), (axes[1, 0], "total_variation")):
            for kernel, (label, marker, line) in _KERNELS.items():
                part = curves[curves.series == f"{kernel} {measure}{size}"]
                _against_components(axis, part, removed, colour, f"{label}, $n$ = {n:.0f}", marker, line)
    axes[0, 0].axhline(3072**-0.5, color="0.5", linestyle=":", linewidth=0.8)
    exponents = summary[(summary.quantity == "ks_distance_exponent")]
    for kernel, colour in (("conjugate", style.BLUE), ("tangent", style.VERMILION)):
        part = exponents[exponents.series == kernel].sort_values("at")
        label, marker, line = _KERNELS[kernel]
        places = np.searchsorted(removed, part["at"])
        axes[1, 1].errorbar(places, part.value, part.error, marker=marker, color=colour, linestyle=line, label=label)
    axes[1, 1].axhline(0, color="0.5", linewidth=0.6)
    axes[1, 1].axhline(-0.5, color="0.5", linewidth=0.6, linestyle="--")
    titles = ("r.m.s. inner product", "KS distance", "total variation", "exponent of $n$ in the KS distance")
    for letter, title, axis in zip("abcd", titles, axes.flat, strict=True):
        style.label_panel(axis, letter, title)
        axis.set_xticks(range(len(removed)), [f"{k:.0f}" for k in removed])
    for axis in axes.flat[:3]:
        axis.set_yscale("log")
    for axis in (axes[0, 0], axes[0, 1], axes[1, 1]):
        axis.legend(loc="best", handlelength=1.5, borderaxespad=0.2)
    for axis in axes[1]:
        axis.set_xlabel("principal components removed")
    return style.add_note(figure, note)


def _against_components(
    axis: Axes,
    points: pd.DataFrame,
    removed: np.ndarray,
    colour: Sequence[float],
    label: str,
    marker: str = "o",
    line: str = "-",
) -> None:
    """Draws as dots at evenly spaced places, and a line through their medians."""
    places = np.searchsorted(removed, points.x)
    axis.plot(places, points.y, marker, color=colour, alpha=0.35, markersize=1.8, markeredgewidth=0)
    medians = points.groupby("x").y.median()
    axis.plot(
        np.searchsorted(removed, medians.index), medians, marker=marker, linestyle=line, color=colour, label=label
    )
