"""Figures made from one file of eigenvalues: random matrices, and a network too large for its Hessian."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from deepspectra.papers import style
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN

__all__ = ["ensemble_spacings", "gauss_newton_spectrum", "process_densities", "process_ratios"]


def ensemble_spacings(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 2: the Wigner surmise beside spacings of large GOE matrices and of independent levels.

    :param curves: columns panel, series (``surmise``, ``independent``, ``ensemble``, ``exact``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 2.4, (1, 2))
    (left, right), lines = axes[0], dict(list(curves.groupby(["panel", "series"])))
    values = summary.set_index("quantity")
    surmise = values.loc["surmise_ks"]

    _bars(left, lines["a", "ensemble"], "orthogonal ensemble")
    _line(left, lines["a", "independent"], style.BLUE, label="independent, $e^{-s}$", linestyle="--")
    _line(left, lines["a", "surmise"], label="Wigner surmise")
    left.set(ylim=(0, None), ylabel="density")

    right.axhline(0, color="black")
    label = f"orthogonal ensemble, KS {surmise.value:.2g}"
    _line(right, lines["b", "ensemble"], style.HISTOGRAM_COLOUR, label=label, linewidth=1.6)
    _line(right, lines["b", "exact"], style.LIMIT_COLOUR, label=f"exact law, KS {surmise.reference:.2g}")
    right.plot([], [], alpha=0, label=f"ensemble to exact law: KS {values.value['exact_ks']:.2g}")
    right.set_ylabel(r"$F(s) - F_\mathrm{surmise}(s)$")
    low, high = right.get_ylim()
    right.set_ylim(low, high + 0.45 * (high - low))
    titles = ("spacings", "distribution functions $F$, less the surmise's")
    for axis, letter, title in zip(axes[0], "ab", titles, strict=True):
        axis.legend(loc="upper right")
        style.label_panel(axis, letter, title)
        axis.set(xlabel="spacing $s$ (mean spacings)", xlim=(0, lines["a", "surmise"].x.max()))
    style.add_note(figure, note)
    return figure


def process_densities(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 5: pooled densities of six processes' Hessians, with the semicircle of equal variance.

    :param curves: columns panel, series (``histogram``, ``semicircle``, ``expected``, ``atom``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 3.9, (2, 3))
    for (panel, title), axis in zip(_titles(summary).items(), axes.ravel(), strict=True):
        lines = dict(list(curves[curves.panel == panel].groupby("series")))
        bars, semicircle = lines["histogram"], lines["semicircle"]
        _bars(axis, bars)
        _line(axis, semicircle, style.LIMIT_COLOUR)
        if "expected" in lines:
            _line(axis, lines["expected"], linestyle=":")
            axis.set_ylim(0, 1.35 * max(bars.y.max(), semicircle.y.max(), lines["expected"].y.max()))
        else:
            # On a linear scale a few outliers among hundreds of levels would be invisible.
            axis.set(yscale="log", ylim=(0.5 * bars.y[bars.y > 0].min(), 8 * bars.y.max()))
        distance = summary[summary.panel == panel].set_index("quantity").loc["semicircle_ks"]
        remarks = [f"KS {distance.value:.2g} ({distance.reference:.2g})"]
        if "atom" in lines:
            remarks.append(f"{lines['atom'].y.iloc[0]:.0%} at 0, not drawn")
        axis.text(0.97, 0.98, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        style.label_panel(axis, panel, title)
        axis.set_ylabel("density (logarithmic)" if panel == "e" else "density" if panel in "ad" else "")
    for axis in axes[1]:
        axis.set_xlabel(r"eigenvalue $\lambda$")
    semicircle, expected = Line2D([], [], color=style.LIMIT_COLOUR), Line2D([], [], color="black", linestyle=":")
    labels = {"semicircle of equal variance": semicircle, "expected density (a to d)": expected}
    return _with_legend(figure, note, "eigenvalues", labels)


def process_ratios(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 6: spacing ratios of the same Hessians, as published and with degeneracy and outliers included.

    :param curves: columns panel, series (``plain``, ``changed``, ``surmise``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 5.3, (3, 3))
    titles = _titles(summary)
    surmise = curves[curves.series == "surmise"]
    places = [(panel, "plain") for panel in "abcdef"] + [(panel, "changed") for panel in "def"]
    added = {"d": "zeros left out", "e": "outliers in", "f": "outliers in"}
    for (panel, reading), axis in zip(places, axes.ravel(), strict=True):
        _bars(axis, curves[(curves.panel == panel) & (curves.series == reading)])
        _line(axis, surmise)
        axis.set(xlim=(0, surmise.x.max()), ylim=(0, 1.1 * curves.y.max()))
        mean = summary[(summary.panel == panel) & (summary.series == reading)].set_index("quantity").loc["mean_ratio"]
        remarks = [r"mean min$(r, 1/r)$", f"{mean.value:.4f} ± {mean.error:.4f}"]
        if panel in added:
            remarks = ["plain, as published" if reading == "plain" else added[panel], *remarks]
        axis.text(0.97, 0.95, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        style.label_panel(axis, panel, titles[panel])
    for axis in axes[:, 0]:
        axis.set_ylabel("density")
    for axis in axes[-1]:
        axis.set_xlabel("ratio $r$")
    return _with_legend(figure, note, "spacing ratios", {"surmise, eq. 12": Line2D([], [], color="black")})


def gauss_newton_spectrum(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """ResNet-34: eigenvalues by rank (a), their ratios (b), and the mean of min(r, 1/r) along the spectrum (c).

    :param curves: columns panel, series (``eigenvalues``, ``bound``; ``histogram``, ``surmise``; ``parts``,
        ``orthogonal_lower``, ``orthogonal_upper``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 2.6, (1, 3))
    left, middle, right = axes[0]
    lines, values = dict(list(curves.groupby(["panel", "series"]))), summary.set_index("quantity")

    levels, bound = lines["a", "eigenvalues"], lines["a", "bound"]
    _line(left, levels, style.BLUE, label="eigenvalues")
    _line(left, bound, "0.4", label="error bound", linestyle="--")
    low, high = bound.y.min(), levels.y.max()
    left.set(yscale="log", ylim=(low / 10, high * (high / low) ** 0.6), xlim=(0, levels.x.max() + 1))
    left.set(xlabel="rank", ylabel="eigenvalue")
    parameters, count = (int(values.value[key]) for key in ("parameters", "eigenvalues"))
    left.plot([], [], alpha=0, label=f"{count} of {parameters / 1e6:.1f} million")

    bars = lines["b", "histogram"]
    _bars(middle, bars, "ratios")
    _line(middle, lines["b", "surmise"], label="surmise, eq. 12")
    mean = values.loc["mean_ratio"]
    # A spectrum too short for blocks has no error.
    error = f" ± {mean.error:.3f}" if pd.notna(mean.error) else ""
    for remark in (r"mean min$(r, 1/r)$", f"{mean.value:.3f}{error}", f"p = {values.value['p_value']:.2g}"):
        middle.plot([], [], alpha=0, label=remark)
    middle.set(xlim=(0, bars.x_high.max()), ylim=(0, None), xlabel="ratio $r$", ylabel="density")

    parts, lower, upper = (lines["c", series] for series in ("parts", "orthogonal_lower", "orthogonal_upper"))
    edges = [*parts.x, parts.x_high.iloc[-1]]
    right.stairs(upper.y, edges, baseline=lower.y, fill=True, color="0.88", label="orthogonal, 95 %")
    right.axhline(GOE_MEAN, color="black", label=f"large orthogonal, {GOE_MEAN:.4f}")
    right.axhline(POISSON_MEAN, color=style.VERMILION, linestyle="--", label=f"independent, {POISSON_MEAN:.4f}")
    right.plot((parts.x + parts.x_high) / 2, parts.y, "o", color=style.BLUE, label="ResNet-34")
    low, high = min(lower.y.min(), parts.y.min(), POISSON_MEAN), max(upper.y.max(), parts.y.max())
    right.set(ylim=(low - 0.05, high + 0.9 * (high - low)), xlim=(0, 1))
    right.set(xlabel="share of levels below", ylabel=r"mean min$(r, 1/r)$")
    titles = ("non-zero spectrum", "spacing ratios", "along the spectrum")
    for axis, letter, title in zip(axes[0], "abc", titles, strict=True):
        axis.legend(loc="upper right")
        style.label_panel(axis, letter, title)
    style.add_note(figure, note)
    return figure


def _titles(summary: pd.DataFrame) -> dict[str, str]:
    """k''(0) of each panel, with a mark for its changes."""
    second = summary[summary.quantity == "second_derivative"].set_index("panel").value
    marks = {"d": "*", "e": "†", "f": "†"}
    return {panel: f"$k''(0) = {value:g}$ {marks.get(panel, '')}".rstrip() for panel, value in second.items()}


def _with_legend(figure: Figure, note: str, bars: str, lines: dict[str, Line2D]) -> Figure:
    handles = [Patch(color=style.HISTOGRAM_COLOUR), *lines.values()]
    figure.legend(handles, [bars, *lines], loc="outside upper center", ncols=len(handles))
    style.add_note(figure, note)
    return figure


def _line(axis: Axes, table: pd.DataFrame, colour: str = "black", **look: Any) -> None:
    axis.plot(table.x, table.y, color=colour, **look)


def _bars(axis: Axes, bars: pd.DataFrame, label: str = "") -> None:
    """A histogram as one outline, filled: bars side by side would show seams."""
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, label=label)
