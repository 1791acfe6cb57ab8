"""The Wigner surmise, and Hessians of Gaussian processes: figures that need no network."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from deepspectra.papers import style

__all__ = ["ensemble_spacings", "process_densities", "process_ratios"]


def ensemble_spacings(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 2: the Wigner surmise beside spacings of large GOE matrices and of independent levels.

    :param curves: columns panel, series (``surmise``, ``independent``, ``ensemble``, ``exact``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error; see :mod:`.ensemble` for the quantities.
    """
    figure, axes = style.new_figure(style.COLUMN, 2.4, (1, 2))
    lines = dict(list(curves.groupby(["panel", "series"])))
    left, right = axes[0]
    values = summary.set_index("quantity")
    surmise = values.loc["surmise_ks"]
    exact = values.value["exact_ks"]

    _bars(left, lines["a", "ensemble"], "orthogonal ensemble")
    left.plot(*_points(lines["a", "independent"]), color=style.BLUE, linestyle="--", label="independent, $e^{-s}$")
    left.plot(*_points(lines["a", "surmise"]), color="black", label="Wigner surmise")
    left.set_ylim(bottom=0)
    left.set_ylabel("density")
    left.legend(loc="upper right")
    style.label_panel(left, "a", "spacings")

    right.axhline(0, color="black")
    label = f"orthogonal ensemble, KS {surmise.value:.2g}"
    right.plot(*_points(lines["b", "ensemble"]), color=style.HISTOGRAM_COLOUR, linewidth=1.6, label=label)
    label = f"exact law, KS {surmise.reference:.2g}"
    right.plot(*_points(lines["b", "exact"]), color=style.LIMIT_COLOUR, label=label)
    right.plot([], [], alpha=0, label=f"ensemble to exact law: KS {exact:.2g}")
    right.set_ylabel(r"$F(s) - F_\mathrm{surmise}(s)$")
    low, high = right.get_ylim()
    right.set_ylim(low, high + 0.45 * (high - low))
    right.legend(loc="upper right")
    style.label_panel(right, "b", "distribution functions $F$, less the surmise's")
    for axis in axes[0]:
        axis.set_xlabel("spacing $s$ (mean spacings)")
        axis.set_xlim(0, lines["a", "surmise"].x.max())
    style.add_note(figure, note)
    return figure


def process_densities(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 5: pooled densities of six processes' Hessians, with the semicircle of equal variance.

    :param curves: columns panel, series (``histogram``, ``semicircle``, ``expected``, ``atom``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error; see :mod:`.processes` for the quantities.
    """
    figure, axes = style.new_figure(style.COLUMN, 3.9, (2, 3))
    titles = _titles(summary)
    for (panel, title), axis in zip(titles.items(), axes.ravel(), strict=True):
        lines = dict(list(curves[curves.panel == panel].groupby("series")))
        bars, semicircle = lines["histogram"], lines["semicircle"]
        _bars(axis, bars)
        axis.plot(*_points(semicircle), color=style.LIMIT_COLOUR)
        if "expected" in lines:
            axis.plot(*_points(lines["expected"]), color="black", linestyle=":")
        else:
            # On a linear scale a few outliers among hundreds of levels would be invisible.
            axis.set_yscale("log")
            axis.set_ylim(0.5 * bars.y[bars.y > 0].min(), 8 * bars.y.max())
        if axis.get_yscale() == "linear":
            highest = max(bars.y.max(), semicircle.y.max(), lines["expected"].y.max())
            axis.set_ylim(0, 1.35 * highest)
        values = summary[summary.panel == panel].set_index("quantity")
        distance = values.loc["semicircle_ks"]
        remarks = [f"KS {distance.value:.2g} ({distance.reference:.2g})"]
        if "atom" in lines:
            remarks.append(f"{lines['atom'].y.iloc[0]:.0%} at 0, not drawn")
        axis.text(0.97, 0.98, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        style.label_panel(axis, panel, title)
        axis.set_ylabel("density (logarithmic)" if panel == "e" else "density" if panel in "ad" else "")
    for axis in axes[1]:
        axis.set_xlabel(r"eigenvalue $\lambda$")
    handles = [
        Patch(color=style.HISTOGRAM_COLOUR),
        Line2D([], [], color=style.LIMIT_COLOUR),
        Line2D([], [], color="black", linestyle=":"),
    ]
    labels = ["eigenvalues", "semicircle of equal variance", "expected density (a to d)"]
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    style.add_note(figure, note)
    return figure


def process_ratios(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 6: spacing ratios of the same Hessians, as published and with degeneracy and outliers included.

    :param curves: columns panel, series (``plain``, ``changed``, ``surmise``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error; see :mod:`.processes` for the quantities.
    """
    figure, axes = style.new_figure(style.COLUMN, 5.3, (3, 3))
    titles = _titles(summary)
    surmise = curves[curves.series == "surmise"]
    places = [(panel, "plain") for panel in "abcdef"] + [(panel, "changed") for panel in "def"]
    added = {"d": "zeros left out", "e": "outliers in", "f": "outliers in"}
    highest = curves.y.max()
    for (panel, reading), axis in zip(places, axes.ravel(), strict=True):
        _bars(axis, curves[(curves.panel == panel) & (curves.series == reading)])
        axis.plot(*_points(surmise), color="black")
        axis.set_xlim(0, surmise.x.max())
        axis.set_ylim(0, 1.1 * highest)
        values = summary[(summary.panel == panel) & (summary.series == reading)].set_index("quantity")
        mean = values.loc["mean_ratio"]
        remarks = [r"mean min$(r, 1/r)$", f"{mean.value:.4f} ± {mean.error:.4f}"]
        if panel in "def":
            remarks = ["plain, as published" if reading == "plain" else added[panel], *remarks]
        axis.text(0.97, 0.95, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        style.label_panel(axis, panel, titles[panel])
    for axis in axes[:, 0]:
        axis.set_ylabel("density")
    for axis in axes[-1]:
        axis.set_xlabel("ratio $r$")
    handles = [Patch(color=style.HISTOGRAM_COLOUR), Line2D([], [], color="black")]
    figure.legend(handles, ["spacing ratios", "surmise, eq. 12"], loc="outside upper center", ncols=2)
    style.add_note(figure, note)
    return figure


def _titles(summary: pd.DataFrame) -> dict[str, str]:
    """k''(0) of each panel, with a mark for its changes."""
    second = summary[summary.quantity == "second_derivative"].set_index("panel").value
    marks = {"d": "*", "e": "†", "f": "†"}
    return {panel: f"$k''(0) = {value:g}$ {marks.get(panel, '')}".rstrip() for panel, value in second.items()}


def _points(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return table.x, table.y


def _bars(axis: Axes, bars: pd.DataFrame, label: str = "") -> None:
    """A histogram as one outline, filled: bars side by side would show seams."""
    edges = [*bars.x, bars.x_high.iloc[-1]]
    axis.stairs(bars.y, edges, fill=True, color=style.HISTOGRAM_COLOUR, label=label)
