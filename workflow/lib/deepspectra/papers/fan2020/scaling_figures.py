"""Distances of many networks to their limits, against size and removed components (beyond Fan and Wang 2020)."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator
from matplotlib.typing import ColorType
from numpy.typing import ArrayLike

from deepspectra.papers import style

__all__ = ["draw_components", "draw_scaling"]

#: Label, colour and marker of the lines of a row of panels, by series.
_DISTANCES = {
    "conjugate ks_distance": ("CK", style.BLUE, "o"),
    "tangent ks_distance": ("NTK", style.VERMILION, "s"),
    "tangent ks_distance_after_common_factor": ("NTK, one factor", style.ORANGE, "^"),
}
_VARIATIONS = {
    "conjugate total_variation_of_99_percent": ("CK", style.BLUE, "o"),
    "tangent total_variation_of_99_percent": ("NTK", style.VERMILION, "s"),
}
_KERNELS: dict[str, tuple[str, str, Literal[":", "-"]]] = {"conjugate": ("CK", "o", ":"), "tangent": ("NTK", "s", "-")}


def draw_scaling(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """KS distance and total variation against n, a column for each kind of inputs.

    :param curves: panels a to c, series ``{kernel} {measure}`` with a point for each draw, and their floors.
    """
    figure, axes = style.new_figure(style.PAGE, 5.8, (2, 3))
    inputs = summary[summary.quantity == "quartic_threshold"].drop_duplicates("panel").set_index("panel").series
    for panel, column in zip("abc", axes.T, strict=True):
        told = summary[summary.panel == panel]
        for axis, lines in zip(column, (_DISTANCES, _VARIATIONS), strict=True):
            _against_size(axis, curves[curves.panel == panel], told, lines)
        column[1].set_xlabel("samples $n$")
        style.label_panel(column[0], panel, _title(inputs[panel]))
    for row, label in zip(axes, ("KS distance to the limit", "total variation, lower 99 %"), strict=True):
        row[0].set_ylabel(label)
        low = min(axis.dataLim.y0 for axis in row)
        high = max(axis.dataLim.y1 for axis in row)
        for axis in row:
            # Room for the legend above.
            axis.set_ylim(low / 1.3, high * (high / low) ** 0.55)
            _plain_numbers(axis, low / 1.3, min(1.0, 1.3 * high))
    look: dict[str, Any] = {"color": "0.25", "marker": "o"}
    handles = [
        Line2D([], [], linestyle="none", markersize=2, label="one network", **look),
        Line2D([], [], color="0.25", label="median"),
        Line2D([], [], linestyle=":", **{**look, "color": "0.5"}, label="linear network with the same limit"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return style.add_note(figure, note)


def _title(inputs: str) -> str:
    removed = inputs.removeprefix("images_")
    if removed == inputs:
        return "Gaussian inputs"
    return "CIFAR-10, all PCs" if removed == "0" else f"CIFAR-10 without {removed} PCs"


def _plain_numbers(axis: Axes, low: float, high: float) -> None:
    """Plain numbers on a logarithmic vertical axis, several in each decade, within a range."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [round(digit * 10.0**decade, 9) for decade in decades for digit in (1, 2, 5)]
    ticks = [tick for tick in ticks if low <= tick <= high]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.yaxis.set_minor_locator(NullLocator())


def _against_size(
    axis: Axes, points: pd.DataFrame, summary: pd.DataFrame, lines: dict[str, tuple[str, str, str]]
) -> None:
    """Draws as dots, their medians as lines, with the fitted exponents; the limit's own model in grey."""
    axis.set(xscale="log", yscale="log")
    for series, (label, colour, marker) in lines.items():
        drawn, floor = points[points.series == series], points[points.series == f"floor of {series}"]
        _dots(axis, drawn.x, drawn.y, marker, colour)
        kernel, _, measure = series.partition(" ")
        fit = summary[(summary.series == kernel) & (summary.quantity == f"{measure}_exponent")].iloc[0]
        medians = drawn.groupby("x").y.median()
        digits = 3 if fit.error < 0.005 else 2
        label = f"{label}: {fit.value:.{digits}f} ± {fit.error:.{digits}f}".replace("-", "−")
        axis.plot(medians.index, medians, color=colour)
        axis.plot([], [], marker=marker, color=colour, label=label)
        if "factor" not in series:
            axis.plot(floor.x, floor.y, marker=marker, linestyle=":", color="0.5", markersize=1.8, linewidth=0.8)
    sizes = sorted(set(points.x))
    axis.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.legend(loc="upper left", title="exponents of $n$", alignment="left", handlelength=1.5, borderaxespad=0.2)


def draw_components(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Inner products, KS distance, total variation and exponents against the components removed, a line a size.

    :param curves: panels a to c, series ``{quantity}, n = {n}``; panel d, exponents of the kernels.
    """
    figure, axes = style.new_figure(style.PAGE, 5.8, (2, 2))
    sizes = sorted(summary[summary.quantity == "quartic_threshold"]["at"].unique())
    colours = style.sequence(len(sizes))
    removed = np.sort(curves.x.unique())
    quantity, thresholds = "root_mean_square_inner_product", summary[summary.quantity == "quartic_threshold"]
    for shift, n, colour in zip(np.linspace(-0.12, 0.12, len(sizes)), sizes, colours, strict=True):
        size = f", n = {n:.0f}"
        _against_components(
            axes[0, 0], curves[curves.series == f"{quantity}{size}"], removed, shift, colour, f"$n$ = {n:.0f}"
        )
        axes[0, 0].axhline(thresholds[thresholds["at"] == n].value.iloc[0], color=colour, linestyle="--", linewidth=0.7)
        for axis, measure in ((axes[0, 1], "ks_distance"), (axes[1, 0], "total_variation_of_99_percent")):
            for kernel, (label, marker, line) in _KERNELS.items():
                part = curves[curves.series == f"{kernel} {measure}{size}"]
                _against_components(axis, part, removed, shift, colour, f"{label}, $n$ = {n:.0f}", marker, line)
    axes[0, 0].axhline(3072**-0.5, color="0.5", linestyle=":", linewidth=0.8)
    exponents = summary[(summary.quantity == "ks_distance_exponent")]
    for kernel, colour in (("conjugate", style.BLUE), ("tangent", style.VERMILION)):
        part = exponents[exponents.series == kernel].sort_values("at")
        label, marker, line = _KERNELS[kernel]
        places = np.searchsorted(removed, part["at"])
        axes[1, 1].errorbar(places, part.value, part.error, marker=marker, color=colour, linestyle=line, label=label)
    axes[1, 1].axhline(0, color="0.5", linewidth=0.6)
    axes[1, 1].axhline(-0.5, color="0.5", linewidth=0.6, linestyle="--")
    titles = (
        "r.m.s. inner product",
        "KS distance",
        "total variation, lower 99 %",
        "exponent of $n$ in the KS distance",
    )
    for letter, title, axis in zip("abcd", titles, axes.flat, strict=True):
        style.label_panel(axis, letter, title)
        axis.set_xticks(range(len(removed)), [f"{k:.0f}" for k in removed])
    for axis in axes.flat[:3]:
        axis.set_yscale("log")
        low, high = axis.get_ylim()
        _plain_numbers(axis, low, high)
        axis.set_ylim(low, high)
    low, high = axes[1, 1].get_ylim()
    # Room for the legend above.
    axes[1, 1].set_ylim(low, high + 0.12 * (high - low))
    axes[1, 1].legend(loc="upper right", ncols=2, handlelength=2, borderaxespad=0.2)
    figure.legend(handles=_component_handles(sizes, colours), loc="outside upper center", ncols=4)
    for axis in axes[1]:
        axis.set_xlabel("principal components removed")
    return style.add_note(figure, note)


def _component_handles(sizes: Sequence[float], colours: np.ndarray) -> list[Line2D]:
    """Colours are sizes in three panels; markers and lines of a kernel are the same in all."""
    handles = [Line2D([], [], color=colour, label=f"$n$ = {n:.0f}") for n, colour in zip(sizes, colours, strict=True)]
    handles += [
        Line2D([], [], color="0.25", marker=marker, linestyle=line, label=label)
        for label, marker, line in _KERNELS.values()
    ]
    handles.append(Line2D([], [], color="0.25", linestyle="--", linewidth=0.7, label="(a) $n^{-1/4}$, (d) −1/2"))
    handles.append(Line2D([], [], color="0.5", linestyle=":", linewidth=0.8, label="(a) independent directions"))
    return handles


def _against_components(
    axis: Axes,
    points: pd.DataFrame,
    removed: np.ndarray,
    shift: float,
    colour: ColorType,
    label: str,
    marker: str = "o",
    line: str = "-",
) -> None:
    """Draws as dots beside evenly spaced places, and a line through their medians."""
    places = np.searchsorted(removed, points.x) + shift
    _dots(axis, places, points.y, marker, colour, label)
    medians = points.groupby("x").y.median()
    places = np.searchsorted(removed, medians.index)
    axis.plot(places, medians, linestyle=line, color=colour, label=label)


def _dots(axis: Axes, x: ArrayLike, y: ArrayLike, marker: str, colour: ColorType, name: str | None = None) -> None:
    axis.plot(x, y, marker, color=colour, alpha=0.6, markersize=2, markeredgewidth=0, gid=name)
