"""Kernels before and after training: figures 3, S5 and S6 of Fan and Wang (2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style

_BEFORE_COLOUR, _OUTLIER_COLOUR = "0.25", style.BLUE

_STATES = ("before", "after")

_SPECTRA = (
    "Filled: after training; outline: before, at random weights, whose limit law is red. Densities of ln(lambda), "
    "since trained spectra spread over decades. Dashed: upper edge of the limit; marks below the axis: eigenvalues "
    "beyond 1.1 times it, a longer bulk among them; arrows: outliers, the ones above a gap of a factor of 1.5. "
    "Numbers: before → after; eigenvalues at zero are not drawn. "
)
_LABELS = "Share of the labels: squared norm of their projection on the leading eigenvectors over their squared norm. "

#: What each figure shows, in a line: title of its caption, and what is read out in place of the picture.
TITLES = {
    "figure_3": "Spectra of conjugate and tangent kernel before and after training on one neuron, and its labels",
    "figure_s5": "Spectra of the conjugate kernels of every layer before and after training on one neuron",
    "figure_s6": "Spectra of conjugate and tangent kernel before and after training on two classes of CIFAR-10",
}

#: What each figure assumes where the paper is open, for its small print.
NOTES = {
    "figure_3": f"{_SPECTRA}{_LABELS}Published: mean squared error 1e-4, test R^2 0.81, 96 % of the labels on two "
    "eigenvectors. Assumed: Adam with Keras's constants, a new order in each epoch, fresh points of the sphere for the "
    "test, kernels in float64. Adam's rate is constant, so that errors fluctuate from epoch to epoch; in brackets the "
    "range of R^2 over the last third of the epochs. R^2 also differs from seed to seed.",
    "figure_s5": f"{_SPECTRA}The network of figure 3, layer by layer.",
    "figure_s6": f"{_SPECTRA}{_LABELS}The paper names neither classes nor sizes. Assumed: figure 3's network and "
    "training, labels 1 and -1 with the squared error, images without the mean training image, of unit norm. Principal "
    "components stay, unlike in figure 2: without ten of them the class is gone from the leading eigenvectors. The "
    "limits start from the input's eigenvalues, and their upper edge is that of the input's largest one.",
}

_TITLES = {"tangent": r"tangent kernel $K^\mathrm{NTK}$", "conjugate": r"conjugate kernel $K^\mathrm{CK}$"}


def figure_3(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A network that learned one neuron's outputs: both kernels, and where the labels lie in their eigenvectors.

    :param curves: columns panel, series, x, x_high, y; panels a and b (series ``before``, ``after``, ``limit``,
        ``edge``, outliers), ``projection`` and ``shares``.
    :param summary: columns panel, series, quantity, value, reference.
    """
    return _kernels_and_labels(curves, summary, note)


def figure_s5(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """The same network's conjugate kernels, layer by layer."""
    panels = sorted(set(curves.panel) & set("abcdefgh"))
    figure, axes = style.new_figure(style.COLUMN * max(1, len(panels) / 3), 2.7, (1, len(panels)))
    for axis, panel in zip(axes[0], panels, strict=True):
        name = summary[(summary.panel == panel)].series.iloc[0]
        _spectrum(axis, curves, summary, panel)
        layer = name.rpartition("_")[2]
        style.label_panel(axis, panel, rf"layer {layer}: $X_{{{layer}}}^\top X_{{{layer}}}$")
    axes[0, 0].set_ylabel(r"density of $\ln\lambda$")
    style.add_note(figure, note)
    return figure


def figure_s6(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A network that learned two classes of images: as figure 3."""
    return _kernels_and_labels(curves, summary, note)


def _kernels_and_labels(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    figure, axes = style.new_figure(style.COLUMN, 4.4, (2, 2))
    for axis, panel, kernel in zip(axes[0], "ab", ("conjugate", "tangent"), strict=True):
        _spectrum(axis, curves, summary, panel)
        style.label_panel(axis, panel, _TITLES[kernel])
    axes[0, 0].set_ylabel(r"density of $\ln\lambda$")
    _projection(axes[1, 0], curves[curves.panel == "projection"], summary)
    style.label_panel(axes[1, 0], "c", "labels on two leading eigenvectors")
    _shares(axes[1, 1], curves[curves.panel == "shares"])
    style.label_panel(axes[1, 1], "d", "labels on $k$ leading eigenvectors")
    style.add_note(figure, note)
    return figure


def _spectrum(axis: Axes, curves: pd.DataFrame, summary: pd.DataFrame, panel: str) -> None:
    """One kernel before and after training, its limit, and its outliers."""
    lines = dict(list(curves[curves.panel == panel].groupby("series")))
    after, before, limit = lines["after"], lines["before"], lines["limit"]
    axis.stairs(
        after.y, [*after.x, after.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, label="after training"
    )
    axis.stairs(
        before.y, [*before.x, before.x_high.iloc[-1]], color=_BEFORE_COLOUR, linewidth=0.7, label="before training"
    )
    axis.plot(limit.x, limit.y, color=style.LIMIT_COLOUR, label="limit before")
    # It ends below the legend.
    axis.axvline(lines["edge"].x.iloc[0], ymax=0.48, color=style.LIMIT_COLOUR, linestyle="--", linewidth=0.6)
    axis.set_xscale("log")
    top = max(after.y.max(), before.y.max(), limit.y.max())
    # Room for the legend above, and for the marks of outliers below.
    axis.set_ylim(-0.06 * top, 2.3 * top)
    beyond = lines.get("after, beyond the edge", curves[:0]).x.to_numpy()
    axis.vlines(beyond, -0.05 * top, -0.01 * top, color=_OUTLIER_COLOUR, linewidth=0.6)
    for value in lines.get("after, outlier", curves[:0]).x:
        axis.annotate(
            "",
            (value, 0.02 * top),
            (value, 0.22 * top),
            arrowprops={"arrowstyle": "-|>", "color": _OUTLIER_COLOUR, "linewidth": 0.8, "mutation_scale": 6},
        )
    told = summary[summary.panel == panel].set_index("quantity").value
    change = {
        "beyond 1.1 edge": [f"{told[f'eigenvalues beyond 1.1 times the edge {state}']:.0f}" for state in _STATES],
        "outliers": [f"{told[f'outliers {state}']:.0f}" for state in _STATES],
    }
    zeros = [lines[f"{state} at zero"].y.iloc[0] for state in _STATES]
    if max(zeros) > 0:
        change["at zero"] = [f"{share:.1%}" for share in zeros]
    remarks = [f"{name}: {before} → {after}" for name, (before, after) in change.items()]
    handles, labels = axis.get_legend_handles_labels()
    blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
    axis.legend(handles + blank, labels + remarks, loc="upper left", handlelength=1.2, borderaxespad=0)
    axis.set_xlabel(r"eigenvalue $\lambda$")


def _projection(axis: Axes, points: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Labels against their projection; of two classes a histogram each."""
    shares = summary[(summary.panel == "shares") & summary.series.str.startswith("conjugate")].set_index("quantity")
    share = shares.value["share of the labels on the first 2 eigenvectors after"]
    classes = np.unique(points.x)
    if classes.size == 2:
        edges = np.histogram_bin_edges(points.y, 40)
        for value, colour in zip(classes, (style.ORANGE, style.BLUE), strict=True):
            part = points.y[points.x == value]
            axis.hist(part, edges, color=colour, alpha=0.6, label=f"label {value:+.0f}".replace("-", "−"))
        axis.set_xlabel("projection on two eigenvectors of the trained CK")
        axis.set_ylabel("training images")
        axis.set_ylim(top=2.2 * axis.get_ylim()[1])
    else:
        reach = 1.05 * np.abs(points[["x", "y"]].to_numpy()).max()
        axis.plot([-reach, reach], [-reach, reach], color="0.6", linewidth=0.6)
        axis.plot(points.x, points.y, ".", color=style.BLUE, markersize=1.5, alpha=0.5, rasterized=True)
        axis.set_xlabel("training label $y$")
        axis.set_ylabel("projection on two eigenvectors\nof the trained CK")
    remarks = [f"{share:.1%} of the labels"]
    fit = summary[summary.panel == "fit"].set_index(["series", "quantity"]).value
    remarks.append(f"training MSE {fit['train', 'mean squared error after']:.1e}")
    low, high = (fit["test", f"R^2 in the last third, {name}"] for name in ("lowest", "highest"))
    remarks.append(f"test $R^2$ {fit['test', 'R^2 after']:.2f} ({low:.2f} to {high:.2f})")
    if ("test", "accuracy after") in fit.index:
        remarks.append(f"test accuracy {fit['test', 'accuracy after']:.1%}")
    handles, labels = axis.get_legend_handles_labels()
    blank = [axis.plot([], [], alpha=0)[0] for _ in remarks]
    axis.legend(handles + blank, labels + remarks, loc="upper left", handlelength=0.9, borderaxespad=0)


def _shares(axis: Axes, curves: pd.DataFrame) -> None:
    """Share of the labels on the leading eigenvectors of both kernels, before and after."""
    # The kernels' lines may nearly coincide: the second is thinner, and lies on the first.
    for kernel, colour, width in (("conjugate", style.ORANGE, 2.5), ("tangent", style.BLUE, 0.8)):
        for state, line in zip(_STATES, (":", "-"), strict=True):
            part = curves[curves.series.str.startswith(kernel) & curves.series.str.endswith(state)]
            name = {"conjugate": "CK", "tangent": "NTK"}[kernel]
            axis.plot(part.x, part.y, line, marker=".", color=colour, linewidth=width, label=f"{name} {state}")
    axis.set_xscale("log")
    ticks = [k for k in (1, 2, 5, 10, 20) if k <= curves.x.max()]
    axis.set_xticks(ticks, [str(k) for k in ticks])
    axis.minorticks_off()
    axis.set_xlabel("$k$")
    axis.set_ylabel("share of the labels")
    # Room above a share of one for the legend.
    axis.set_ylim(0, 1.45)
    axis.set_yticks(np.linspace(0, 1, 6))
    axis.legend(loc="upper left", ncols=2)
