"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers.

Curves have the columns panel, series, x, x_high and y; summaries panel, series, quantity, value, reference and at.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from deepspectra.papers import style

__all__ = ["draw_example_images", "draw_inner_products", "draw_kernel_spectra", "draw_kernels_and_labels"]
__all__ += ["draw_layer_spectra", "draw_trained_layers"]

_STATES = ("before", "after")
_TITLES = (r"conjugate kernel $K^\mathrm{CK}$", r"tangent kernel $K^\mathrm{NTK}$")
#: Line of the law of the given Gram matrix, on top of the limit law.
_GRAM_LAW: dict[str, Any] = {"color": "black", "linewidth": 0.7, "linestyle": (0, (3, 1.5))}
#: Label and line of the matrices between a tangent kernel and its limit, by series.
_STAND_INS: dict[str, tuple[str, dict[str, Any]]] = {
    "mean": ("mean sensitivities", {"color": style.GREEN, "linewidth": 0.9, "linestyle": (0, (5, 1, 1, 1))}),
    "lemma": ("with lemma 3.5", {"color": "0.15", "linewidth": 0.9, "linestyle": (0, (1, 1))}),
}
#: Colours of kernels, as in the figures of many draws.
_KERNELS = {"conjugate": ("CK", style.BLUE), "tangent": ("NTK", style.VERMILION)}
#: Where the axis of a test set's coefficient of determination ends below.
_LOWEST = -1.0
#: Panels side by side at most, where there is one for each layer of a trained network.
_ABREAST = 3


def draw_layer_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Conjugate kernels of every layer: Gaussian inputs above, images below (figure S4).

    :param curves: series ``histogram``, ``limit``, ``gram_law``, ``atom``.
    :param summary: its column at is the layer; in panel draws it is the network.
    """
    layers = summary[summary.quantity == "ks_distance"].set_index("panel")["at"]
    networks = [list(layers.index[layers.index.str.startswith(figure)]) for figure in ("figure_1_", "figure_2_")]
    figure, axes = style.new_figure(style.PAGE, 4.9, (2, max(map(len, networks))))
    for line, names, row in zip(axes, ("Gaussian inputs", "CIFAR-10"), networks, strict=True):
        for axis, panel in zip(line, row, strict=False):
            lines = _series_of(curves, panel)
            bars, limit = lines["histogram"], lines["limit"]
            _draw_steps(axis, bars, fill=True, color=style.DATA)
            axis.plot(limit.x, limit.y, color=style.LAW)
            axis.plot(lines["gram_law"].x, lines["gram_law"].y, **_GRAM_LAW)
            axis.set(xscale="log", ylim=(0, 1.1 * max(bars.y.max(), limit.y.max())))
            told = summary[summary.panel == panel]
            given = told.value[told.quantity == "ks_distance_to_gram_law"].item()
            remarks = [f"layer {layers[panel]:.0f}", *_remarks(lines, told)]
            remarks.insert(2, f"given Gram {given:#.2g}")
            # A line each: panels are narrow.
            axis.set_title("\n".join(remarks).replace(" (", "\n("), loc="left")
        line[0].set_ylabel(f"{names}\n" + r"density of $\ln\lambda$")
        for axis in line[len(row) :]:
            axis.set_axis_off()
    for axis in axes[-1]:
        axis.set_xlabel(r"eigenvalue $\lambda$")
    figure.legend(handles=_handles(given=True), loc="outside upper right", ncols=3)
    return style.add_note(figure, note)


def _handles(*, limit: bool = True, given: bool = False, stand_ins: bool = False) -> list[Patch | Line2D]:
    """What spectra at initialisation are drawn with."""
    handles: list[Patch | Line2D] = [Patch(color=style.DATA, label="eigenvalues")]
    if limit:
        handles.append(Line2D([], [], color=style.LAW, label="limit law"))
    if given:
        handles.append(Line2D([], [], label="law of the given Gram matrix", **_GRAM_LAW))
    if stand_ins:
        handles += [Line2D([], [], label=label, **look) for label, look in _STAND_INS.values()]
    return handles


def draw_kernel_spectra(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Input Gram matrix, conjugate kernel and tangent kernel at initialisation, with their limits (figures 1, 2, S2).

    Above as published, below with what a linear axis hides; distances are told in titles.

    :param curves: series ``published``, ``histogram``, ``zoom``, ``limit``, ``gram_law``, ``atom``, stand-ins.
    """
    figure, axes = style.new_figure(style.PAGE, 7.6, (3, 3))
    titles = r"input $X_0^\top X_0$", *_TITLES
    for panel, title, (published, whole, part) in zip("abc", titles, axes.T, strict=True):
        lines, told = _series_of(curves, panel), summary[summary.panel == panel]
        _published_panel(published, lines)
        style.label_panel(published, panel, "\n".join([title, *_variations(told)]))
        _logarithmic_panel(whole, lines)
        whole.set_title("\n".join(_distances(lines, told)), loc="left")
        _magnified_panel(part, lines)
    for axis, label in zip(axes[:, 0], ("density (as published)", "density (logarithmic)", "density"), strict=True):
        axis.set_ylabel(label)
    shown = set(curves.series)
    handles = _handles(limit="limit" in shown, given="gram_law" in shown, stand_ins=set(_STAND_INS) <= shown)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.5)
    return style.add_note(figure, note)


def _published_panel(axis: Axes, lines: dict[str, pd.DataFrame]) -> None:
    """The histogram of the paper: linear axes, equal bins."""
    bars, limit = lines["published"], _limit_of(lines)
    _spectrum(axis, bars, limit)
    axis.set_xlim(min(0.0, bars.x.min()), bars.x_high.max())
    axis.set_ylim(0, 1.15 * max(bars.y.max(), limit.y.max() if len(limit) else 0))


def _variations(summary: pd.DataFrame) -> list[str]:
    """Total variation in the bins of the paper, and in brackets that of a linear network."""
    told = summary.set_index("quantity")
    words = {"total_variation": "TV", "total_variation_of_99_percent": "TV of 99 %"}
    return [
        f"{label} {told.value[name]:#.2g} ({told.reference[name]:#.2g})"
        for name, label in words.items()
        if name in told.index
    ]


def _logarithmic_panel(axis: Axes, lines: dict[str, pd.DataFrame]) -> None:
    """All eigenvalues."""
    bars, limit = lines["histogram"], _limit_of(lines)
    _spectrum(axis, bars, limit)
    axis.set_yscale("log")
    axis.set_xlim(left=min(0.0, bars.x.min()))
    _draw_gram_law(axis, lines)
    highest = max(bars.y.max(), limit.y.max() if len(limit) else 0)
    axis.set_ylim(0.5 * bars.y[bars.y > 0].min(), 2 * highest)


def _distances(lines: dict[str, pd.DataFrame], summary: pd.DataFrame) -> list[str]:
    """Distances of the eigenvalues and of what stands in for them."""
    told = summary.set_index("quantity").value
    remarks = _remarks(lines, summary)
    if "gram_law" in lines:
        remarks.append(f"given Gram: KS {told['ks_distance_to_gram_law']:#.2g}")
    for series in (name for name in _STAND_INS if name in lines):
        remarks.append(f"{_STAND_INS[series][0]}: KS {told[f'ks_distance_of_{series}_kernel']:#.2g}")
    return remarks


def _magnified_panel(axis: Axes, lines: dict[str, pd.DataFrame]) -> None:
    """A crowded left end, or else the whole, with the matrices between a tangent kernel and its limit."""
    bars, limit = lines.get("zoom", lines["histogram"]), _limit_of(lines)
    left, right = bars.x.min(), bars.x_high.max()
    _spectrum(axis, bars, limit[limit.x <= right])
    _draw_gram_law(axis, lines, right)
    for series in (name for name in _STAND_INS if name in lines):
        _draw_steps(axis, lines[series], **_STAND_INS[series][1])
    inside = limit[limit.x.between(left, right)]
    axis.set_xlim(left - 0.03 * (right - left), right)
    axis.set_ylim(0, 1.15 * max(bars.y.max(), inside.y.max() if len(inside) else 0))
    axis.set_xlabel(r"eigenvalue $\lambda$")


def _series_of(curves: pd.DataFrame, panel: str) -> dict[str, pd.DataFrame]:
    return dict(list(curves[curves.panel == panel].groupby("series", sort=False)))


def _limit_of(lines: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The limit's curve, without rows where there is no limit."""
    return lines.get("limit", lines["histogram"][:0])


def _draw_gram_law(axis: Axes, lines: dict[str, pd.DataFrame], right: float = np.inf) -> None:
    """The law of the given Gram matrix, up to the right end, where a panel has it."""
    if "gram_law" in lines:
        curve = lines["gram_law"]
        inside = curve[curve.x <= right]
        axis.plot(inside.x, inside.y, **_GRAM_LAW)


def _draw_steps(axis: Axes, bars: pd.DataFrame, **look: Any) -> None:
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], **look)


def _spectrum(axis: Axes, bars: pd.DataFrame, limit: pd.DataFrame) -> None:
    look: dict[str, Any] = {"color": style.DATA, "edgecolor": style.DATA, "linewidth": 0.2}
    axis.bar(bars.x, bars.y, width=bars.x_high - bars.x, align="edge", **look)
    if len(limit):
        # Between two bulks the curve runs along zero: the edges of both are in the table, at density zero.
        axis.plot(limit.x, limit.y, color=style.LAW)


def _remarks(lines: dict[str, pd.DataFrame], summary: pd.DataFrame) -> list[str]:
    values = summary.set_index("quantity")[["value", "reference"]]
    remarks = []
    if "ks_distance" in values.index:
        value, reference = values.loc["ks_distance"]
        remarks.append(f"KS {value:#.2g}" + (f" ({reference:#.2g})" if pd.notna(reference) else ""))
    if "atom" in lines:
        remarks += [f"{mass:.1%} at {x:.2g}, not drawn" for x, mass in lines["atom"][["x", "y"]].values if mass > 0]
    return remarks


def draw_trained_layers(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A network's conjugate kernels before and after training, layer by layer, panels a to h (figure S5)."""
    panels = sorted(set(curves.panel) & set("abcdefgh"))
    rows = -(-len(panels) // _ABREAST)
    columns = -(-len(panels) // rows)
    figure, axes = style.new_figure(style.PAGE, 2.7 * rows + 0.7, (rows, columns))
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis, panel in zip(axes.flat, panels, strict=False):
        layer = f"{summary[summary.panel == panel]['at'].iloc[0]:.0f}"
        changes = _trained_spectrum(axis, curves, summary, panel)
        style.label_panel(axis, panel, "\n".join([rf"layer {layer}: $X_{{{layer}}}^\top X_{{{layer}}}$", *changes]))
    for axis in axes[:, 0]:
        axis.set_ylabel(r"density of $\ln\lambda$")
    figure.legend(handles=_trained_handles(), loc="outside upper center", ncols=4)
    return style.add_note(figure, note)


def draw_kernels_and_labels(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A trained network's conjugate and tangent kernel, and the labels in their eigenvectors (figures 3 and S6).

    :param curves: panels a and b (series ``before``, ``after``, ``limit``, ``edge``, outliers), ``projection``,
        ``shares`` and ``history``.
    """
    figure, axes = style.new_figure(style.PAGE, 7.6, (3, 2))
    for axis, panel, title in zip(axes[0], "ab", _TITLES, strict=True):
        counts, *zeros = _trained_spectrum(axis, curves, summary, panel, separator="; ")
        style.label_panel(axis, panel, "\n".join([title, counts, *zeros]))
    axes[0, 0].set_ylabel(r"density of $\ln\lambda$")
    of_seeds, fit = _seed_remarks(summary), summary[summary.panel == "fit"].set_index(["series", "quantity"]).value
    _projection(axes[1, 0], curves[curves.panel == "projection"])
    shares = summary[(summary.quantity == "label_share_after") & (summary["at"] == 2)]
    share = shares[shares.series.str.startswith("conjugate")].value.item()
    labels = ["labels on two leading eigenvectors", f"{share:.1%} of the labels", *of_seeds.get("label_share", [])]
    style.label_panel(axes[1, 0], "c", "\n".join(labels))
    _shares(axes[1, 1], curves[curves.panel == "shares"])
    style.label_panel(axes[1, 1], "d", "labels on $k$ leading eigenvectors")
    history = curves[curves.panel == "history"]
    courses = {"readout_mean_square": ("readout: mean square", style.GREEN, "--"), "loss": ("loss", style.BLUE, "-")}
    seeds = _course(axes[2, 0], history, courses)
    shown = f"\nmedian and range of {seeds} seeds" if seeds > 1 else " (one seed)"
    axes[2, 0].set(yscale="log", ylabel=f"loss, mean square{shown}")
    low, high = axes[2, 0].get_ylim()
    # Room for the legend above.
    axes[2, 0].set_ylim(low, high * (high / low) ** 0.2)
    axes[2, 0].legend(loc="upper right", ncols=2, borderaxespad=0)
    error = f"training MSE {fit['train', 'mean_squared_error_after']:.1e}"
    told = ["readout and training loss", error, *of_seeds.get("mean_squared_error", [])]
    style.label_panel(axes[2, 0], "e", "\n".join(told))
    _course(axes[2, 1], history, {"r_squared": ("test", "0.15", "-")})
    lowest = axes[2, 1].dataLim.y0
    axes[2, 1].set(ylim=(max(_LOWEST, min(0.0, 1.1 * lowest)), 1), ylabel="test $R^2$")
    cut = f"prediction (not drawn: $R^2$ from {lowest:.2g} to {_LOWEST:g})".replace("-", "\N{MINUS SIGN}")
    told = [cut if lowest < _LOWEST else "prediction", _prediction(fit), *of_seeds.get("r_squared", [])]
    style.label_panel(axes[2, 1], "f", "\n".join(told))
    figure.legend(handles=_trained_handles(), loc="outside upper center", ncols=4)
    return style.add_note(figure, note)


def _trained_handles() -> list[Patch | Line2D]:
    """What spectra of trained networks are drawn with."""
    return [
        Patch(color=style.DATA, label="after training"),
        Line2D([], [], color="0.25", linewidth=0.7, label="before training"),
        Line2D([], [], color=style.LAW, label="limit law, before training"),
        Line2D([], [], color=style.LAW, linestyle="--", linewidth=0.8, label="its upper edge"),
    ]


def _trained_spectrum(
    axis: Axes, curves: pd.DataFrame, summary: pd.DataFrame, panel: str, separator: str = "\n"
) -> list[str]:
    """Spectra before and after; what changed, in words: eigenvalues beyond the limit, and at zero if there are any."""
    lines = _series_of(curves, panel)
    after, before, limit = lines["after"], lines["before"], lines["limit"]
    _draw_steps(axis, after, fill=True, color=style.DATA)
    _draw_steps(axis, before, color="0.25", linewidth=0.7)
    axis.plot(limit.x, limit.y, color=style.LAW)
    axis.axvline(lines["edge"].x.iloc[0], color=style.LAW, linestyle="--", linewidth=0.8)
    top = max(after.y.max(), before.y.max(), limit.y.max())
    # Room for the marks of outliers below.
    axis.set(xscale="log", ylim=(-0.06 * top, 1.1 * top), xlabel=r"eigenvalue $\lambda$")
    axis.vlines(
        lines.get("after, beyond the edge", curves[:0]).x.to_numpy(),
        -0.05 * top,
        -0.01 * top,
        color=style.BLUE,
        linewidth=0.6,
    )
    arrow = {"arrowstyle": "-|>", "color": style.BLUE, "linewidth": 0.8, "mutation_scale": 6}
    for value in lines.get("after, outlier", curves[:0]).x:
        axis.annotate("", (value, 0.02 * top), (value, 0.18 * top), arrowprops=arrow)
    told = summary[summary.panel == panel].set_index("quantity").value
    names = {"beyond 1.1 edge": "beyond_edge", "outliers": "outliers"}
    change = {name: [f"{told[f'{key}_{state}']:.0f}" for state in _STATES] for name, key in names.items()}
    counts = separator.join(f"{name}: {before} → {after}" for name, (before, after) in change.items())
    zeros = [lines[f"{state} at zero"].y.iloc[0] for state in _STATES]
    return [counts, f"at zero: {' → '.join(f'{share:.1%}' for share in zeros)}"] if max(zeros) > 0 else [counts]


def _projection(axis: Axes, points: pd.DataFrame) -> None:
    """Labels against their projection; for two classes, a histogram of each."""
    classes = np.unique(points.x)
    if classes.size == 2:
        edges = np.histogram_bin_edges(points.y, 40)
        for value, colour in zip(classes, (style.ORANGE, style.BLUE), strict=True):
            part = points.y[points.x == value]
            axis.hist(part, edges.tolist(), color=colour, alpha=0.6, label=f"label {value:+.0f}".replace("-", "−"))
        axis.set(xlabel="projection on two eigenvectors of the trained CK", ylabel="training images")
        axis.set_ylim(top=1.2 * axis.get_ylim()[1])
        axis.legend(loc="upper center", ncols=2, borderaxespad=0)
    else:
        reach = 1.05 * np.abs(points[["x", "y"]].to_numpy()).max()
        axis.plot([-reach, reach], [-reach, reach], color="0.6", linewidth=0.6, gid="projection = label")
        axis.plot(points.x, points.y, ".", color=style.BLUE, markersize=1.5, alpha=0.5, rasterized=True)
        axis.set(xlabel="training label $y$", ylabel="projection on two eigenvectors\nof the trained CK")


def _prediction(fit: pd.Series) -> str:
    """How well test labels are predicted."""
    low, high = (fit["test", f"r_squared_last_third_{name}"] for name in ("lowest", "highest"))
    remark = f"test $R^2$ {fit['test', 'r_squared_after']:.2f} ({low:.2f} to {high:.2f})"
    if ("test", "accuracy_after") in fit.index:
        remark += f", accuracy {fit['test', 'accuracy_after']:.1%}"
    return remark


def _shares(axis: Axes, curves: pd.DataFrame) -> None:
    # The kernels' lines may nearly coincide: the second is thinner, and lies on the first.
    for (kernel, (name, colour)), width in zip(_KERNELS.items(), (2.5, 0.8), strict=True):
        for state, line in zip(_STATES, (":", "-"), strict=True):
            part = curves[curves.series.str.startswith(kernel) & curves.series.str.endswith(state)]
            axis.plot(part.x, part.y, line, marker=".", color=colour, linewidth=width, label=f"{name} {state}")
    axis.set_xscale("log")
    ticks = [k for k in (1, 2, 5, 10, 20) if k <= curves.x.max()]
    axis.set_xticks(ticks, [str(k) for k in ticks])
    axis.minorticks_off()
    # Room above a share of one for the legend.
    axis.set(xlabel="$k$", ylabel="share of the labels", ylim=(0, 1.4), yticks=np.linspace(0, 1, 6))
    axis.legend(loc="upper left", ncols=2, borderaxespad=0)


def _course(axis: Axes, history: pd.DataFrame, columns: dict[str, tuple[str, str, str]]) -> int:
    """Medians over the seeds against the epochs, and their ranges; ``columns``: label, colour and line by quantity.

    The number of seeds is returned.
    """
    for column, (label, colour, look) in columns.items():
        values = history[history.series.str.startswith(f"{column} ")].pivot(index="x", columns="series", values="y")
        axis.fill_between(values.index, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.25, linewidth=0)
        axis.plot(values.index, values.median(axis=1), look, color=colour, label=label)
    axis.set_xlabel("epoch")
    return values.shape[1]


def _seed_remarks(summary: pd.DataFrame) -> dict[str, list[str]]:
    """What the networks of all seeds have reached, by median and range, by quantity; nothing for one network."""
    told = summary[summary.panel == "seeds"].drop_duplicates("quantity").set_index("quantity").value
    if told.empty:
        return {}
    forms = {"r_squared": ("$R^2$ ", ".2f"), "label_share": ("", ".1%"), "mean_squared_error": ("", ".1e")}
    remarks = {}
    for name, (word, form) in forms.items():
        middle, low, high = (format(told[f"{name}_{end}"], form) for end in ("median", "lowest", "highest"))
        remarks[name] = [f"{told['seeds']:.0f} seeds: {word}{middle} ({low} to {high})"]
    return remarks


def draw_inner_products(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Inner products of pairs of images of unit norm before and after principal components are removed: histograms."""
    figure, axes = style.new_figure(style.PAGE, 3.0, (1, 2))
    colours = {"raw": style.ORANGE, "centred": style.BLUE, "after": style.BLUE}
    removed = summary.set_index("quantity").value["components_removed"]
    titles = {"a": "before", "b": f"{removed:.0f} leading principal components removed"}
    heights = curves.y[curves.y > 0]
    for axis, (panel, title) in zip(axes[0], titles.items(), strict=True):
        for series, bars in _series_of(curves, panel).items():
            told = summary[(summary.panel == panel) & (summary.series == series)].set_index("quantity")
            spread, largest = told.loc["root_mean_square_inner_product"], told.value["largest_inner_product"]
            label = f"{series}: r.m.s. {spread.value:.3f} ({spread.reference:.3f}), largest {largest:.3f}"
            _draw_steps(axis, bars, fill=True, alpha=0.55, color=colours[series], label=label)
        # Room for the legend above.
        top = heights.max() * (heights.max() / heights.min()) ** 0.35
        axis.set(yscale="log", ylim=(0.5 * heights.min(), top), xlim=(-1, 1))
        axis.set(xticks=np.linspace(-1, 1, 5), xlabel=r"inner product $x_\alpha^\top x_\beta$")
        axis.legend(loc="upper left", handlelength=1.5)
        style.label_panel(axis, panel, title)
    axes[0, 0].set_ylabel("density (logarithmic)")
    return style.add_note(figure, note)


def draw_example_images(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Images as they are, and without their principal components.

    :param curves: a panel for each image; columns red, green, blue (0 to 1). :param summary: its series is the class.
    """
    panels = list(dict.fromkeys(curves.panel))
    figure, axes = style.new_figure(min(style.PAGE, max(2.5, style.PAGE * len(panels) / 8)), 2.5, (2, len(panels)))
    told = summary.set_index(["panel", "quantity"])
    for column, panel in zip(axes.T, panels, strict=True):
        for axis, series in zip(column, _STATES, strict=True):
            pixels = curves[(curves.panel == panel) & (curves.series == series)].sort_values(["y", "x"])
            side = int(pixels.x.max()) + 1
            axis.imshow(pixels[["red", "green", "blue"]].to_numpy().reshape(-1, side, 3), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        quantity = (panel, "share_left")
        column[0].set_title(told.series[quantity], fontsize=style.SMALLEST)
        column[1].set_xlabel(f"{told.value[quantity]:.0%}")
    for axis, name in zip(axes[:, 0], _STATES, strict=True):
        axis.set_ylabel(name)
    return style.add_note(figure, note)
