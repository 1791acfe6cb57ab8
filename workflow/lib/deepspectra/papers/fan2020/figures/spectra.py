"""Kernels at random weights beside their limit laws: figures 1, 2, S2 and S4 of Fan and Wang (2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style

__all__ = ["draw_kernel_spectra", "draw_layer_spectra", "draw_steps", "legend_with_remarks", "series_of"]

#: Label and line of the matrices between a tangent kernel and its limit, by series.
_STAND_INS = {
    "mean": ("mean sensitivities", {"color": "#00695C", "linewidth": 0.7}),
    "lemma": ("with lemma 3.5", {"color": "0.15", "linewidth": 0.6}),
}


def draw_layer_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Conjugate kernels of every layer: Gaussian inputs above, images below (figure S4).

    :param curves: a panel for each layer of each network; series ``histogram``, ``limit``, ``atom``.
    :param summary: its column at is the layer.
    """
    layers = summary[summary.quantity == "ks_distance"].set_index("panel")["at"]
    networks = [list(layers.index[layers.index.str.startswith(figure)]) for figure in ("figure_1_", "figure_2_")]
    figure, axes = style.new_figure(1.3 * style.COLUMN, 3.9, (2, max(map(len, networks))))
    for line, names, row in zip(axes, ("Gaussian inputs", "CIFAR-10"), networks, strict=True):
        for axis, panel in zip(line, row, strict=False):
            lines = series_of(curves, panel)
            bars, limit = lines["histogram"], lines["limit"]
            draw_steps(axis, bars, fill=True, color=style.HISTOGRAM_COLOUR)
            axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR)
            axis.set(xscale="log", ylim=(0, 1.3 * max(bars.y.max(), limit.y.max())))
            axis.set_title(f"layer {layers[panel]:.0f}", loc="left")
            remarks = _remarks(lines, summary[summary.panel == panel])
            axis.text(0.97, 0.97, "\n".join(remarks), transform=axis.transAxes, ha="right", va="top", fontsize=6)
        line[0].set_ylabel(f"{names}\n" + r"density of $\ln\lambda$")
        for axis in line[len(row) :]:
            axis.set_axis_off()
    for axis in axes[-1]:
        axis.set_xlabel(r"eigenvalue $\lambda$")
    handles = [axes[0, 0].patches[0], axes[0, 0].lines[0]]
    figure.legend(handles, ["eigenvalues", "limit law"], loc="outside upper right", ncols=2)
    style.add_note(figure, note)
    return figure


def draw_kernel_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Input Gram matrix, conjugate kernel and tangent kernel at initialisation, with their limits (figures 1, 2, S2).

    Above, each whole spectrum on a logarithmic axis; below, the part where most eigenvalues are, on a linear one.

    :param curves: series ``histogram``, ``zoom``, ``limit``, ``atom``, stand-ins.
    """
    figure, axes = style.new_figure(style.COLUMN, 4.1, (2, 3))
    titles = {"a": r"input $X_0^\top X_0$"}
    titles |= {"b": r"conjugate kernel $K^\mathrm{CK}$", "c": r"tangent kernel $K^\mathrm{NTK}$"}
    for (panel, title), (whole, part) in zip(titles.items(), axes.T, strict=True):
        lines = series_of(curves, panel)
        limit = lines.get("limit", curves[:0])
        _spectrum(whole, lines["histogram"], limit)
        whole.set_yscale("log")
        whole.set_xlim(left=min(0.0, lines["histogram"].x.min()))
        style.label_panel(whole, panel, title)

        magnified = lines.get("zoom", lines["histogram"])
        left, right = magnified.x.min(), magnified.x_high.max()
        _spectrum(part, magnified, limit[limit.x <= right])
        told = summary[summary.panel == panel].set_index("quantity").value
        for series in (name for name in _STAND_INS if name in lines):
            label, look = _STAND_INS[series]
            draw_steps(part, lines[series], **look)
            whole.plot([], [], label=f"{label}: KS {told[f'ks_distance_of_{series}_kernel']:#.2g}", **look)
        inside = limit[limit.x.between(left, right)]
        part.set_xlim(left - 0.03 * (right - left), right)
        part.set_ylim(0, 1.15 * max(magnified.y.max(), inside.y.max() if len(inside) else 0))
        part.set_xlabel(r"eigenvalue $\lambda$")
        remarks = _remarks(lines, summary[summary.panel == panel])
        entries = legend_with_remarks(whole, remarks, "upper right")
        whole.set_ylim(*_room_for(entries, lines["histogram"], limit))
    axes[0, 0].set_ylabel("density (logarithmic)")
    axes[1, 0].set_ylabel("density")
    style.add_note(figure, note)
    return figure


def series_of(curves: pd.DataFrame, panel: str) -> dict[str, pd.DataFrame]:
    """The rows of one panel, by series."""
    return dict(list(curves[curves.panel == panel].groupby("series", sort=False)))


def draw_steps(axis: Axes, bars: pd.DataFrame, **look: Any) -> None:
    """Draw a histogram of adjacent bins, columns x, x_high, y."""
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], **look)


def legend_with_remarks(
    axis: Axes, remarks: Sequence[str], loc: Literal["upper left", "upper right"], handlelength: float = 1.2
) -> int:
    """Lines and bars of a panel, and remarks below them; the number of entries."""
    handles, labels = axis.get_legend_handles_labels()
    blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
    entries = [*labels, *remarks]
    axis.legend([*handles, *blank], entries, loc=loc, handlelength=handlelength, borderaxespad=0)
    return len(entries)


def _spectrum(axis: Axes, bars: pd.DataFrame, limit: pd.DataFrame) -> None:
    """Histogram and limit density."""
    look: dict[str, Any] = {"color": style.HISTOGRAM_COLOUR, "edgecolor": style.HISTOGRAM_COLOUR, "linewidth": 0.2}
    axis.bar(bars.x, bars.y, width=bars.x_high - bars.x, align="edge", label="eigenvalues", **look)
    if len(limit):
        # Between two bulks the curve runs along zero: the edges of both are in the table, at density zero.
        axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR, label="limit law")


def _room_for(entries: int, bars: pd.DataFrame, limit: pd.DataFrame) -> tuple[float, float]:
    """Ends of a logarithmic axis that leave a legend of so many entries clear of the bars under it."""
    lowest, highest = 0.5 * bars.y[bars.y > 0].min(), max(bars.y.max(), limit.y.max() if len(limit) else 0)
    # The legend covers the right of a panel, all of it with the long entries of stand-ins, and of its height about a
    # tenth for each entry.
    left = 0.2 if entries < 5 else 0.0
    right = bars.x_high > bars.x.min() + left * (bars.x_high.max() - bars.x.min())
    free = lowest * (bars.y[right].max() / lowest) ** (1 / (1 - 0.1 * entries))
    return lowest, max(4 * highest, 1.2 * free)


def _remarks(lines: dict[str, pd.DataFrame], summary: pd.DataFrame) -> list[str]:
    """What the numbers of one panel say, for its legend."""
    values = summary.set_index("quantity")[["value", "reference"]]
    remarks = []
    if "ks_distance" in values.index:
        value, reference = values.loc["ks_distance"]
        remarks.append(f"KS {value:#.2g}" + (f" ({reference:#.2g})" if pd.notna(reference) else ""))
    if "atom" in lines:
        remarks += [f"{mass:.1%} at {x:.2g}, not drawn" for x, mass in lines["atom"][["x", "y"]].values if mass > 0]
    return remarks
