"""Figures of Pennington and Worah (2017), drawn from tidy tables of the plotted numbers."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from deepspectra.papers import style

__all__ = ["draw_activation_curves", "draw_covariance_distance", "draw_memorisation"]


def draw_covariance_distance(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """L1 distance of the first (a) and the deep (b) layer's spectrum to the first layer's limit, against width n0.

    :param curves: of :func:`~deepspectra.papers.pennington2017.statistics.compare_with_limit`.
    """
    figure, axes = style.new_figure(style.PAGE, 3.4, (1, 2))
    alphas = list(dict.fromkeys(curves.alpha.dropna()))
    colours = dict(zip(alphas, style.sequence(len(alphas)), strict=True))
    markers = dict(zip(alphas, "osD^v<>", strict=False))
    deep = int(curves.layer.max())
    crosses = {"linestyle": "none", "marker": "x", "markersize": 3.5}
    low, high = curves.y.min() * 0.8, curves.y.max() * 1.25
    for panel, axis in zip("ab", axes[0], strict=True):
        part = curves[curves.panel == panel]
        floor, label = part[part.series == "sampling"], "independent draws\n(mean over $\\alpha$)"
        axis.plot(floor.x, floor.y, color="0.45", linestyle=":", label=label, zorder=1)
        of_equivalent = part.series.str.startswith("equivalent")
        for alpha in alphas:
            line = part[(part.alpha == alpha) & ~of_equivalent]
            look = {"color": colours[alpha], "marker": markers.get(alpha, "o")}
            label = rf"$\alpha={alpha:g}$, $\zeta={line.zeta.iloc[0]:.3g}$"
            axis.plot(line.x, line.y, label=label.replace("-", "−"), **look)
            equivalent = part[(part.alpha == alpha) & of_equivalent]
            axis.plot(equivalent.x, equivalent.y, color=colours[alpha], **crosses)
        mean = part[part.series == "equivalent"]
        axis.plot(mean.x, mean.y, color="0.3", **crosses)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        widths = sorted(set(part.x))
        axis.set_xticks(widths, [f"{width:g}" for width in widths])
        axis.minorticks_off()
        axis.set(xlabel=r"network width $n_0$", ylim=(low, high))
        axis.set_yticks([tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2) if low < tick < high])
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        layer, title = (1, "first layer") if panel == "a" else (deep, f"layer {deep}")
        axis.set_ylabel(rf"distance $d(\bar\rho_1, \rho_{{{layer}}})$")
        style.label_panel(axis, panel, title)
    cross = axes[0, 0].plot([], [], color="0.3", **crosses)
    return _finished(figure, note, {"Gaussian equivalent": cross[0]})


def draw_memorisation(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Training loss against the ridge parameter: theory as lines, simulated random features as points.

    :param curves: columns panel, series (``theory`` or ``simulation``), beta, x, y, phi, psi.
    """
    figure, axes = style.new_figure(style.PAGE, 3.0, (1, 2))
    betas = sorted(set(curves.beta))
    finite = [beta for beta in betas if np.isfinite(beta)]
    colours = dict(zip(finite, style.sequence(len(finite)), strict=True)) | {-np.inf: "black"}
    for panel, axis in zip("ab", axes[0], strict=True):
        part = curves[curves.panel == panel]
        for beta in betas:
            line, points = (part[(part.beta == beta) & (part.series == name)] for name in ("theory", "simulation"))
            name = "−∞ (linear)" if np.isinf(beta) else f"{beta:g}".replace("-", "−")
            name = rf"$\beta=\,${name}"
            axis.plot(line.x, line.y, color=colours[beta], label=name, gid=f"{name}, theory")
            look = {"color": colours[beta], "markeredgecolor": "white", "markeredgewidth": 0.4, "clip_on": False}
            axis.plot(points.x, points.y, "o", gid=f"{name}, simulation", **look)
        axis.set(xscale="log", ylim=(0, 1), xlim=(part.x.min(), part.x.max()), xlabel=r"ridge parameter $\gamma$")
        phi, psi = part.phi.iloc[0], part.psi.iloc[0]
        which = "more features than" if psi < phi else "fewer features than" if psi > phi else "as many features as"
        style.label_panel(axis, panel, f"{which} samples")
        axis.text(0.04, 0.97, rf"$\phi={phi:g}$, $\psi={psi:g}$", transform=axis.transAxes, va="top")
    axes[0, 0].set_ylabel(r"training loss $E_\mathrm{train}$")
    line, points = Line2D([], [], color="0.4"), Line2D([], [], color="0.4", marker="o", linestyle="none")
    return _finished(figure, note, {"theory": line, "simulation": points})


def draw_activation_curves(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Four activation functions with eta = 1 and zeta = 0, and their derivatives.

    :param curves: columns panel (``a`` function, ``b`` derivative), series (f1 to f4), x, y.
    """
    figure, axes = style.new_figure(style.PAGE, 2.8, (1, 2))
    # The paper's colours by name (red, green, orange, blue), from the colour-blind safe palette.
    colours = {"f1": style.VERMILION, "f2": style.GREEN, "f3": style.ORANGE, "f4": style.BLUE}
    dashes = dict(zip(colours, ("-", "--", "-.", ":"), strict=True))
    panels = (("a", "functions", r"$f(x)$"), ("b", "derivatives", r"$f'(x)$"))
    for (panel, title, ordinate), axis in zip(panels, axes[0], strict=True):
        part = curves[curves.panel == panel]
        for name, line in part.groupby("series", sort=True):
            look = {"color": colours[name], "linestyle": dashes[name], "linewidth": 1.5}
            axis.plot(line.x, line.y, label=rf"$f^{{({name[1]})}}$", **look)
        axis.axhline(0, color="0.8", linewidth=0.6, zorder=0)
        axis.set(xlabel=r"$x$", ylabel=ordinate, xlim=(part.x.min(), part.x.max()))
        style.label_panel(axis, panel, title)
    # Larger, for the superscripts.
    return _finished(figure, note, {}, handlelength=3.2, fontsize=10)


def _finished(figure: Figure, note: str, further: dict[str, Line2D], **look: float) -> Figure:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend([*handles, *further.values()], [*labels, *further], loc="outside right center", **look)
    return style.add_note(figure, note)
