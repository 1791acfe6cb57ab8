"""Figures made from one file of eigenvalues: random matrices, and a network too large for its Hessian."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from deepspectra.papers import style
from deepspectra.papers.baskerville2022.figures.differences import (
    band_half_width,
    difference_axis,
    distribution,
    edges_of,
)
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, goe_ratio_cdf, ratio_surmise
from deepspectra.rmt.laws.spacings import wigner_surmise

__all__ = ["ensemble_spacings", "gauss_newton_spectrum", "process_densities", "process_ratios"]

#: Of figure 6, before means.
_READINGS = {"plain": "as published", "changed": "as captioned"}


def ensemble_spacings(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 2: the Wigner surmise beside spacings of large GOE matrices and of independent levels.

    :param curves: columns panel, series (``surmise``, ``independent``, ``ensemble``, ``exact``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 3.0, (1, 2))
    (left, right), lines = axes[0], dict(list(curves.groupby(["panel", "series"])))
    values = summary.set_index("quantity")
    surmise = values.loc["surmise_ks"]

    _bars(left, lines["a", "ensemble"], "orthogonal ensemble")
    _line(left, lines["a", "independent"], style.INDEPENDENT, label="independent, $e^{-s}$", linestyle=":")
    _line(left, lines["a", "surmise"], label="Wigner surmise")
    left.set(ylim=(0, None), ylabel="density")

    found, exact = lines["b", "ensemble"], lines["b", "exact"]
    heights = exact.y.to_numpy() + wigner_surmise.cdf(exact.x)
    half = band_half_width(heights, values.value["spacings"])
    look = {"color": style.NULL_BAND, "linewidth": 0, "label": "95 % of as many independent values"}
    right.fill_between(exact.x, exact.y - half, exact.y + half, **look)
    right.axhline(0, color=style.LAW, linewidth=0.8)
    _line(right, found, style.RESOLVED, label=f"orthogonal ensemble, KS {surmise.value:.2g}")
    _line(right, exact, style.NULL, label=f"exact law, KS {surmise.reference:.2g}", linestyle="--")
    right.set_ylabel(r"$F(s) - F_\mathrm{surmise}(s)$")
    titles = (
        "spacings",
        "distribution functions $F$, less the surmise's;\n"
        f"KS of the ensemble to the exact law: {values.value['exact_ks']:.2g}",
    )
    for axis, letter, title in zip(axes[0], "ab", titles, strict=True):
        style.label_panel(axis, letter, title)
        axis.set(xlabel="spacing $s$ (mean spacings)", xlim=(0, lines["a", "surmise"].x.max()))
    return _with_legend(figure, note)


def process_densities(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 5: pooled densities of six processes' Hessians, with the semicircle of equal variance.

    :param curves: columns panel, series (``histogram``, ``semicircle``, ``expected``, ``atom``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 4.6, (2, 3))
    for (panel, title), axis in zip(_titles(summary).items(), axes.ravel(), strict=True):
        lines = dict(list(curves[curves.panel == panel].groupby("series")))
        bars, semicircle = lines["histogram"], lines["semicircle"]
        _bars(axis, bars, "eigenvalues")
        _line(axis, semicircle, label="semicircle of equal variance")
        if "expected" in lines:
            _line(axis, lines["expected"], style.NULL, linestyle="--", label="expected density (a to d)")
            axis.set_ylim(0, 1.1 * max(bars.y.max(), semicircle.y.max(), lines["expected"].y.max()))
        else:
            # On a linear scale a few outliers among hundreds of levels would be invisible.
            axis.set(yscale="log", ylim=(0.5 * bars.y[bars.y > 0].min(), 3 * bars.y.max()))
        distance = summary[summary.panel == panel].set_index("quantity").loc["semicircle_ks"]
        remarks = [f"KS {distance.value:.2g} (shift removed: {distance.reference:.2g})"]
        if "atom" in lines:
            remarks.append(f"{lines['atom'].y.iloc[0]:.0%} at 0, not drawn")
        style.label_lines(axis, panel, [title, *remarks])
        axis.set_ylabel("density (logarithmic)" if panel in "ef" else "density")
        if panel in "ef":
            axis.yaxis.set_major_locator(LogLocator(numticks=6))
    for axis in axes.ravel():
        axis.set_xlabel(r"eigenvalue $\lambda$")
        axis.xaxis.set_major_locator(MaxNLocator(5))
    return _with_legend(figure, note)


def process_ratios(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 6: spacing ratios of the same Hessians, as published and with degeneracy and outliers included.

    Densities are as published; below, distribution functions less that of large random matrices, all on one scale.

    :param curves: columns panel, series (``plain``, ``changed``, ``surmise``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 7.0, (4, 3))
    titles = _titles(summary)
    surmise = curves[curves.series == "surmise"]
    bars = {key: part for key, part in curves.groupby(["panel", "series"]) if "surmise" not in key}
    ends = bars["a", "plain"].x_high.to_numpy()
    null = goe_ratio_cdf(ends)
    plain = np.array([distribution(bars[panel, "plain"]) - null for panel in "abcdef"])
    looks = {
        "plain": {"color": style.PUBLISHED, "label": "as published (plain samples)"},
        "changed": {
            "color": style.RESOLVED,
            "linestyle": "-.",
            "label": "as captioned: * zeros left out, † outliers in",
        },
    }
    for panel, place in zip("abcdef", np.vstack([axes[:2].T, axes[2:].T]), strict=True):
        above, below = place
        low, high = plain.min(axis=0), plain.max(axis=0)
        below.fill_between(ends, low, high, color=style.NULL_BAND, linewidth=0, label="range of the six plain samples")
        _line(above, surmise, linewidth=0.8, label="surmise, eq. 12")
        below.plot(ends, ratio_surmise.cdf(ends) - null, color=style.LAW, linewidth=0.8)
        difference_axis(below)
        remarks = []
        for reading, look in looks.items():
            if (panel, reading) in bars:
                found = bars[panel, reading]
                fill = {"fill": True, "alpha": 0.45} if reading == "plain" else {"linewidth": 0.9}
                above.stairs(found.y, edges_of(found), **{"color": look["color"], "label": look["label"]} | fill)
                below.plot(ends, distribution(found) - null, **look)
                mean = summary[(summary.panel == panel) & (summary.series == reading)].set_index("quantity")
                value, error = mean.loc["mean_ratio", ["value", "error"]]
                remarks.append(f"{_READINGS[reading]}: {value:.4f} ± {error:.4f}")
        style.label_lines(above, panel, [f"{titles[panel]}; mean min$(r, 1/r)$:", *remarks])
        above.set(xlim=(0, surmise.x.max()), ylim=(0, 1.1 * curves.y.max()), ylabel="density", xlabel="ratio $r$")
        below.set(xscale="log", xlim=(ends[0], ends[-1]), ylim=_shared(plain, bars, null))
        below.set_xlabel("ratio $r$ (logarithmic)")
        below.set_xticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
        below.set_xticks([], minor=True)
    for axis in axes[:, 1:].ravel():
        axis.set_ylabel("")
    return _with_legend(figure, note)


def _shared(plain: np.ndarray, bars: dict[tuple[str, str], pd.DataFrame], null: np.ndarray) -> tuple[float, float]:
    """Limits that hold the differences of every panel."""
    changed = [distribution(part) - null for (_, reading), part in bars.items() if reading == "changed"]
    every = np.vstack([plain, *changed])
    room = 0.05 * (every.max() - every.min())
    return float(every.min() - room), float(every.max() + room)


def gauss_newton_spectrum(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """ResNet-34: eigenvalues by rank (a), their ratios (b), and the mean of min(r, 1/r) along the spectrum (c).

    :param curves: columns panel, series (``eigenvalues``, ``bound``; ``histogram``, ``surmise``; ``parts``,
        ``orthogonal_lower``, ``orthogonal_upper``), x, x_high, y.
    """
    figure, axes = style.new_figure(style.PAGE, 3.1, (1, 3))
    left, middle, right = axes[0]
    lines, values = dict(list(curves.groupby(["panel", "series"]))), summary.set_index("quantity")

    levels, bound = lines["a", "eigenvalues"], lines["a", "bound"]
    _line(left, levels, style.RESOLVED, label="ResNet-34")
    _line(left, bound, "0.4", label="error bound", linestyle="-.")
    low, high = bound.y.min(), levels.y.max()
    left.set(yscale="log", ylim=(low / 10, high * 10), xlim=(0, levels.x.max() + 1))
    left.set(xlabel="rank", ylabel="eigenvalue")
    left.yaxis.set_major_locator(LogLocator(numticks=7))
    parameters, count = (int(values.value[key]) for key in ("parameters", "eigenvalues"))

    bars = lines["b", "histogram"]
    middle.stairs(bars.y, edges_of(bars), fill=True, alpha=0.2, color=style.RESOLVED)
    middle.stairs(bars.y, edges_of(bars), linewidth=0.9, color=style.RESOLVED)
    _line(middle, lines["b", "surmise"], label="surmise, eq. 12")
    mean = values.loc["mean_ratio"]
    # A spectrum too short for blocks has no error.
    error = f" ± {mean.error:.3f}" if pd.notna(mean.error) else ""
    middle.set(xlim=(0, bars.x_high.max()), ylim=(0, None), xlabel="ratio $r$", ylabel="density")

    parts, lower, upper = (lines["c", series] for series in ("parts", "orthogonal_lower", "orthogonal_upper"))
    edges = edges_of(parts)
    look = {"color": style.NULL_BAND, "label": "95 % of orthogonal matrices"}
    right.stairs(upper.y, edges, baseline=lower.y, fill=True, **look)
    right.axhline(GOE_MEAN, color=style.NULL, linestyle="--", label=f"large orthogonal, {GOE_MEAN:.4f}")
    look = {"color": style.INDEPENDENT, "label": f"independent, {POISSON_MEAN:.4f}"}
    right.axhline(POISSON_MEAN, linestyle=":", **look)
    right.plot((parts.x + parts.x_high) / 2, parts.y, "o", color=style.RESOLVED)
    low, high = min(lower.y.min(), parts.y.min(), POISSON_MEAN), max(upper.y.max(), parts.y.max())
    right.set(ylim=(low - 0.02, high + 0.02), xlim=(0, 1))
    right.set(xlabel="share of levels below", ylabel=r"mean min$(r, 1/r)$")
    right.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    heads = (
        ["non-zero spectrum", f"{count} of {parameters / 1e6:.1f} million"],
        ["spacing ratios", rf"mean min$(r, 1/r)$ {mean.value:.3f}{error}, p = {values.value['p_value']:.2g}"],
        ["along the spectrum", "a tenth of the levels at a time"],
    )
    for axis, letter, head in zip(axes[0], "abc", heads, strict=True):
        style.label_lines(axis, letter, head)
    return _with_legend(figure, note)


def _titles(summary: pd.DataFrame) -> dict[str, str]:
    """k''(0) of each panel, with a mark for its changes."""
    second = summary[summary.quantity == "second_derivative"].set_index("panel").value
    marks = {"d": "*", "e": "†", "f": "†"}
    return {panel: f"$k''(0) = {value:g}$ {marks.get(panel, '')}".rstrip() for panel, value in second.items()}


def _with_legend(figure: Figure, note: str) -> Figure:
    """One legend for all panels, above them."""
    entries = style.labels_once(figure.axes)
    figure.legend(list(entries.values()), list(entries), loc="outside upper left", ncols=3, alignment="left")
    return style.add_note(figure, note)


def _line(axis: Axes, table: pd.DataFrame, colour: str = style.LAW, **look: Any) -> None:
    axis.plot(table.x, table.y, color=colour, **look)


def _bars(axis: Axes, bars: pd.DataFrame, label: str = "") -> None:
    """A histogram as one outline, filled: bars side by side would show seams."""
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.DATA, label=label)
