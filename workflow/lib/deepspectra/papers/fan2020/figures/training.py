"""Kernels before and after training: figures 3, S5 and S6 of Fan and Wang (2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.fan2020.figures.spectra import draw_steps, legend_with_remarks, series_of

__all__ = ["draw_kernels_and_labels", "draw_trained_layers"]

_STATES = ("before", "after")
_TITLES = {"a": r"conjugate kernel $K^\mathrm{CK}$", "b": r"tangent kernel $K^\mathrm{NTK}$"}


def draw_trained_layers(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A network's conjugate kernels before and after training, layer by layer (figure S5).

    :param curves: as in :func:`draw_kernels_and_labels`, panels a to h.
    :param summary: its column at is the layer.
    """
    panels = sorted(set(curves.panel) & set("abcdefgh"))
    figure, axes = style.new_figure(style.COLUMN * max(1, len(panels) / 3), 2.7, (1, len(panels)))
    for axis, panel in zip(axes[0], panels, strict=True):
        layer = f"{summary[summary.panel == panel]['at'].iloc[0]:.0f}"
        _spectrum(axis, curves, summary, panel)
        style.label_panel(axis, panel, rf"layer {layer}: $X_{{{layer}}}^\top X_{{{layer}}}$")
    axes[0, 0].set_ylabel(r"density of $\ln\lambda$")
    style.add_note(figure, note)
    return figure


def draw_kernels_and_labels(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A trained network's conjugate and tangent kernel, and the labels in their eigenvectors (figures 3 and S6).

    :param curves: panels a and b (series ``before``, ``after``, ``limit``, ``edge``, outliers), ``projection`` and
        ``shares``.
    """
    figure, axes = style.new_figure(style.COLUMN, 4.4, (2, 2))
    for axis, (panel, title) in zip(axes[0], _TITLES.items(), strict=True):
        _spectrum(axis, curves, summary, panel)
        style.label_panel(axis, panel, title)
    axes[0, 0].set_ylabel(r"density of $\ln\lambda$")
    _projection(axes[1, 0], curves[curves.panel == "projection"], summary)
    style.label_panel(axes[1, 0], "c", "labels on two leading eigenvectors")
    _shares(axes[1, 1], curves[curves.panel == "shares"])
    style.label_panel(axes[1, 1], "d", "labels on $k$ leading eigenvectors")
    style.add_note(figure, note)
    return figure


def _spectrum(axis: Axes, curves: pd.DataFrame, summary: pd.DataFrame, panel: str) -> None:
    """One kernel before and after training, its limit, and its outliers."""
    lines = series_of(curves, panel)
    after, before, limit = lines["after"], lines["before"], lines["limit"]
    draw_steps(axis, after, fill=True, color=style.HISTOGRAM_COLOUR, label="after training")
    draw_steps(axis, before, color="0.25", linewidth=0.7, label="before training")
    axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR, label="limit before")
    # It ends below the legend.
    axis.axvline(lines["edge"].x.iloc[0], ymax=0.48, color=style.LIMIT_COLOUR, linestyle="--", linewidth=0.6)
    axis.set_xscale("log")
    top = max(after.y.max(), before.y.max(), limit.y.max())
    # Room for the legend above, and for the marks of outliers below.
    axis.set_ylim(-0.06 * top, 2.3 * top)
    beyond = lines.get("after, beyond the edge", curves[:0]).x.to_numpy()
    axis.vlines(beyond, -0.05 * top, -0.01 * top, color=style.BLUE, linewidth=0.6)
    arrow = {"arrowstyle": "-|>", "color": style.BLUE, "linewidth": 0.8, "mutation_scale": 6}
    for value in lines.get("after, outlier", curves[:0]).x:
        axis.annotate("", (value, 0.02 * top), (value, 0.22 * top), arrowprops=arrow)
    told = summary[summary.panel == panel].set_index("quantity").value
    names = {"beyond 1.1 edge": "beyond_edge", "outliers": "outliers"}
    change = {name: [f"{told[f'{key}_{state}']:.0f}" for state in _STATES] for name, key in names.items()}
    zeros = [lines[f"{state} at zero"].y.iloc[0] for state in _STATES]
    if max(zeros) > 0:
        change["at zero"] = [f"{share:.1%}" for share in zeros]
    remarks = [f"{name}: {before} → {after}" for name, (before, after) in change.items()]
    legend_with_remarks(axis, remarks, "upper left")
    axis.set_xlabel(r"eigenvalue $\lambda$")


def _projection(axis: Axes, points: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Labels against their projection; for two classes, a histogram of each."""
    shares = summary[(summary.quantity == "label_share_after") & (summary["at"] == 2)]
    share = shares[shares.series.str.startswith("conjugate")].value.item()
    classes = np.unique(points.x)
    if classes.size == 2:
        edges = np.histogram_bin_edges(points.y, 40)
        for value, colour in zip(classes, (style.ORANGE, style.BLUE), strict=True):
            part = points.y[points.x == value]
            axis.hist(part, edges.tolist(), color=colour, alpha=0.6, label=f"label {value:+.0f}".replace("-", "−"))
        axis.set(xlabel="projection on two eigenvectors of the trained CK", ylabel="training images")
        axis.set_ylim(top=2.2 * axis.get_ylim()[1])
    else:
        reach = 1.05 * np.abs(points[["x", "y"]].to_numpy()).max()
        axis.plot([-reach, reach], [-reach, reach], color="0.6", linewidth=0.6)
        axis.plot(points.x, points.y, ".", color=style.BLUE, markersize=1.5, alpha=0.5, rasterized=True)
        axis.set(xlabel="training label $y$", ylabel="projection on two eigenvectors\nof the trained CK")
    fit = summary[summary.panel == "fit"].set_index(["series", "quantity"]).value
    low, high = (fit["test", f"r_squared_last_third_{name}"] for name in ("lowest", "highest"))
    remarks = [
        f"{share:.1%} of the labels",
        f"training MSE {fit['train', 'mean_squared_error_after']:.1e}",
        f"test $R^2$ {fit['test', 'r_squared_after']:.2f} ({low:.2f} to {high:.2f})",
    ]
    if ("test", "accuracy_after") in fit.index:
        remarks.append(f"test accuracy {fit['test', 'accuracy_after']:.1%}")
    legend_with_remarks(axis, remarks, "upper left", handlelength=0.9)


def _shares(axis: Axes, curves: pd.DataFrame) -> None:
    """Share of the labels on the leading eigenvectors of both kernels, before and after."""
    # The kernels' lines may nearly coincide: the second is thinner, and lies on the first.
    kernels = (("conjugate", "CK", style.ORANGE, 2.5), ("tangent", "NTK", style.BLUE, 0.8))
    for kernel, name, colour, width in kernels:
        for state, line in zip(_STATES, (":", "-"), strict=True):
            part = curves[curves.series.str.startswith(kernel) & curves.series.str.endswith(state)]
            axis.plot(part.x, part.y, line, marker=".", color=colour, linewidth=width, label=f"{name} {state}")
    axis.set_xscale("log")
    ticks = [k for k in (1, 2, 5, 10, 20) if k <= curves.x.max()]
    axis.set_xticks(ticks, [str(k) for k in ticks])
    axis.minorticks_off()
    axis.set(xlabel="$k$", ylabel="share of the labels")
    # Room above a share of one for the legend.
    axis.set(ylim=(0, 1.45), yticks=np.linspace(0, 1, 6))
    axis.legend(loc="upper left", ncols=2)
