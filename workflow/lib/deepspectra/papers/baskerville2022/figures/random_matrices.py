"""The Wigner surmise, and Hessians of Gaussian processes: figures that need no network."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from deepspectra.papers import style
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN

_PROCESS = (
    "Gaussian-process Hessians by eq. 14, k'(0) = 1; the fourth derivative of a stationary kernel has k''(0) where "
    "eq. 14 prints k'(0)^2, the variance that all diagonal entries share."
)

#: What each figure shows, in a line: title of its caption, and what is read out in place of the picture.
TITLES = {
    "figure_2": "The Wigner surmise and the exact law of spacings, beside spacings of large random matrices",
    "figure_5": "Densities of the Hessians of Gaussian processes beside the semicircle",
    "figure_6": "Spacing ratios of the Hessians of Gaussian processes, as published and as captioned",
}

NOTES = {
    "figure_2": "The paper shows the black line alone. Spacings of large matrices are unfolded by the semicircle's "
    "staircase, eq. 9 (for variance 1/2 off the diagonal), and taken between its heights of 10 and 90 %: at the edges "
    "it is not exact. The surmise is exact for 2 x 2 matrices; the exact law of large ones (footnote 4) is computed "
    "from a Fredholm determinant. KS: Kolmogorov-Smirnov distance. Assumed: size and number of the matrices.",
    "figure_5": f"{_PROCESS} It moves each spectrum as a whole: pooled over samples, a density is the semicircle of "
    "radius 2 sqrt(n k''(0)) blurred by that shift (dotted), and where k''(0) is small little but the shift is left. "
    "Red: the semicircle with mean and variance of what is pooled. KS: Kolmogorov-Smirnov distance to it; in brackets, "
    "with each spectrum's own mean removed, to the process's own semicircle. * degenerate directions, whose zeros are "
    "not drawn. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 and 5 by the authors' public code, "
    "drawn once for all samples. Assumed: the bins.",
    "figure_6": f"{_PROCESS} * degenerate directions. † outliers s(1 + z^2) on the diagonal, z standard normal, s = 10 "
    "and 5, drawn once for all samples. (d) to (f) as published are plain samples: the authors' code drops degeneracy "
    "and outliers from the ratios by mistake. Last row: the same random numbers with them; the zeros of degenerate "
    "directions are exact by construction and left out, so that (d) is the plain sample again. Outliers far outside "
    "the bulk have nearly fixed places: their own spacings are not the ensemble's. Ratios above 10 are not drawn, but "
    "counted. Mean of min(r, 1/r): error by bootstrap over matrices; "
    f"{SURMISE_MEAN:.4f} for the surmise, {GOE_MEAN:.4f} for large orthogonal matrices, {POISSON_MEAN:.4f} for "
    "independent levels.",
}


def figure_2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """The Wigner surmise beside spacings of large orthogonal matrices and of independent levels.

    :param curves: columns panel, series (``surmise``, ``independent``, ``ensemble``, ``exact``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error.
    """
    figure, axes = style.new_figure(style.COLUMN, 2.4, (1, 2))
    lines = dict(list(curves.groupby(["panel", "series"])))
    left, right = axes[0]
    values = summary.set_index("quantity")
    surmise = values.loc["KS distance to the Wigner surmise"]
    exact = values.value["KS distance to the exact law"]

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


def figure_5(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Pooled densities of six processes' Hessians, with the semicircle of equal variance.

    :param curves: columns panel, series (``histogram``, ``semicircle``, ``expected``, ``atom``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error.
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
            # A few outliers in a hundred levels would not be seen beside the bulk.
            axis.set_yscale("log")
            axis.set_ylim(0.5 * bars.y[bars.y > 0].min(), 8 * bars.y.max())
        if axis.get_yscale() == "linear":
            highest = max(bars.y.max(), semicircle.y.max(), lines["expected"].y.max())
            axis.set_ylim(0, 1.35 * highest)
        values = summary[summary.panel == panel].set_index("quantity")
        distance = values.loc["KS distance to the semicircle of equal variance"]
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


def figure_6(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spacing ratios of the same Hessians: as published, and with degeneracy and outliers really in.

    :param curves: columns panel, series (``plain``, ``changed``, ``surmise``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference, error.
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
        mean = values.loc["mean of min(r, 1/r)"]
        remarks = [r"mean min$(r, 1/r)$", f"{mean.value:.4f} ± {mean.error:.4f}"]
        if panel in "def":
            remarks = ["plain, as published" if reading == "plain" else added[panel], *remarks]
        axis.text(0.97, 0.95, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        style.label_panel(axis, panel, titles[panel])
    for axis in axes[:, 0]:
        axis.set_ylabel("density")
    for axis in axes[-1]:
        axis.set_xlabel("ratio $r$")
    handles = [
        Patch(color=style.HISTOGRAM_COLOUR),
        Line2D([], [], color="black"),
    ]
    figure.legend(handles, ["spacing ratios", "surmise, eq. 12"], loc="outside upper center", ncols=2)
    style.add_note(figure, note)
    return figure


def _titles(summary: pd.DataFrame) -> dict[str, str]:
    """k''(0) of each panel, with the mark of what is changed in it."""
    second = summary[summary.quantity == "k''(0)"].set_index("panel").value
    marks = {"d": "*", "e": "†", "f": "†"}
    return {panel: f"$k''(0) = {value:g}$ {marks.get(panel, '')}".rstrip() for panel, value in second.items()}


def _points(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return table.x, table.y


def _bars(axis: Axes, bars: pd.DataFrame, label: str = "") -> None:
    """A histogram as one outline, filled: bars side by side would show seams."""
    edges = [*bars.x, bars.x_high.iloc[-1]]
    axis.stairs(bars.y, edges, fill=True, color=style.HISTOGRAM_COLOUR, label=label)
