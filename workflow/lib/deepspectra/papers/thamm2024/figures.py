"""Figures of Thamm, Staats and Rosenow (2024), drawn from tidy tables of the plotted numbers."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.rows import NO_WEIGHTS

__all__ = ["figure_1", "figure_2", "figure_3", "figure_4"]

_TRAINED, _INITIAL, _LAW = style.BLUE, style.VERMILION, "black"
_COLOURS = (style.BLUE, style.GREEN, style.ORANGE)
#: Quantities that say which side's vectors are drawn, and that side as the curves name it.
_SIDES = {"output_side_drawn": "output side", "input_side_drawn": "input side"}
_NETWORKS = {"alexnet": "AlexNet", "vgg16": "VGG16", "vgg19": "VGG19", "minialexnet": "miniAlexNet"}


def figure_1(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spacings (a) with cumulative insets, and number variance (b), of the matrices of panels 1, 2, ...

    :param curves: columns panel (``a1``, ``b1``, ...), series, x, x_high, y.
    :param summary: columns panel, series (network and layer), quantity, label, value, reference.
    """
    names = summary.groupby("panel", sort=True).series.first()
    narrow = len(names) > 4
    figure, axes = style.new_figure(style.PAGE, 4.6 if narrow else 4.0, (2, len(names)))
    for (spacing, variance), (panel, name) in zip(axes.T, names.items(), strict=True):
        below = panel.replace("a", "b")
        style.label_panel(spacing, panel, "\n" * narrow + _title(name).replace(", ", "\n"))
        style.label_panel(variance, below)
        spacing.set_xlabel(r"spacing $s$")
        variance.set_xlabel(r"length $l$" if narrow else r"interval length $l$")
        quantities = summary[summary.panel == panel]
        if quantities.quantity.iloc[0] == NO_WEIGHTS:
            for axis in (spacing, variance):
                _say_unavailable(axis, quantities.label.iloc[0], width=96 // len(names))
            continue
        _spacings(spacing, curves[curves.panel == panel])
        _p_values(spacing, quantities, narrow=narrow)
        _variance(variance, curves[curves.panel == below], ["final"])
        _variance_p(variance, quantities)
    axes[0, 0].set_ylabel(r"density $P(s)$")
    axes[1, 0].set_ylabel(r"number variance $\Sigma^2(l)$")
    _add_legend(figure, axes)
    style.add_note(figure, _with_supply(note, summary))
    return figure


def figure_2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectrum before and after training (a), and vector tests (b to d; series ``network layer, side side, kind``)."""
    figure, axes = style.new_figure(style.PAGE, 3.6, (2, 2))
    spectrum, *tests = axes.flat
    lines = curves[curves.panel == "a"]
    _spectrum(spectrum, lines)
    for series, look, label in (("fit, final", ":", "modified law, trained"), ("Marchenko-Pastur", "--", None)):
        law = lines[lines.series == series]
        width = 0.8 if label else None
        spectrum.plot(law.x, law.y, color=_LAW, linestyle=look, linewidth=width, label=label or series)
    style.label_panel(spectrum, "a", _title(summary[summary.panel == "a"].series.iloc[0].partition(",")[0]))
    spectrum.set(xlabel=r"singular value $\nu$", ylabel=r"density $P(\nu)$", ylim=(0, 1.6 * spectrum.get_ylim()[1]))
    spectrum.legend(loc="upper right", ncols=2)
    for axis, panel in zip(tests, "bcd", strict=True):
        rows = summary[summary.panel == panel].drop_duplicates("series")
        colours = _COLOURS if len(rows) <= len(_COLOURS) else style.sequence(len(rows))
        notes = []
        for colour, row in zip(colours, rows.itertuples(), strict=False):
            if row.quantity == NO_WEIGHTS:
                notes.append(f"{_title(row.series)}: {row.label}")
            else:
                drawn = f"{row.series}, {_SIDES[row.quantity]}"
                _vector_lines(axis, curves[curves.panel == panel], drawn, color=colour, label=_title(row.series))
        axis.set(xlabel="relative rank of the singular value", ylabel="p-value")
        style.label_panel(axis, panel)
        if axis.lines:
            _vector_axis(axis)
            # p-values stay near their mean, except those of the largest singular values.
            axis.legend(loc="lower left")
        if notes:
            _say_unavailable(axis, "\n".join(notes), width=28 if axis.lines else 44)
    style.add_note(figure, _with_supply(note, summary))
    return figure


def figure_3(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectra (a), spacings (b), number variance (c) and vector tests (d); one row for each learning regime."""
    alphas = summary[summary.quantity == "alpha"].value
    figure, axes = style.new_figure(style.PAGE, 1.5 * len(alphas) + 0.9, (len(alphas), 4))
    for number, (row, alpha) in enumerate(zip(axes, alphas, strict=True), start=1):
        parts = {letter: curves[curves.panel == f"{letter}{number}"] for letter in "abcd"}
        told = {letter: summary[summary.panel == f"{letter}{number}"] for letter in "abd"}
        _spectrum(row[0], parts["a"])
        for state, colour in (("initial", _INITIAL), ("final", _TRAINED)):
            fit = parts["a"][parts["a"].series == f"fit, {state}"]
            row[0].plot(fit.x, fit.y, color=colour, linestyle="--", linewidth=0.8)
        if told["b"].quantity.iloc[0] == NO_WEIGHTS:
            for axis in row[1:]:
                _say_unavailable(axis, told["b"].label.iloc[0], width=24)
        else:
            _spacings(row[1], parts["b"])
            _p_values(row[1], told["b"])
            _variance(row[2], parts["c"], ["initial", "final"])
            _variance_p(row[2], told["b"])
            (bold,) = told["d"].quantity.map(_SIDES).dropna()
            _vector_lines(row[3], parts["d"], bold, color=_TRAINED, label=bold)
            (faint,) = set(_SIDES.values()) - {bold}
            other = parts["d"][parts["d"].series == f"{faint}, plain"]
            row[3].plot(other.x, other.y, color=_TRAINED, linewidth=0.6, alpha=0.35)
            _vector_axis(row[3])
        for letter, axis in zip("abcd", row, strict=True):
            style.label_panel(axis, f"{letter}{number}")
        regime = "rich" if alpha < 1 else "lazy" if alpha > 1 else "typical"
        accuracy = told["a"].set_index("quantity").value["test_accuracy"]
        row[0].set_ylabel(f"{regime}, $\\alpha={alpha:g}$\ntest accuracy {accuracy:.1%}")
    # One range makes the spectra of a column comparable.
    widest = max(axis.get_xlim()[1] for axis in axes[:, 0])
    for axis in axes[:, 0]:
        axis.set_xlim(0, widest)
    labels = (r"singular value $\nu$", r"spacing $s$", r"interval length $l$", "relative rank")
    headings = (r"density $P(\nu)$", r"density $P(s)$", r"$\Sigma^2(l)$", "p-value")
    for column, label, heading in zip(axes.T, labels, headings, strict=True):
        column[-1].set_xlabel(label)
        column[0].text(0.5, 1.22, heading, transform=column[0].transAxes, ha="center", fontweight="bold")
    _add_legend(figure, axes, columnspacing=1, handlelength=1.4)
    style.add_note(figure, note)
    return figure


def figure_4(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Test (a) and train (b) accuracy against alpha, which is black at 1; ``spread`` is empty for one seed."""
    figure, axes = style.new_figure(style.PAGE, 2.4, (1, 2))
    seeds = int(curves.seeds.max())
    for panel, axis, title in zip("ab", axes[0], ("test", "train"), strict=True):
        drawn = curves[curves.panel == panel]
        for name, colour, marker in (("full", style.BLUE, "x"), ("linearised", style.GREEN, "o")):
            line = drawn[drawn.series == name]
            axis.plot(line.x, line.y, color=colour, linewidth=0.6, alpha=0.5)
            look: dict[str, Any] = {"marker": marker, "linestyle": "none", "markersize": 4, "markerfacecolor": "none"}
            for part, shade in ((line[line.x != 1], colour), (line[line.x == 1], "black")):
                label = f"{name} network" if shade == colour else None
                spread = part.spread if seeds > 1 else None
                axis.errorbar(part.x, part.y, spread, color=shade, capsize=2, label=label, **look)
        axis.set_xscale("log")
        axis.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
        axis.minorticks_off()
        style.label_panel(axis, panel, f"{title} images")
        # No error bar is cut off.
        top = max(min(1.02, 1.15 * drawn.y.max()), 1.02 * (drawn.y + drawn.spread.fillna(0)).max())
        axis.set(xlabel=r"output scale $\alpha$", ylabel=f"{title} accuracy", ylim=(0, top))
        axis.axhline(0.1, color="0.6", linewidth=0.6, linestyle=":")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    bars = f" Error bars: standard deviation of {seeds} seeds." if seeds > 1 else " One seed."
    diverged = summary[summary.quantity == "diverged_runs"].label
    left_out = "".join(f" {label[:1].upper()}{label[1:]}." for label in diverged)
    style.add_note(figure, f"{note}{bars} Dotted: chance.{left_out}")
    return figure


def _spacings(axis: Axes, lines: pd.DataFrame) -> None:
    series = dict(list(lines.groupby("series")))
    bars, surmise = series["spacings"], series["surmise"]
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, label="trained")
    axis.plot(surmise.x, surmise.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set(xlim=(0, surmise.x.max()), ylim=(0, 1.55 * max(surmise.y.max(), bars.y.max())))
    inset = axis.inset_axes((0.64, 0.36, 0.35, 0.3))
    cumulative, law = series["cumulative"], series["surmise cumulative"]
    inset.step(cumulative.x, cumulative.y, where="post", color=_TRAINED, linewidth=0.8)
    inset.plot(law.x, law.y, color=_LAW, linestyle="--", linewidth=0.6)
    inset.set(xlim=(0, 3), ylim=(0, 1), xticks=[0, 1, 2, 3], yticks=[0, 1])
    inset.tick_params(labelsize=4.5, pad=1.5, length=1.5)


def _p_values(axis: Axes, summary: pd.DataFrame, *, narrow: bool = False) -> None:
    """The spacing test, plain and calibrated, in the upper corner; in more lines where the panel is narrow."""
    values = summary.set_index("quantity").value
    plain, calibrated, error = values["ks_p"], values["ks_p_calibrated"], values["ks_p_calibrated_error"]
    shown = f"p = {plain:.2f}" if plain >= 0.005 else f"p = {plain:.0e}"
    text = f"{shown}\ncalibrated{chr(10) if narrow else ' '}{calibrated:.2f} ± {error:.2f}"
    axis.text(1, 1, text, transform=axis.transAxes, ha="right", va="top", fontsize=5)


def _variance(axis: Axes, lines: pd.DataFrame, states: list[str]) -> None:
    series = dict(list(lines.groupby("series")))
    low, high, goe = series["null low"], series["null high"], series["GOE"]
    axis.fill_between(low.x, low.y, high.y, color="0.85", linewidth=0, label="random matrices, 95 %")
    looks = {"initial": (_INITIAL, "initial"), "final": (_TRAINED, "number variance, trained")}
    for state in states:
        line, (colour, label) = series[f"number variance, {state}"], looks[state]
        axis.plot(line.x, line.y, color=colour, linewidth=0.9, label=label)
    published = series["all intervals, final"]
    axis.plot(published.x, published.y, color=_TRAINED, linewidth=0.6, linestyle=":", label="all intervals")
    # The closed form is asymptotic and means nothing below l = 1.
    goe = goe[goe.x >= 1]
    axis.plot(goe.x, goe.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set(xscale="log", ylim=(0, None))
    axis.set_xticks([1, 10], ["1", "10"])


def _variance_p(axis: Axes, summary: pd.DataFrame) -> None:
    """The number variance's p-value, in the lower corner."""
    values = summary.set_index("quantity").value
    p, error = values["number_variance_p_calibrated"], values["number_variance_p_calibrated_error"]
    # A bulk that is too short for any judged length has none.
    if not np.isnan(p):
        axis.text(1, 0.06, f"p = {p:.2f} ± {error:.2f}", transform=axis.transAxes, ha="right", va="bottom", fontsize=5)


def _spectrum(axis: Axes, lines: pd.DataFrame) -> None:
    spectra = lines[lines.series.str.startswith("spectrum")]
    looks = {"initial": (_INITIAL, "initial", 2), "final": (style.HISTOGRAM_COLOUR, "trained", 1)}
    for state, (color, label, zorder) in looks.items():
        bars = spectra[spectra.series == f"spectrum, {state}"]
        edges, fill = [*bars.x, bars.x_high.iloc[-1]], state == "final"
        axis.stairs(bars.y, edges, linewidth=0.7, color=color, label=label, zorder=zorder, fill=fill)
    axis.set(xlim=(0, spectra.x_high.max()), ylim=(0, 1.1 * spectra.y.max()))


def _vector_lines(axis: Axes, lines: pd.DataFrame, name: str, *, color: Any, label: str) -> None:
    """Running means of one matrix's p-values: plain bold, calibrated thin."""
    plain, calibrated = (lines[lines.series == f"{name}, {kind}"] for kind in ("plain", "calibrated"))
    axis.plot(plain.x, plain.y, color=color, label=label, linewidth=1.0)
    axis.plot(calibrated.x, calibrated.y, color=color, linewidth=0.5, alpha=0.7)


def _vector_axis(axis: Axes) -> None:
    axis.axhline(0.5, color="0.5", linewidth=0.5, linestyle=":")
    axis.set(xlim=(0, 1), ylim=(0, 1))


def _say_unavailable(axis: Axes, text: str, width: int) -> None:
    """Say why there is nothing to see, in lines of ``width`` letters: in the middle, or below the lines of others."""
    x, y, across, along = (0.97, 0.05, "right", "bottom") if axis.lines else (0.5, 0.5, "center", "center")
    lines = "\n".join(textwrap.fill(line, width) for line in text.split("\n"))
    axis.text(x, y, lines, transform=axis.transAxes, ha=across, va=along, fontsize=5, color="0.35")
    if not axis.lines:
        axis.set(xticks=[], yticks=[])


def _with_supply(note: str, summary: pd.DataFrame) -> str:
    if not (summary.quantity == NO_WEIGHTS).any():
        return note
    return (
        f"{note} To supply missing weights, put the providers' files (named in resources/weights.yaml) into a folder, "
        "delete resources/weights/ and run with --config data='{folder: PATH}'."
    )


def _title(name: str) -> str:
    """A matrix's name for readers: "mlp1024 dense2" is "MLP1024, dense 2"."""
    network, _, layer = name.partition(" ")
    own = network.replace("mlp", "MLP").replace("_seed", " seed ").replace("_", " ")
    return f"{_NETWORKS.get(network, own)}, {layer.replace('dense', 'dense ').replace('conv', 'conv ')}"


def _add_legend(figure: Figure, axes: np.ndarray, **spacing: float) -> None:
    """Every label of all panels once, but for those of sides."""
    entries: dict[str, Artist] = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            if "side" not in label:
                entries.setdefault(label, handle)
    # One row has room for four.
    columns = len(entries) if len(entries) <= 4 else 3
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns, **spacing)
