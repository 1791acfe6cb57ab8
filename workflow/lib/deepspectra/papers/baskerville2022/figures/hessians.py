"""Figures of Hessian and Gauss-Newton spectra: as published above, resolved below, on the same axes and bins."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.baskerville2022.figures.controls import DATA, draw_bands, draw_deciles
from deepspectra.papers.baskerville2022.names import AUTHORS_SHARES, CONTROLS, CUT_OFFS, UNCUT, parts_of
from deepspectra.rmt.laws.ratios import ratio_surmise
from deepspectra.rmt.laws.spacings import wigner_surmise

__all__ = ["comparison", "cut_off_comparison", "hessian_densities"]

_SERIES = {"published": "as published", "resolved": "resolved"}
_KINDS = {"hessian": "Hessian", "gauss_newton": "Gauss-Newton"}


def hessian_densities(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure 1, densities: the GOE (a), and Hessians of a multi-layer perceptron (b) and of softmax regression (c, d).

    :param curves: columns panel, spectrum, scope, statistic, series, x, x_high, y, error.
    :param summary: columns panel, spectrum, scope, statistic, series, quantity, label, value, error, reference.
    """
    letters = sorted({*curves.panel} - {"a"})
    figure, axes = style.new_figure(style.PAGE, 3.6, (2, 1 + len(letters)))
    ensemble, blank = axes[:, 0]
    bars, law = (curves[(curves.panel == "a") & (curves.series == name)] for name in ("ensemble", "semicircle"))
    _stairs(ensemble, bars)
    numbers = _numbers(summary, "a", "ensemble")
    ensemble.plot(law.x, law.y, color=style.LIMIT_COLOUR, label=f"semicircle,\nKS {numbers['semicircle_ks']:.2g}")
    style.label_panel(ensemble, "a", "GOE,\n{0:.0f} x {0:.0f}".format(numbers["parameters"]))
    ensemble.set(yscale="log", xlabel=r"$\lambda / 2\sqrt{P}\sigma$", ylabel="density (logarithmic)")
    ensemble.set_ylim(0.5 * bars.y[bars.y > 0].min(), 20 * max(law.y.max(), bars.y.max()))
    ensemble.legend(loc="upper right")
    blank.set_axis_off()
    for letter, column in zip(letters, axes[:, 1:].T, strict=True):
        for (series, name), axis in zip(_SERIES.items(), column, strict=True):
            _panel(axis, curves, summary, letter, series)
            axis.set_ylabel(f"{name}\n{axis.get_ylabel()}".rstrip() if letter == "b" else "")
        name = _network(curves, letter).partition(":")[0]
        style.label_panel(column[0], letter, f"{name},\n{_scope(curves, letter)}")
        _same_heights(column)
    style.add_note(figure, note)
    return figure


def comparison(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A figure about one network, with a column for each panel; tables as of :func:`hessian_densities`."""
    letters = sorted(curves.panel.unique())
    figure, axes = style.new_figure(style.PAGE, 4.0, (2, len(letters)))
    shown = [curves[curves.panel == letter].statistic.iloc[0] for letter in letters]
    for place, (letter, column) in enumerate(zip(letters, axes.T, strict=True)):
        for series, axis in zip(_SERIES, column, strict=True):
            _panel(axis, curves, summary, letter, series)
            # Neighbours that show the same share a name.
            if place and shown[place] == shown[place - 1]:
                axis.set_ylabel("")
        style.label_panel(column[0], letter, _scope(curves, letter))
        _same_heights(column)
    for axis, name in zip(axes[:, 0], _SERIES.values(), strict=True):
        axis.set_ylabel(f"{name}\n{axis.get_ylabel()}".rstrip())
    parameters = _numbers(summary, letters[0], "resolved")["parameters"]
    figure.suptitle(f"{_network(curves, letters[0])}, P = {parameters:.0f}", x=0.01, ha="left", fontsize=7)
    return _finish(figure, note, summary)


def cut_off_comparison(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Figure A14: unfolded spacings with and without cut-off, and resolved; shares below cut-offs; a row a network."""
    letters = sorted(curves.panel.unique())
    figure, axes = style.new_figure(style.PAGE, 1.65 * len(letters) + 0.7, (len(letters), 4))
    variants = (
        ("published", UNCUT, "as published,\nall eigenvalues"),
        ("published", "unfolded", "as published,\n$|\\lambda| > 10^{-20}$"),
        ("resolved", "unfolded", "resolved"),
        ("published", CUT_OFFS, "as published,\nshare below $\\epsilon$"),
    )
    for letter, row in zip(letters, axes, strict=True):
        for axis, (series, statistic, _) in zip(row, variants, strict=True):
            _panel(axis, curves, summary, letter, series, statistic)
            if axis in row[1:3]:
                axis.set_ylabel("")
        name = _network(curves, letter).partition(":")[0].replace(", ", ",\n")
        row[0].set_ylabel(f"$\\bf{{({letter})}}$ {name}\n{row[0].get_ylabel()}".rstrip())
    for axis, (_, _, title) in zip(axes[0], variants, strict=True):
        axis.set_title(title)
    return _finish(figure, note, summary)


def _same_heights(column: np.ndarray) -> None:
    drawn = [axis for axis in column if axis.has_data()]
    lows, highs = zip(*(axis.get_ylim() for axis in drawn), strict=True)
    for axis in drawn:
        axis.set_ylim(min(lows), max(highs))


def _finish(figure: Figure, note: str, summary: pd.DataFrame) -> Figure:
    """Add one legend for all panels, if any has lines with names, and the small print with its facts."""
    entries: dict[str, Artist] = {}
    for handles, labels in (axis.get_legend_handles_labels() for axis in figure.axes):
        entries |= zip(labels, handles, strict=True)
    # Bands have a legend in their panel.
    entries = {label: entry for label, entry in entries.items() if label not in (*CONTROLS.values(), DATA)}
    if entries:
        figure.legend(list(entries.values()), list(entries), loc="outside upper right", ncols=len(entries))
    # The cut-offs that were used, and which network made the features, if there are any.
    features = summary.label[summary.quantity.isin(("features", "other_features"))].unique()
    cuts = summary[(summary.quantity == "ratio_cut") & summary.statistic.isin(("ratios", "deciles"))]
    names = {"batch": "batches", "whole": "whole sets"}
    found = {(names[scope], f"{cut:g}" if cut else "none") for scope, cut in zip(cuts.scope, cuts.value, strict=True)}
    words = ", ".join(f"{name} {cut}" for name, cut in sorted(found))
    sentences = [f"Cut-offs of ratios as published: {words}."] if words else []
    style.add_note(figure, " ".join([note, *sentences, *(f"CIFAR-10 as {text}." for text in features)]))
    return figure


def _panel(
    axis: Axes, curves: pd.DataFrame, summary: pd.DataFrame, letter: str, series: str, statistic: str | None = None
) -> None:
    panel = curves[curves.panel == letter]
    lines, statistic = panel[panel.series == series], statistic or panel.statistic.iloc[0]
    numbers = _numbers(summary, letter, series)
    if statistic == "deciles" and series == "resolved":
        draw_bands(axis, panel)
        # Above the panel, where it covers nothing.
        if axis.get_legend_handles_labels()[0]:
            axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=5, borderaxespad=0.2)
    drawings = {"ratios": _ratios, "density": _density, "deciles": _deciles, CUT_OFFS: _cut_offs}
    if not (lines.statistic == statistic).any():
        _unavailable(axis, *(_numbers(summary, letter, name) for name in ("resolved", "published", "counted")))
    elif statistic in drawings:
        drawings[statistic](axis, lines, numbers)
    else:
        _spacings(axis, lines, numbers, statistic)


def _spacings(axis: Axes, lines: pd.DataFrame, numbers: pd.Series, statistic: str) -> None:
    bars, alike = lines[lines.statistic == statistic], lines[lines.statistic == f"{statistic} reference"]
    _stairs(axis, bars)
    axis.plot((alike.x + alike.x_high) / 2, alike.y, color="0.25", linewidth=0.6, label="GOE, unfolded alike")
    s = np.linspace(0, bars.x_high.max(), 400)
    axis.plot(s, wigner_surmise.pdf(s), color=style.LIMIT_COLOUR, label="surmise")
    axis.set(xlim=(0, min(4.0, bars.x_high.max())), ylim=(0, 1.05), xlabel=r"unfolded spacing $s$", ylabel="density")
    key = "uncut" if statistic == UNCUT else "unfolded"
    lines_of_text = [f"KS {numbers[f'{key}_ks']:.2g} ({numbers.attrs['reference'][f'{key}_ks']:.2g})"]
    if statistic == UNCUT or bars.y.iloc[0] > axis.get_ylim()[1]:
        lines_of_text.append(f"s = 0: {numbers[f'{key}_zeros']:.0%}")
    _say(axis, [*lines_of_text, *_size(numbers, numbers[f"{key}_levels"])])


def _ratios(axis: Axes, lines: pd.DataFrame, numbers: pd.Series) -> None:
    _stairs(axis, lines)
    r = np.linspace(0, lines.x_high.max(), 400)
    axis.plot(r, ratio_surmise.pdf(r), color=style.LIMIT_COLOUR, label="surmise")
    axis.set(xlim=(0, lines.x_high.max()), ylim=(0, 0.9), xlabel=r"spacing ratio $r$", ylabel="density")
    mean, error = numbers["mean_ratio"], numbers.attrs["error"]["mean_ratio"]
    told = f"{mean:.3f}" if pd.isna(error) else f"{mean:.3f} ± {error:.3f}"
    _say(axis, ["mean min(r, 1/r):", told, *_size(numbers)])


def _density(axis: Axes, lines: pd.DataFrame, numbers: pd.Series) -> None:
    _stairs(axis, lines)
    axis.set(yscale="log", xlabel=r"$\lambda / 2\sqrt{P}$", ylabel="density (logarithmic)")
    axis.set(xlim=(lines.x.min(), lines.x_high.max()), ylim=(0.5 * lines.y[lines.y > 0].min(), 300 * lines.y.max()))
    resolved, zero = lines.series.iloc[0] == "resolved", 1 - numbers["kept_mean"] / numbers["parameters"]
    shown = [*_size(numbers), f"zero: {zero:.1%}"] if resolved else _size(numbers, numbers["parameters"])
    _say(axis, shown)


def _deciles(axis: Axes, lines: pd.DataFrame, numbers: pd.Series) -> None:
    draw_deciles(axis, lines)


def _cut_offs(axis: Axes, lines: pd.DataFrame, numbers: pd.Series) -> None:
    shares = lines[lines.statistic == CUT_OFFS]
    axis.plot(shares.x, shares.y, "o-", color=style.BLUE, markersize=2.5, linewidth=0.8)
    if authors := AUTHORS_SHARES.get(shares.spectrum.iloc[0]):
        axis.plot(
            list(authors), list(authors.values()), "x", color=style.VERMILION, markersize=3.5, label="authors' shares"
        )
    axis.set(xscale="log", ylim=(0, 1.05), xlabel=r"cut-off $\epsilon$", ylabel=r"share of $|\lambda| < \epsilon$")
    axis.set_xticks([1e-40, 1e-20, 1e-4])
    _say(axis, ["exactly zero:", f"{numbers['exact_zeros_mean']:.1%}"], left=True)


def _stairs(axis: Axes, bars: pd.DataFrame) -> None:
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, linewidth=0.3)


def _numbers(summary: pd.DataFrame, letter: str, series: str) -> pd.Series:
    """Values of one panel by quantity, with their errors and references as attributes."""
    part = summary[(summary.panel == letter) & (summary.series == series)].set_index("quantity")
    values = part.value.copy()
    full = summary[(summary.panel == letter) & (summary.quantity == "full_batches")].value
    values.attrs = {"error": part.error.to_dict(), "reference": part.reference.to_dict(), "scope": set(part.scope)}
    values.attrs["full"] = full.iloc[0] if len(full) else 0
    return values


def _size(numbers: pd.Series, shown: float | None = None) -> list[str]:
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
    return told


def _say(axis: Axes, lines: list[str], left: bool = False) -> None:
    look: dict[str, Any] = {"ha": "left" if left else "right", "va": "top", "fontsize": 5.5, "linespacing": 1.25}
    axis.text(0.04 if left else 0.98, 0.97, "\n".join(lines), transform=axis.transAxes, **look)


def _unavailable(axis: Axes, resolved: pd.Series, published: pd.Series, counted: pd.Series) -> None:
    """Say why nothing is shown as published: no float32 matrix, or too few to unfold; and what is known even so."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    size = int(resolved["parameters"])
    text = f"not computed here\n(float32 matrices,\n{size} x {size},\n{4e-9 * size**2:.1f} GB each)"
    if len(published):
        text = f"not unfolded, of\n{published['matrices']:.0f} float32 matrices"
    if len(counted):
        text += "\nexact zeros: {exact_zeros_smallest:.0%} to {exact_zeros_largest:.0%}".format(**counted)
    look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 5.5, "color": "0.4"}
    axis.text(0.5, 0.5, f"as published:\n{text}", transform=axis.transAxes, **look)


def _network(curves: pd.DataFrame, letter: str) -> str:
    network, state, _, kind = parts_of(curves[curves.panel == letter].spectrum.iloc[0])
    return f"{network.replace('_', ' ')}{'' if state == 'final' else ', untrained'}: {_KINDS[kind]}"


def _scope(curves: pd.DataFrame, letter: str) -> str:
    place = curves[curves.panel == letter].iloc[0]
    name = {"train": "training", "test": "test"}[parts_of(place.spectrum).split]
    return f"whole {name} set" if place.scope == "whole" else f"{name} batches"
