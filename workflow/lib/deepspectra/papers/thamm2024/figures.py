"""Figures of Thamm, Staats and Rosenow (2024), drawn from tidy tables of the plotted numbers."""

from __future__ import annotations

import textwrap

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


def figure_1(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spacings (a) with cumulative insets, and number variance (b), of the matrices of panels 1, 2, ...

    :param curves: columns panel (``a1``, ``b1``, ...), series, x, x_high, y.
    :param summary: columns panel, series (network and layer), quantity, label, value, reference.
    """
    names = summary.groupby("panel", sort=True).series.first()
    narrow = len(names) > 4
    figure, axes = style.new_figure(style.COLUMN, 4.1 if narrow else 3.5, (2, len(names)))
    for column, (panel, name) in enumerate(names.items()):
        number = panel.removeprefix("a")
        spacing, variance = axes[:, column]
        style.label_panel(spacing, panel, "\n" * narrow + _title(name).replace(", ", "\n"))
        style.label_panel(variance, f"b{number}")
        quantities = summary[summary.panel == panel]
        if not (curves.panel == panel).any():
            for axis in (spacing, variance):
                _say_unavailable(axis, quantities.label.iloc[0], width=96 // len(names))
            continue
        _spacings(spacing, curves[curves.panel == panel])
        _p_values(spacing, quantities, narrow=narrow)
        _variance(variance, curves[curves.panel == f"b{number}"], ["final"])
    axes[0, 0].set_ylabel(r"density $P(s)$")
    axes[1, 0].set_ylabel(r"number variance $\Sigma^2(l)$")
    for axis in axes[0]:
        axis.set_xlabel(r"spacing $s$")
    for axis in axes[1]:
        axis.set_xlabel(r"length $l$" if narrow else r"interval length $l$")
    handles, labels = _legend_entries(axes)
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    style.add_note(figure, _with_supply(note, summary))
    return figure


def figure_2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """A spectrum before and after training (a), and vector tests (b to d).

    :param curves: columns panel, series, x, x_high, y; series of (b) to (d) are ``network layer, side side, kind``.
    """
    figure, axes = style.new_figure(style.COLUMN, 3.6, (2, 2))
    spectrum = axes[0, 0]
    _spectrum(spectrum, curves[curves.panel == "a"])
    law = curves[(curves.panel == "a") & (curves.series == "Marchenko-Pastur")]
    spectrum.plot(law.x, law.y, color=_LAW, linestyle="--", label="Marchenko-Pastur")
    style.label_panel(spectrum, "a", _title(summary[summary.panel == "a"].series.iloc[0].partition(",")[0]))
    spectrum.set_xlabel(r"singular value $\nu$")
    spectrum.set_ylabel(r"density $P(\nu)$")
    spectrum.set_ylim(0, 1.6 * spectrum.get_ylim()[1])
    spectrum.legend(loc="upper right", ncols=2)
    for axis, panel in zip(axes.flat[1:], "bcd", strict=True):
        part = summary[summary.panel == panel]
        notes = []
        names = list(dict.fromkeys(part.series))
        colours = _COLOURS if len(names) <= len(_COLOURS) else style.sequence(len(names))
        for colour, name in zip(colours, names, strict=False):
            row = part[part.series == name].iloc[0]
            if row.quantity == NO_WEIGHTS:
                notes.append(f"{_title(name)}: {row.label}")
                continue
            drawn = f"{name}, {_SIDES[row.quantity]}"
            _vector_lines(axis, curves[curves.panel == panel], drawn, colour, _title(name))
        if not notes or axis.lines:
            _vector_axis(axis)
        axis.set_xlabel("relative rank of the singular value")
        axis.set_ylabel("p-value")
        style.label_panel(axis, panel)
        if notes:
            _say_unavailable(axis, "\n".join(notes), width=28 if axis.lines else 44)
        if axis.get_legend_handles_labels()[0]:
            # p-values stay near their mean, except those of the largest singular values.
            axis.legend(loc="lower left")
    style.add_note(figure, _with_supply(note, summary))
    return figure


def figure_3(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectra (a), spacings (b), number variance (c) and vector tests (d); one row for each learning regime.

    :param curves: columns panel (``a1`` to ``d3``), series, x, x_high, y.
    """
    alphas = summary[summary.quantity == "alpha"]
    figure, axes = style.new_figure(style.COLUMN, 1.5 * len(alphas) + 0.9, (len(alphas), 4))
    for number, (row, alpha) in enumerate(zip(axes, alphas.value, strict=True), start=1):
        accuracy = summary[(summary.panel == f"a{number}") & (summary.quantity == "test_accuracy")].value.item()
        parts = {letter: curves[curves.panel == f"{letter}{number}"] for letter in "abcd"}
        _spectrum(row[0], parts["a"], fits=("initial", "final"))
        _spacings(row[1], parts["b"])
        _p_values(row[1], summary[summary.panel == f"b{number}"])
        _variance(row[2], parts["c"], ["initial", "final"])
        # The other side is faint.
        (bold,) = summary[summary.panel == f"d{number}"].quantity.map(_SIDES).dropna()
        _vector_lines(row[3], parts["d"], bold, _TRAINED, bold)
        (faint,) = set(_SIDES.values()) - {bold}
        _vector_lines(row[3], parts["d"], faint, _TRAINED, "", faint=True)
        _vector_axis(row[3])
        for letter, axis in zip("abcd", row, strict=True):
            style.label_panel(axis, f"{letter}{number}")
        row[0].set_ylabel(f"{_regime(alpha)}, $\\alpha={alpha:g}$\ntest accuracy {accuracy:.1%}")
    # One range makes the spectra of a column comparable.
    widest = max(axis.get_xlim()[1] for axis in axes[:, 0])
    for axis in axes[:, 0]:
        axis.set_xlim(0, widest)
    for axis, label in zip(
        axes[-1],
        (r"singular value $\nu$", r"spacing $s$", r"interval length $l$", "relative rank"),
        strict=True,
    ):
        axis.set_xlabel(label)
    for column, name in enumerate((r"density $P(\nu)$", r"density $P(s)$", r"$\Sigma^2(l)$", "p-value")):
        axes[0, column].text(0.5, 1.22, name, transform=axes[0, column].transAxes, ha="center", fontweight="bold")
    handles, labels = _legend_entries(axes)
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), columnspacing=1, handlelength=1.4)
    style.add_note(figure, note)
    return figure


def figure_4(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Test (a) and train (b) accuracy of full and of linearised networks against alpha; alpha = 1 in black.

    :param curves: columns panel, series (``full`` or ``linearised``), x, y, spread (empty for one seed), seeds.
    """
    figure, axes = style.new_figure(style.COLUMN, 2.4, (1, 2))
    looks = {"full": (style.BLUE, "x"), "linearised": (style.GREEN, "o")}
    seeds = int(curves.seeds.max())
    for panel, axis, title in zip("ab", axes[0], ("test", "train"), strict=True):
        for name, (colour, marker) in looks.items():
            line = curves[(curves.panel == panel) & (curves.series == name)]
            axis.plot(line.x, line.y, color=colour, linewidth=0.6, alpha=0.5)
            for part, shade in ((line[line.x != 1], colour), (line[line.x == 1], "black")):
                axis.errorbar(
                    *(part.x, part.y, part.spread if seeds > 1 else None),
                    **{"color": shade, "marker": marker, "linestyle": "none", "markersize": 4, "capsize": 2},
                    markerfacecolor="none",
                    label=f"{name} network" if shade == colour else None,
                )
        axis.set_xscale("log")
        axis.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
        axis.minorticks_off()
        axis.set_xlabel(r"output scale $\alpha$")
        axis.set_ylabel(f"{title} accuracy")
        style.label_panel(axis, panel, f"{title} images")
        drawn = curves[curves.panel == panel]
        axis.set_ylim(0, min(1.02, 1.15 * drawn.y.max()))
        # No error bar is cut off.
        axis.set_ylim(top=max(axis.get_ylim()[1], 1.02 * (drawn.y + drawn.spread.fillna(0)).max()))
        axis.axhline(0.1, color="0.6", linewidth=0.6, linestyle=":")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    bars = f" Error bars: standard deviation of {seeds} seeds." if seeds > 1 else " One seed."
    style.add_note(figure, f"{note}{bars} Dotted: chance.")
    return figure


def _spacings(axis: Axes, lines: pd.DataFrame) -> None:
    """Histogram and Wigner surmise, with the distribution functions in an inset."""
    series = dict(list(lines.groupby("series")))
    bars, surmise = series["spacings"], series["surmise"]
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.HISTOGRAM_COLOUR, label="trained")
    axis.plot(surmise.x, surmise.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set_xlim(0, surmise.x.max())
    axis.set_ylim(0, 1.55 * max(surmise.y.max(), bars.y.max()))
    inset = axis.inset_axes((0.64, 0.36, 0.35, 0.3))
    cumulative, law = series["cumulative"], series["surmise cumulative"]
    inset.step(cumulative.x, cumulative.y, where="post", color=_TRAINED, linewidth=0.8)
    inset.plot(law.x, law.y, color=_LAW, linestyle="--", linewidth=0.6)
    inset.set_xlim(0, 3)
    inset.set_ylim(0, 1)
    inset.set_xticks([0, 1, 2, 3])
    inset.set_yticks([0, 1])
    inset.tick_params(labelsize=4.5, pad=1.5, length=1.5)


def _p_values(axis: Axes, summary: pd.DataFrame, *, narrow: bool = False) -> None:
    """The spacing test, plain and calibrated, in the upper corner; in more lines where the panel is narrow."""
    values = summary.set_index("quantity").value
    plain, calibrated, error = values["ks_p"], values["ks_p_calibrated"], values["ks_p_calibrated_error"]
    shown = f"p = {plain:.2f}" if plain >= 0.005 else f"p = {plain:.0e}"
    text = f"{shown}\ncalibrated{chr(10) if narrow else ' '}{calibrated:.2f} ± {error:.2f}"
    axis.text(1, 1, text, transform=axis.transAxes, ha="right", va="top", fontsize=5)


def _variance(axis: Axes, lines: pd.DataFrame, states: list[str]) -> None:
    """Number variance, the null's band, and the GOE's curve."""
    series = dict(list(lines.groupby("series")))
    low, high, goe = series["null low"], series["null high"], series["GOE"]
    axis.fill_between(low.x, low.y, high.y, color="0.85", linewidth=0, label="random matrices, 95 %")
    for state in states:
        line = series[f"number variance, {state}"]
        colour = _TRAINED if state == "final" else _INITIAL
        label = "number variance, trained" if state == "final" else "initial"
        axis.plot(line.x, line.y, color=colour, linewidth=0.9, label=label)
    # The closed form is asymptotic and means nothing below l = 1.
    goe = goe[goe.x >= 1]
    axis.plot(goe.x, goe.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set_xscale("log")
    axis.set_xticks([1, 10], ["1", "10"])
    axis.set_ylim(bottom=0)


def _spectrum(axis: Axes, lines: pd.DataFrame, fits: tuple[str, ...] = ("final",)) -> None:
    """Histograms before and after training, and modified Marchenko-Pastur fits of the states in ``fits``."""
    series = dict(list(lines.groupby("series")))
    for state, colour, name in (("initial", _INITIAL, "initial"), ("final", _TRAINED, "trained")):
        bars = series.get(f"spectrum, {state}")
        if bars is not None:
            edges = [*bars.x, bars.x_high.iloc[-1]]
            filled = state == "final"
            shade = style.HISTOGRAM_COLOUR if filled else colour
            axis.stairs(bars.y, edges, fill=filled, color=shade, linewidth=0.7, label=name, zorder=1 if filled else 2)
        if state in fits and f"fit, {state}" in series:
            fit = series[f"fit, {state}"]
            if len(fits) > 1:
                axis.plot(fit.x, fit.y, color=colour, linestyle="--", linewidth=0.8)
            else:
                axis.plot(fit.x, fit.y, color=_LAW, linestyle=":", linewidth=0.8, label="modified law, trained")
    spectra = lines[lines.series.str.startswith("spectrum")]
    axis.set_xlim(0, spectra.x_high.max())
    axis.set_ylim(0, 1.1 * spectra.y.max())


def _vector_lines(axis: Axes, lines: pd.DataFrame, name: str, colour: str, label: str, *, faint: bool = False) -> None:
    """Running means of one matrix's p-values: plain bold, calibrated thin."""
    for kind, width, shade in (("plain", 1.0, 1.0), ("calibrated", 0.5, 0.7)):
        line = lines[lines.series == f"{name}, {kind}"]
        if line.empty or (faint and kind == "calibrated"):
            continue
        if faint:
            width, shade = 0.6, 0.35
        name_shown = label if kind == "plain" and label else None
        axis.plot(line.x, line.y, color=colour, label=name_shown, linewidth=width, alpha=shade)


def _vector_axis(axis: Axes) -> None:
    axis.axhline(0.5, color="0.5", linewidth=0.5, linestyle=":")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)


def _say_unavailable(axis: Axes, text: str, width: int) -> None:
    """Say why there is nothing to see, in lines of ``width`` letters, so that no panel is empty without a reason.

    In the middle, or below the lines of a panel that has some.
    """
    x, y, across, along = (0.97, 0.05, "right", "bottom") if axis.lines else (0.5, 0.5, "center", "center")
    lines = "\n".join(textwrap.fill(line, width) for line in text.split("\n"))
    axis.text(x, y, lines, transform=axis.transAxes, ha=across, va=along, fontsize=5, color="0.35")
    if not axis.lines:
        axis.set_xticks([])
        axis.set_yticks([])


def _with_supply(note: str, summary: pd.DataFrame) -> str:
    """The note, and how to supply weights where some are missing."""
    if not (summary.quantity == NO_WEIGHTS).any():
        return note
    return (
        f"{note} To supply missing weights, put the providers' files (named in resources/weights.yaml) into a folder, "
        "delete resources/weights/ and run with --config data='{folder: PATH}'."
    )


def _title(name: str) -> str:
    """A matrix's name for readers: "mlp1024 dense2" is "MLP1024, dense 2"."""
    network, _, layer = name.partition(" ")
    known = {"alexnet": "AlexNet", "vgg16": "VGG16", "vgg19": "VGG19", "minialexnet": "miniAlexNet"}
    words = layer.replace("dense", "dense ").replace("conv", "conv ")
    return f"{known.get(network, network.replace('mlp', 'MLP').replace('_seed', ' seed ').replace('_', ' '))}, {words}"


def _regime(alpha: float) -> str:
    return "rich" if alpha < 1 else "lazy" if alpha > 1 else "typical"


def _legend_entries(axes: np.ndarray) -> tuple[list[Artist], list[str]]:
    """Every label of all panels once, but for those of sides."""
    entries: dict[str, Artist] = {}
    for axis in axes.flat:
        handles, labels = axis.get_legend_handles_labels()
        entries |= {label: handle for handle, label in zip(handles, labels, strict=True) if label not in entries}
    wanted = [label for label in entries if "side" not in label]
    return [entries[label] for label in wanted], wanted
