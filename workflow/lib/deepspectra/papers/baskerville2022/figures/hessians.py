"""Figures of Hessian and Gauss-Newton spectra: as published and resolved on one axis, and a sharper view below."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.baskerville2022.figures.controls import draw_bands, draw_deciles, draw_laws
from deepspectra.papers.baskerville2022.figures.differences import (
    GOE,
    NULL_SPACINGS,
    band_half_width,
    difference_axis,
    distribution,
    distribution_like,
    draw_band,
    edges_of,
)
from deepspectra.papers.baskerville2022.figures.labels import matrix_title, network_title
from deepspectra.papers.baskerville2022.names import AUTHORS_SHARES, CUT_OFFS, UNCUT, parts_of
from deepspectra.papers.recorded import RECORDED_SERIES
from deepspectra.rmt.laws.ratios import goe_ratio_cdf, ratio_surmise
from deepspectra.rmt.laws.spacings import wigner_surmise

__all__ = ["comparison", "cut_off_comparison", "hessian_densities"]

_SERIES = {
    "published": "as published",
    RECORDED_SERIES: "as published (record)",
    "resolved": "resolved",
}
#: Colour, and marker of histograms whose bars are single steps.
_LOOKS = {
    "published": (style.PUBLISHED, "s"),
    RECORDED_SERIES: (style.PUBLISHED, "s"),
    "resolved": (style.RESOLVED, "o"),
}
_SURMISE = "surmise"
#: Bins of unfolded spacings that are wider hold one step of the unfolding each: all values are at the centre.
_COARSE = 0.2
#: Heights in inches of what a panel says, of its two views, and of legend and note.
_SAID, _VIEWS, _AROUND = 0.75, (1.25, 0.95), 0.9
#: Spacings are drawn up to here, and ratios between these.
_LARGEST_SPACING, _RATIOS = 4.0, (0.1, 10.0)
_ABOVE_CUT = "$|\\lambda| > 10^{-20}$"
_FROM_RECORD = (
    "(record): matrices as published in the repository's record, of networks trained for all published epochs; this "
    "run has too few of its own."
)


def hessian_densities(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 1, densities: the GOE (a), and Hessians of a multi-layer perceptron (b) and of softmax regression (c, d).

    :param curves: columns panel, spectrum, scope, statistic, series, x, x_high, y, error.
    :param summary: columns panel, spectrum, scope, statistic, series, quantity, label, value, error, reference.
    """
    letters = sorted({*curves.panel} - {"a"})
    figure, places = _two_views(1 + len(letters))
    _ensemble(places[0], curves, summary)
    for letter, place in zip(letters, places[1:], strict=True):
        _draw(place, curves, summary, letter)
        spectrum = curves[curves.panel == letter].spectrum.iloc[0]
        _head(place[0], curves, summary, letter, f"{network_title(spectrum)},\n{_scope(curves, letter)}")
    return _finish(figure, note, summary)


def comparison(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A figure about one network, with two views for each panel; tables as of :func:`hessian_densities`."""
    letters = sorted(curves.panel.unique())
    figure, places = _two_views(len(letters))
    for letter, place in zip(letters, places, strict=True):
        if _statistic(curves, letter) == "deciles":
            axis = _merge(figure, place)
            _deciles(axis, curves[curves.panel == letter])
            style.label_panel(axis, letter, f"{_scope(curves, letter)}, by rank")
        else:
            _draw(place, curves, summary, letter)
            _head(place[0], curves, summary, letter, _scope(curves, letter))
    return _finish(figure, note, summary, _heading(curves, summary, letters[0]))


def cut_off_comparison(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure A14: unfolded spacings with and without cut-off, and resolved; shares below cut-offs; a row a network."""
    letters = sorted(curves.panel.unique())
    figure, axes = style.new_figure(style.PAGE, 2.25 * len(letters) + 1.0, (len(letters), 3))
    for letter, (density, difference, shares) in zip(letters, axes, strict=True):
        panel = curves[curves.panel == letter]
        for series, label in _SERIES.items():
            numbers = _numbers(summary, letter, series)
            if series != "resolved":
                look = {"color": style.VERMILION, "linestyle": ":", "marker": "x"}
                _spacings((density, difference), panel, numbers, series, UNCUT, label=f"{label}, all", **look)
                label = f"{label}, {_ABOVE_CUT}"
            _spacings((density, difference), panel, numbers, series, label=label)
        _cut_offs(shares, panel)
        _cut_off_heads((density, difference, shares), curves, summary, letter)
    return _finish(figure, note, summary)


def _two_views(count: int) -> tuple[Figure, list[np.ndarray]]:
    """A figure and the two axes of each panel, one above the other; at most three panels side by side."""
    columns = count if count <= 3 else 2
    blocks = -(-count // columns)
    height = blocks * (_SAID + sum(_VIEWS) + 0.75) + _AROUND
    figure, axes = style.new_figure(style.PAGE, height, (2 * blocks, columns), heights=_VIEWS * blocks)
    places = [pair for block in range(blocks) for pair in axes[2 * block : 2 * block + 2].T]
    for pair in places[count:]:
        for axis in pair:
            axis.remove()
    return figure, places[:count]


def _merge(figure: Figure, place: np.ndarray) -> Axes:
    """One panel as tall as two."""
    above, below = (axis.get_subplotspec() for axis in place)
    for axis in place:
        axis.remove()
    return figure.add_subplot(above.get_gridspec()[above.rowspan.start : below.rowspan.stop, above.colspan.start])


def _draw(place: np.ndarray, curves: pd.DataFrame, summary: pd.DataFrame, letter: str) -> None:
    """Both views of a panel."""
    panel, statistic = curves[curves.panel == letter], _statistic(curves, letter)
    drawings = {"ratios": _ratios, "density": _densities}
    for series in _SERIES:
        if _shown(curves, letter, series):
            numbers = _numbers(summary, letter, series)
            drawings.get(statistic, _spacings)((place[0], place[1]), panel, numbers, series)


def _spacings(
    place: tuple[Axes, Axes],
    panel: pd.DataFrame,
    numbers: pd.Series,
    series: str,
    statistic: str = "unfolded",
    **look: Any,
) -> None:
    """Densities above; below, distribution functions less that of random matrices unfolded alike."""
    lines = panel[panel.series == series]
    bars, alike = lines[lines.statistic == statistic], lines[lines.statistic == f"{statistic} reference"]
    above, below = place
    s = np.linspace(0, _LARGEST_SPACING, 400)
    if len(bars):
        look = {"color": _LOOKS[series][0], "label": _SERIES[series]} | look
        _bars(above, bars, series, **look)
        centres = (alike.x + alike.x_high) / 2
        # Another series may have another null: below, each is its own zero.
        name = f"{GOE}, unfolded alike, {look['label']}"
        above.plot(centres, alike.y, color=look["color"], linestyle="--", linewidth=0.9, gid=name)
        count = numbers["uncut_spacings" if statistic == UNCUT else "unfolded_spacings"]
        points, heights, null = bars.x_high.to_numpy(), distribution(bars), distribution_like(bars, alike)
        if coarse := _is_coarse(bars):
            points = ((bars.x + bars.x_high) / 2).to_numpy()
        draw_band(below, points, band_half_width(null, count, NULL_SPACINGS), look["color"], look["label"])
        line: dict[str, Any] = look if coarse else {key: look[key] for key in ("color", "label")}
        line = {"marker": _LOOKS[series][1] if coarse else ""} | line
        below.plot(points, heights - null, **line)
    _surmise(above, s, wigner_surmise.pdf(s))
    difference_axis(below)
    for axis in place:
        axis.set(xlim=(0, _LARGEST_SPACING), xlabel="unfolded spacing $s$")
    above.set(ylim=(0, None), ylabel="density")


def _ratios(place: tuple[Axes, Axes], panel: pd.DataFrame, numbers: pd.Series, series: str) -> None:
    """Densities above; below, distribution functions less that of large random matrices, with their band."""
    bars = panel[panel.series == series]
    above, below = place
    _bars(above, bars, series)
    r = np.linspace(0, bars.x_high.max(), 400)
    _surmise(above, r, ratio_surmise.pdf(r))
    above.set(xlim=(0, bars.x_high.max()), ylim=(0, None), xlabel="spacing ratio $r$", ylabel="density")
    # A ratio and its inverse are as far from 1.
    r = np.geomspace(*_RATIOS, 300)
    (colour, _), name, ends = _LOOKS[series], _SERIES[series], bars.x_high.to_numpy()
    draw_band(below, r, band_half_width(goe_ratio_cdf(r), numbers["ratios"]), colour, name)
    _surmise(below, r, ratio_surmise.cdf(r) - goe_ratio_cdf(r))
    difference_axis(below)
    below.plot(ends, distribution(bars) - goe_ratio_cdf(ends), color=colour, label=name)
    below.set(xscale="log", xlim=_RATIOS, xlabel="spacing ratio $r$ (logarithmic)")
    below.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    below.set_xticks([], minor=True)


def _surmise(axis: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """One line, however many spectra are compared with it."""
    if _SURMISE not in axis.get_legend_handles_labels()[1]:
        axis.plot(x, y, color=style.LAW, linewidth=0.8, label=_SURMISE)


def _densities(place: tuple[Axes, Axes], panel: pd.DataFrame, numbers: pd.Series, series: str) -> None:
    """The whole range above, as the paper has it; below, the same with logarithms of eigenvalues outside of zero."""
    bars = panel[panel.series == series]
    edges = edges_of(bars)
    for axis in place:
        _bars(axis, bars, series)
        smallest, largest = panel.y[panel.y > 0].min(), panel.y.max()
        axis.set(yscale="log", ylim=(0.5 * smallest, 3 * largest), xlim=(edges[0], edges[-1]))
        axis.set(xlabel=r"$\lambda / 2\sqrt{P}$", ylabel="density")
    # Zero is the centre of a bin.
    _stretch(place[1], (edges[1] - edges[0]) / 2)


def _stretch(axis: Axes, linear: float) -> None:
    """Make the horizontal axis logarithmic on both sides of zero, linear up to a value."""
    low, high = axis.get_xlim()
    axis.set_xscale("symlog", linthresh=linear, linscale=0.4)
    axis.set_xlim(low, high)
    decades = [10.0**power for power in range(-12, 13) if 1.5 * linear < 10.0**power <= high]
    negative = [-value for value in decades if -value >= low]
    ticks = [*negative[::-1], 0.0, *decades]
    axis.set_xticks(ticks, [f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in ticks])
    axis.set_xticks([], minor=True)
    axis.set_xlabel(f"{axis.get_xlabel()} (logarithmic)")


def _ensemble(place: np.ndarray, curves: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Random matrices and the semicircle: a logarithmic axis as published, and a linear one."""
    bars, law = (curves[(curves.panel == "a") & (curves.series == name)] for name in ("ensemble", "semicircle"))
    numbers = _numbers(summary, "a", "ensemble")
    for axis in place:
        axis.stairs(bars.y, edges_of(bars), fill=True, color=style.DATA, label="GOE")
        axis.plot(law.x, law.y, color=style.LAW, label="semicircle")
        axis.set(xlabel=r"$\lambda / 2\sqrt{P}\sigma$", ylabel="density")
    place[0].set(yscale="log", ylim=(0.5 * bars.y[bars.y > 0].min(), 3 * law.y.max()))
    place[1].set(ylim=(0, 1.1 * max(law.y.max(), bars.y.max())))
    size, distance = numbers["parameters"], numbers["semicircle_ks"]
    style.label_lines(
        place[0], "a", [f"random matrices, {size:.0f} x {size:.0f}", f"KS to the semicircle: {distance:.2g}"]
    )


def _deciles(axis: Axes, panel: pd.DataFrame) -> None:
    draw_bands(axis, panel)
    draw_laws(axis)
    shown = [series for series in _SERIES if (panel.series == series).any()]
    for series in shown:
        colour, marker = _LOOKS[series]
        shift = 0.02 * (shown.index(series) - (len(shown) - 1) / 2)
        draw_deciles(axis, panel[panel.series == series], colour, marker, _SERIES[series], shift)


def _cut_offs(axis: Axes, panel: pd.DataFrame) -> None:
    for series, shares in panel[panel.statistic == CUT_OFFS].groupby("series"):
        look = "s-" if series == "published" else "s:"
        axis.plot(shares.x, shares.y, look, color=style.PUBLISHED, linewidth=0.8, label=f"{_SERIES[series]}, share")
    if authors := AUTHORS_SHARES.get(panel.spectrum.iloc[0]):
        axis.plot(
            list(authors), list(authors.values()), "D", markerfacecolor="none", color="black", label="authors' shares"
        )
    axis.set(xscale="log", ylim=(-0.03, 1.05), xlabel=r"cut-off $\epsilon$", ylabel=r"share of $|\lambda| < \epsilon$")
    axis.set_xlim(1e-42, 1e-2)
    axis.set_xticks([1e-40, 1e-20, 1e-4])
    axis.set_xticks([], minor=True)


def _cut_off_heads(row: tuple[Axes, Axes, Axes], curves: pd.DataFrame, summary: pd.DataFrame, letter: str) -> None:
    """What a row of figure A14 is made of, distances of its spacings, and shares of zeros."""
    resolved = _numbers(summary, letter, "resolved")
    network = network_title(curves[curves.panel == letter].spectrum.iloc[0])
    distances, zeros = [f"resolved: {_distance(resolved, 'unfolded')}"], []
    made = f"as published: {_missing(summary, letter)}".replace(" (", "\n  (")
    for series in ("published", RECORDED_SERIES):
        published = _numbers(summary, letter, series)
        if "unfolded_ks" not in published:
            continue
        made = f"{_SERIES[series]}: {_size(published, published['uncut_levels'])}".replace(", ", ",\n  ")
        made += f", {published['unfolded_levels']:.0f} above cut-off"
        distances = [
            f"all: {_distance(published, 'uncut')}",
            f"$|\\lambda| > 10^{{-20}}$: {_distance(published, 'unfolded')}",
            *distances,
        ]
        zeros = [
            f"exactly zero: {published['exact_zeros_mean']:.1%} of eigenvalues,",
            f"{published['uncut_zeros']:.0%} of spacings",
        ]
    place = network.replace(" on ", "\non ", 1) if len(network) > 28 else network
    said = [place, made, f"resolved: {_size(resolved, resolved['unfolded_levels'])}"]
    style.label_lines(row[0], letter, said)
    for axis, lines in zip(row[1:], (distances, zeros), strict=True):
        axis.set_title("\n".join(lines), loc="left", fontsize=style.SMALLEST)


def _bars(axis: Axes, bars: pd.DataFrame, series: str, **look: Any) -> None:
    """A histogram: filled as published, an outline if resolved; points where every bar is a single step."""
    colour, marker = _LOOKS[series]
    look = {"color": colour, "label": _SERIES[series], "marker": marker, "linestyle": "-"} | look
    edges = edges_of(bars)
    if _is_coarse(bars):
        axis.plot((edges[:-1] + edges[1:]) / 2, bars.y, linewidth=0.7, **look)
        return
    del look["marker"]
    if series != "resolved":
        # What this run made is filled more.
        axis.stairs(bars.y, edges, fill=True, alpha=0.45 if series == "published" else 0.25, **look)
        return
    if not axis.patches:
        axis.stairs(bars.y, edges, fill=True, alpha=0.2, color=look["color"], gid=look["label"])
    axis.stairs(bars.y, edges, linewidth=0.9, **look)


def _is_coarse(bars: pd.DataFrame) -> bool:
    spacings = bars.statistic.iloc[0].startswith("unfolded")
    return bool(spacings and bars.x_high.iloc[0] - bars.x.iloc[0] > _COARSE)


def _head(axis: Axes, curves: pd.DataFrame, summary: pd.DataFrame, letter: str, title: str) -> None:
    """Title of a panel and, of each series, its number and what it is made of."""
    said = [f"{title}: mean min(r, 1/r)" if _statistic(curves, letter) == "ratios" else title]
    for series, name in _SERIES.items():
        numbers = _numbers(summary, letter, series)
        if not _shown(curves, letter, series):
            if series == RECORDED_SERIES or _shown(curves, letter, RECORDED_SERIES):
                continue
            said += [f"{name}: {_missing(summary, letter)}".replace(" (", "\n  (")]
            continue
        statistic, shown = _statistic(curves, letter), None
        if statistic == "ratios":
            mean, error = numbers["mean_ratio"], numbers.attrs["error"]["mean_ratio"]
            digits = 4 if error < 0.0005 else 3
            fact = f"{mean:.3f}" if pd.isna(error) else f"{mean:.{digits}f} ± {error:.{digits}f}"
        elif statistic == "density":
            if series != "resolved":
                fact, shown = "all eigenvalues", numbers["parameters"]
            else:
                fact = f"zero: {1 - numbers['kept_mean'] / numbers['parameters']:.1%}"
        else:
            fact, shown = _distance(numbers, "unfolded"), numbers["unfolded_levels"]
        # A line as wide as one of three panels holds so many letters.
        made = textwrap.wrap(_size(numbers, shown).replace(" unresolved", "\N{NO-BREAK SPACE}unresolved"), 38)
        said += [f"{name}: {fact}", *(f"  {line}" for line in made), *_peak(curves, numbers, letter, series)]
    style.label_lines(axis, letter, said)


def _peak(curves: pd.DataFrame, numbers: pd.Series, letter: str, series: str) -> list[str]:
    """The share of spacings that are zero, where these are the highest bar by far."""
    bars = curves[(curves.panel == letter) & (curves.series == series) & (curves.statistic == "unfolded")]
    return [f"  s = 0: {numbers['unfolded_zeros']:.0%}"] if len(bars) and bars.y.iloc[0] > 1 else []


def _distance(numbers: pd.Series, key: str) -> str:
    return f"KS {numbers[f'{key}_ks']:.2g} (GOE {numbers.attrs['reference'][f'{key}_ks']:.2g})"


def _finish(figure: Figure, note: str, summary: pd.DataFrame, heading: str | None = None) -> Figure:
    """Add one legend for all panels, under the heading, and the small print with its facts."""
    entries = style.labels_once(figure.axes)
    # Data, then what they are compared with, then bands.
    first = [*_SERIES.values(), _SURMISE, GOE]
    names = sorted(entries, key=lambda name: first.index(name) if name in first else len(first) + ("95" in name))
    # The longer a name, the fewer columns.
    recorded = [name for name in names if name.startswith(_SERIES[RECORDED_SERIES])]
    columns = 4 if not recorded else 3 if len(recorded) == 1 else 2
    figure.legend(
        [entries[name] for name in names],
        names,
        loc="outside upper left",
        ncols=min(len(names), columns),
        title=heading,
        title_fontsize=8,
        alignment="left",
    )
    # The cut-offs that were used, and which network made the features, if there are any.
    features = summary.label[summary.quantity.isin(("features", "other_features"))].unique()
    cuts = summary[(summary.quantity == "ratio_cut") & summary.statistic.isin(("ratios", "deciles"))]
    scopes = {"batch": "batches", "whole": "whole sets"}
    found = {(scopes[scope], f"{cut:g}" if cut else "none") for scope, cut in zip(cuts.scope, cuts.value, strict=True)}
    words = ", ".join(f"{name} {cut}" for name, cut in sorted(found))
    sentences = [f"Cut-offs of ratios as published: {words}."] if words else []
    sentences += [_FROM_RECORD] if (summary.series == RECORDED_SERIES).any() else []
    return style.add_note(figure, " ".join([note, *sentences, *(f"CIFAR-10 as {text}." for text in features)]))


def _heading(curves: pd.DataFrame, summary: pd.DataFrame, letter: str) -> str:
    """The network and its matrix; zeros that were counted where no matrix is shown."""
    spectrum = curves[curves.panel == letter].spectrum.iloc[0]
    parameters = _numbers(summary, letter, "resolved")["parameters"]
    counted = _numbers(summary, letter, "counted")
    heading = f"{network_title(spectrum)}: {matrix_title(spectrum)}, $P = {parameters:.0f}$"
    if len(counted) and not _shown(curves, letter, "published"):
        heading += "; exact zeros: {exact_zeros_smallest:.0%} to {exact_zeros_largest:.0%}".format(**counted)
    return heading[0].upper() + heading[1:]


def _missing(summary: pd.DataFrame, letter: str) -> str:
    """Why nothing is shown as published: no float32 matrix, or too few to unfold."""
    published = _numbers(summary, letter, "published")
    if len(published):
        return f"not unfolded (of {published['matrices']:.0f} float32 matrices)"
    megabytes = 4e-6 * _numbers(summary, letter, "resolved")["parameters"] ** 2
    size = f"{megabytes / 1000:.1f} GB" if megabytes >= 100 else f"{megabytes:.1f} MB"
    return f"not computed here (float32: {size} a matrix)"


def _statistic(curves: pd.DataFrame, letter: str) -> str:
    return str(curves[curves.panel == letter].statistic.iloc[0])


def _shown(curves: pd.DataFrame, letter: str, series: str) -> bool:
    panel = curves[(curves.panel == letter) & (curves.series == series)]
    return bool((panel.statistic == _statistic(curves, letter)).any())


def _numbers(summary: pd.DataFrame, letter: str, series: str) -> pd.Series:
    """Values of one panel by quantity, with their errors and references as attributes."""
    part = summary[(summary.panel == letter) & (summary.series == series)].set_index("quantity")
    values = part.value.copy()
    owner = RECORDED_SERIES if series == RECORDED_SERIES else "resolved"
    place = (summary.panel == letter) & (summary.series == owner)
    full = summary[place & (summary.quantity == "full_batches")].value
    values.attrs = {"error": part.error.to_dict(), "reference": part.reference.to_dict(), "scope": set(part.scope)}
    values.attrs["full"] = full.iloc[0] if len(full) else 0
    return values


def _size(numbers: pd.Series, shown: float | None = None) -> str:
    """What a panel is made of, with ``shown`` eigenvalues of a matrix or those kept, and whether it is resolved."""
    count = int(numbers["matrices"])
    there = f" of {numbers.attrs['full']:.0f}" if numbers.attrs["full"] > count else ""
    samples = (
        "the whole set"
        if numbers.attrs["scope"] == {"whole"}
        else f"{count}{there} batch{'es' * (there != '' or count > 1)}"
    )
    told = [samples, f"{numbers['kept_mean'] if shown is None else shown:.0f} of {numbers['parameters']:.0f}"]
    if unresolved := int(numbers.get("unresolved_matrices", 0)):
        told.append("unresolved" if count == 1 else f"{unresolved} unresolved")
    return ", ".join(told)


def _scope(curves: pd.DataFrame, letter: str) -> str:
    place = curves[curves.panel == letter].iloc[0]
    name = {"train": "training", "test": "test"}[parts_of(place.spectrum).split]
    return f"whole {name} set" if place.scope == "whole" else f"{name} batches"
