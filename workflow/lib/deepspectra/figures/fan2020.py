"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.figures import style

_REFERENCE = (
    "KS: Kolmogorov-Smirnov distance of the eigenvalues to the limit; in brackets, of the linear network with "
    "independent noise that has the same limit, at the same size."
)

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
    figure, axes = style.new_figure(style.PAGE, 2.6, (1, 3))
    titles = {"a": r"input $X_0^\top X_0$", "b": r"conjugate kernel $K^\mathrm{CK}$", "c": r"$K^\mathrm{NTK}$"}
    for (panel, title), axis in zip(titles.items(), axes[0], strict=True):
        _spectrum(axis, curves[curves.panel == panel])
        style.label_panel(axis, panel, title)
        axis.set_xlabel(r"eigenvalue $\lambda$")
        distance = summary[(summary.panel == panel) & (summary.quantity == "KS distance to the limit")]
        if len(distance):
            value, reference = distance[["value", "reference"]].iloc[0]
            text = f"KS {value:.2g}" + (f" ({reference:.2g})" if pd.notna(reference) else "")
            axis.text(0.97, 0.80, text, transform=axis.transAxes, ha="right", va="top", fontsize=7)
    axes[0, 0].set_ylabel("density")
    style.add_note(figure, note)
    return figure


def _spectrum(axis: Axes, part: pd.DataFrame) -> None:
    """Histogram, limit density and the share of zero eigenvalues of one panel."""
    bars = part[part.series == "histogram"]
    limit = part[part.series == "limit"]
    atom = part[part.series == "atom"]
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
        # Between two bulks the curve is broken: their edges are in the table, at density zero.
        axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR, label="limit law")
    axis.set_ylim(0, 1.12 * bars.y.max())
    axis.set_xlim(left=min(0.0, bars.x.min()))
    axis.legend(loc="upper right", handlelength=1.2)
    if len(atom) and atom.y.iloc[0] > 0:
        axis.text(
            0.97, 0.68, f"not drawn: {atom.y.iloc[0]:.1%} at 0", transform=axis.transAxes, ha="right", va="top", fontsize=7
        )
