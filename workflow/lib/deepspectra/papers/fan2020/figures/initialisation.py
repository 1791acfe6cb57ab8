"""Kernels at random weights beside their limit laws: figures 1, 2, S2 and S4 of Fan and Wang (2020)."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style

_REFERENCE = (
    "KS: Kolmogorov-Smirnov distance of the eigenvalues to the limit; in brackets, of one linear network with "
    "independent noise that has the same limit, at the same size. Mean sensitivities: this network's NTK with every "
    "$S_l^\\top S_l$ at its mean over the weights, given the inner products and norms below. With lemma 3.5: the "
    "sum of conjugate kernels that the lemma puts there. From the NTK to the first, finite width is left out; from the "
    "first to the second, the size of inner products. All vary several-fold between draws of the weights. Below: the "
    "lower 70 % of a crowded spectrum (without the lowest half per cent), or else the whole."
)

#: Series of :data:`deepspectra.papers.fan2020.kernel_statistics.STAND_INS`: label, what summaries call it, and line.
_STAND_INS = {
    "mean": ("mean sensitivities", "the kernel with mean sensitivities", {"color": "#00695C", "linewidth": 0.7}),
    "lemma": ("with lemma 3.5", "lemma 3.5's matrix", {"color": "0.15", "linewidth": 0.6}),
}

#: What each figure shows, in a line: title of its caption, and what is read out in place of the picture.
TITLES = {
    "figure_1": "Spectra of the input Gram matrix, conjugate and tangent kernel with their limit laws, Gaussian inputs",
    "figure_2": "Spectra of the input Gram matrix, conjugate and tangent kernel with their limit laws, CIFAR-10",
    "figure_s2": "Spectra of conjugate and tangent kernel with their limit laws, CIFAR-10 with all components",
    "figure_s4": "Spectra of the conjugate kernels of every layer with their limit laws, Gaussian inputs and CIFAR-10",
}

#: What each figure assumes where the paper is open, for its small print.
NOTES = {
    "figure_1": f"{_REFERENCE} Assumed: float32 arithmetic for the networks (eigenvalues in float64), the bins.",
    "figure_2": f"{_REFERENCE} Assumed: pixel values as they are, mean image removed, then the principal components, "
    "then every sample scaled to unit norm; float32 arithmetic. (a) has no limit law: the limits of (b) and (c) start "
    "from its eigenvalues, and their wiggles at the upper end follow single ones of them. The lemma asks for inner "
    "products that vanish as n grows; those of images do not (figure S1).",
    "figure_s2": f"{_REFERENCE} Images and weights of figure 2. Assumed: the mean image is removed all the same, and "
    "every sample scaled to unit norm; float32 arithmetic. Single large eigenvalues lie far to the right.",
    "figure_s4": "KS: Kolmogorov-Smirnov distance of the eigenvalues to the limit of theorem 3.4; in brackets, of the "
    "linear network with independent noise that has the same limit, at the same size. Networks of figure 1 (above) and "
    "figure 2 (below). Densities of ln(lambda), in which the bulks at small and large eigenvalues are seen to merge. "
    "The limits below start from the images' own eigenvalues, and their wiggles follow single ones.",
}


def figure_1(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectra at initialisation for Gaussian inputs: input Gram matrix, conjugate kernel, neural tangent kernel.

    :param curves: columns panel, series (``histogram``, ``limit``, ``atom``), x, x_high, y.
    :param summary: columns panel, series, quantity, value, reference.
    """
    return _three_spectra(curves, summary, note)


def figure_2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """The same for CIFAR-10 images without their leading principal components."""
    return _three_spectra(curves, summary, note)


def figure_s2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """The same with all principal components."""
    return _three_spectra(curves, summary, note)


def figure_s4(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Conjugate kernels of every layer: Gaussian inputs above, images below."""
    panels = list(dict.fromkeys(curves.panel))
    sources = list(dict.fromkeys(panel.rpartition("_")[0] for panel in panels))
    rows = [[panel for panel in panels if panel.rpartition("_")[0] == source] for source in sources]
    figure, axes = style.new_figure(1.3 * style.COLUMN, 3.9, (len(rows), max(map(len, rows))))
    for line, names, row in zip(axes, ("Gaussian inputs", "CIFAR-10"), rows, strict=True):
        for axis, panel in zip(line, row, strict=False):
            lines = dict(list(curves[curves.panel == panel].groupby("series")))
            bars, limit = lines["histogram"], lines["limit"]
            axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR)
            axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR)
            axis.set_xscale("log")
            axis.set_ylim(0, 1.3 * max(bars.y.max(), limit.y.max()))
            axis.set_title(f"layer {panel.rpartition('_')[2]}", loc="left")
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


def _three_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Above, each whole spectrum with logarithmic density; below, the part where most eigenvalues are, linear."""
    figure, axes = style.new_figure(style.COLUMN, 4.1, (2, 3))
    titles = {
        "a": r"input $X_0^\top X_0$",
        "b": r"conjugate kernel $K^\mathrm{CK}$",
        "c": r"tangent kernel $K^\mathrm{NTK}$",
    }
    for (panel, title), (whole, part) in zip(titles.items(), axes.T, strict=True):
        lines = dict(list(curves[curves.panel == panel].groupby("series")))
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
            label, name, look = _STAND_INS[series]
            part.stairs(lines[series].y, [*lines[series].x, lines[series].x_high.iloc[-1]], **look)
            whole.plot([], [], label=f"{label}: KS {told[f'KS distance of {name}']:#.2g}", **look)
        inside = limit[limit.x.between(left, right)]
        part.set_xlim(left - 0.03 * (right - left), right)
        part.set_ylim(0, 1.15 * max(magnified.y.max(), inside.y.max() if len(inside) else 0))
        part.set_xlabel(r"eigenvalue $\lambda$")
        entries = _legend(whole, _remarks(lines, summary[summary.panel == panel]))
        whole.set_ylim(*_room_for(entries, lines["histogram"], limit))
    axes[0, 0].set_ylabel("density (logarithmic)")
    axes[1, 0].set_ylabel("density")
    style.add_note(figure, note)
    return figure


def _spectrum(axis: Axes, bars: pd.DataFrame, limit: pd.DataFrame) -> None:
    """Histogram and limit density."""
    axis.bar(
        bars.x,
        bars.y,
        width=bars.x_high - bars.x,
        align="edge",
        color=style.HISTOGRAM_COLOUR,
        edgecolor=style.HISTOGRAM_COLOUR,
        linewidth=0.2,
        label="eigenvalues",
    )
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


def _legend(axis: Axes, remarks: list[str]) -> int:
    """Lines and bars, and below them what the numbers say; how many entries there are."""
    handles, labels = axis.get_legend_handles_labels()
    blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
    axis.legend(handles + blank, labels + remarks, loc="upper right", handlelength=1.2, borderaxespad=0)
    return len(labels) + len(remarks)


def _remarks(lines: dict[str, pd.DataFrame], summary: pd.DataFrame) -> list[str]:
    """What the numbers of one panel say, for its legend."""
    values = summary.set_index("quantity")[["value", "reference"]]
    remarks = []
    if "KS distance to the limit" in values.index:
        value, reference = values.loc["KS distance to the limit"]
        remarks.append(f"KS {value:#.2g}" + (f" ({reference:#.2g})" if pd.notna(reference) else ""))
    if "atom" in lines:
        remarks += [f"{mass:.1%} at {x:.2g}, not drawn" for x, mass in lines["atom"][["x", "y"]].values if mass > 0]
    return remarks
