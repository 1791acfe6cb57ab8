"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.figures import style

_REFERENCE = (
    "KS: Kolmogorov-Smirnov distance of the eigenvalues to the limit; in brackets, of the linear network with "
    "independent noise that has the same limit, at the same size. Lemma 3.5: the same for the sum of conjugate kernels "
    "of this network that the lemma puts in the place of its NTK (outlined in the inset): the rest of the distance is "
    "the lemma's error at this size, and varies several-fold from one draw of the weights to another. "
    "Insets: the lower 70 % (without the lowest half per cent)."
)

_LEMMA_COLOUR = "0.15"

#: What each figure assumes where the paper is open, for its small print.
NOTES = {
    "figure_1": f"{_REFERENCE} Assumed: float32 arithmetic for the networks (eigenvalues in float64), the bins.",
    "figure_2": f"{_REFERENCE} Assumed: pixel values as they are, mean image removed, then the principal components, "
    "then every sample scaled to unit norm; the limits start from the eigenvalues of (a); float32 arithmetic.",
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


def _three_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    figure, axes = style.new_figure(style.PAGE, 2.8, (1, 3))
    titles = {
        "a": r"input $X_0^\top X_0$",
        "b": r"conjugate kernel $K^\mathrm{CK}$",
        "c": r"tangent kernel $K^\mathrm{NTK}$",
    }
    for (panel, title), axis in zip(titles.items(), axes[0], strict=True):
        part = curves[curves.panel == panel]
        bars = part[part.series == "histogram"]
        _spectrum(axis, bars, part[part.series == "limit"])
        axis.set_ylim(0, 1.12 * bars.y.max())
        axis.set_xlim(left=min(0.0, bars.x.min()))
        style.label_panel(axis, panel, title)
        axis.set_xlabel(r"eigenvalue $\lambda$")
        remarks = _remarks(part, summary[summary.panel == panel])
        lemma = summary[(summary.panel == panel) & (summary.quantity == "KS distance of lemma 3.5's matrix")]
        if len(lemma):
            axis.plot([], [], color=_LEMMA_COLOUR, linewidth=0.7, label=f"lemma 3.5: KS {lemma.value.iloc[0]:.2g}")
        handles, labels = axis.get_legend_handles_labels()
        blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
        axis.legend(handles + blank, labels + remarks, loc="upper right", handlelength=1.2, borderaxespad=0)
        _inset(axis, part)
    axes[0, 0].set_ylabel("density")
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


def _inset(axis: Axes, part: pd.DataFrame) -> None:
    """The crowded left end of a spectrum, magnified, in the empty middle of its panel."""
    bars = part[part.series == "zoom"]
    if not len(bars):
        return
    inset = axis.inset_axes([0.42, 0.16, 0.56, 0.42])
    limit = part[(part.series == "limit") & (part.x <= bars.x_high.max())]
    _spectrum(inset, bars, limit)
    lemma = part[part.series == "lemma"]
    if len(lemma):
        edges = [*lemma.x, lemma.x_high.iloc[-1]]
        inset.stairs(lemma.y, edges, color=_LEMMA_COLOUR, linewidth=0.7)
    inset.set_xlim(bars.x.min() - 0.02 * (bars.x_high.max() - bars.x.min()), bars.x_high.max())
    inset.set_ylim(0, 1.1 * max(bars.y.max(), limit.y.max() if len(limit) and limit.y.max() < 3 * bars.y.max() else 0))
    inset.tick_params(labelsize=5.5, pad=1.5)
    inset.locator_params(nbins=4)


def _remarks(part: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """What the numbers of one panel say, for its legend."""
    remarks = []
    row = summary[summary.quantity == "KS distance to the limit"]
    if len(row):
        value, reference = row[["value", "reference"]].iloc[0]
        remarks.append(f"KS {value:.2g}" + (f" ({reference:.2g})" if pd.notna(reference) else ""))
    zeros = part[part.series == "atom"].y.sum()
    if zeros > 0:
        remarks.append(f"{zeros:.1%} at 0, not drawn")
    return remarks
