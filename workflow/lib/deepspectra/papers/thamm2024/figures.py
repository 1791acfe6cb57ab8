"""Figures of Thamm, Staats and Rosenow (2024), drawn from tidy tables of the plotted numbers."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style

_CALIBRATED = (
    "Insets: distribution functions. p: Kolmogorov-Smirnov test of the spacings against the Wigner surmise; "
    "calibrated: against random matrices of the same shape through the same unfolding, with its Monte Carlo error. "
    "Grey band: central 95 % of the same random matrices' number variance, which the unfolding, fitted to the same "
    "levels, takes away from the GOE's curve (an asymptote, drawn from l = 1)."
)
_VECTORS = (
    "p-values: Kolmogorov-Smirnov tests of the m entries of a singular vector against N(0, 1/m), mean over the "
    "window (15 neighbours in the paper), for vectors of the smaller side, or of a square matrix the output side; "
    "rank 1 is the largest singular value"
)

#: What each figure shows, in a line: title of its caption, and what is read out in place of the picture.
TITLES = {
    "figure_1": "Spacings and number variance of the singular values of four weight matrices, beside random matrices",
    "figure_2": "Singular values of a weight matrix before and after training, and tests of singular vectors by rank",
    "figure_3": "Spectra, spacings, number variance and vector tests of one layer in the rich, typical and lazy regime",
    "figure_4": "Test and train accuracy of full and of linearised networks against the scale alpha",
}

#: What each figure assumes where the paper is open, for its small print.
NOTES = {
    "figure_1": f"{_CALIBRATED} Assumed: the paper's window of 15 means a = 7. Its own panels (MLP1024 dense 2, "
    "miniAlexNet conv 2, AlexNet dense 2, VGG19 dense 3) are captioned p = 0.81, 0.85, 0.31 and 0.96; its table 2 "
    "prints 0.812, 0.859, 0.229 and 0.557 for them. Its section 2 takes VGG19 from TensorFlow, its appendix A from "
    "PyTorch.",
    "figure_2": f"{_VECTORS}. Thick: plain; thin: calibrated with random unit vectors, whose mean is 0.5 (dotted line; "
    "plain ones have more, since the norm is fixed). Dashed in (a): Marchenko-Pastur law of the initial weights; "
    "dotted: modified law fitted to the trained ones. Both sides are in the CSV.",
    "figure_3": f"{_CALIBRATED} {_VECTORS} (thin: calibrated; faint: the other side; dotted: 0.5). Dashed in "
    "(a): modified Marchenko-Pastur laws, in the colours of the spectra. The paper's test accuracies at alpha 0.5, 1 "
    "and 5 are 52.7, 55.2 and 50.4 %. Assumed: the paper's window of 15 means a = 7.",
    "figure_4": "Full networks, and the same trained networks linearised around the initial weights of their second "
    "layer (eq. 6); black: alpha = 1. Train accuracies are those after training (table 1 has those of the batches as "
    "they were met). Assumed: the values of alpha.",
}

_TRAINED, _INITIAL, _LAW = style.BLUE, style.VERMILION, "black"
_COLOURS = (style.BLUE, style.GREEN, style.ORANGE)


def figure_1(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spacings (a) with cumulative insets, and number variance (b), of the matrices of panels 1, 2, ...

    :param curves: columns panel (``a1``, ``b1``, ...), series, x, x_high, y.
    :param summary: columns panel, series (network and layer), quantity, value, reference.
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
                _say_unavailable(axis, quantities.quantity.iloc[0], width=96 // len(names))
            continue
        _spacings(spacing, curves[curves.panel == panel])
        _p_values(spacing, quantities, narrow=narrow)
        _variance(variance, curves[curves.panel == f"b{number}"], ["final"])
    _outer_labels(axes, [r"density $P(s)$", r"number variance $\Sigma^2(l)$"])
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
            drawn = part[(part.series == name) & part.quantity.str.startswith("drawn: ")]
            if drawn.empty:
                notes.append(f"{_title(name)}: {part[part.series == name].quantity.iloc[0]}")
                continue
            side = drawn.quantity.iloc[0].removeprefix("drawn: ")
            _vector_lines(axis, curves[curves.panel == panel], f"{name}, {side}", colour, _title(name))
        if not notes or axis.lines:
            _vector_axis(axis)
        axis.set_xlabel("relative rank of the singular value")
        axis.set_ylabel("p-value")
        style.label_panel(axis, panel)
        if notes:
            _say_unavailable(axis, "\n".join(notes), width=28 if axis.lines else 44)
        if axis.get_legend_handles_labels()[0]:
            # p-values stay near their mean, except of the largest singular values.
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
        values = summary[summary.panel == f"a{number}"].set_index("quantity").value
        parts = {letter: curves[curves.panel == f"{letter}{number}"] for letter in "abcd"}
        _spectrum(row[0], parts["a"], fits=("initial", "final"))
        _spacings(row[1], parts["b"])
        _p_values(row[1], summary[summary.panel == f"b{number}"])
        _variance(row[2], parts["c"], ["initial", "final"])
        # Of a square matrix, as in the paper, the output side; the other side faintly.
        vectors = summary[(summary.panel == f"d{number}") & summary.quantity.str.startswith("drawn: ")]
        bold = vectors.quantity.iloc[0].removeprefix("drawn: ")
        _vector_lines(row[3], parts["d"], bold, _TRAINED, bold)
        _vector_lines(
            row[3], parts["d"], {"output side": "input side"}.get(bold, "output side"), _TRAINED, "", faint=True
        )
        _vector_axis(row[3])
        for letter, axis in zip("abcd", row, strict=True):
            style.label_panel(axis, f"{letter}{number}")
        row[0].set_ylabel(f"{_regime(alpha)}, $\\alpha={alpha:g}$\ntest accuracy {values['test accuracy']:.1%}")
    # Spectra are compared down the column.
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
    plain, calibrated = values["KS p-value, plain"], values["KS p-value, calibrated"]
    error = values["Monte Carlo error of the calibrated p-value"]
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
        axis.plot(
            line.x,
            line.y,
            color=colour,
            linewidth=0.9,
            label="number variance, trained" if state == "final" else "initial",
        )
    # The closed form is asymptotic: below l = 1 it means nothing.
    goe = goe[goe.x >= 1]
    axis.plot(goe.x, goe.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set_xscale("log")
    axis.set_xticks([1, 10], ["1", "10"])
    axis.set_ylim(bottom=0)


def _spectrum(axis: Axes, lines: pd.DataFrame, fits: tuple[str, ...] = ("final",)) -> None:
    """Histograms before and after training, and the modified Marchenko-Pastur fits."""
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
        shown = {"linewidth": 0.6, "alpha": 0.35} if faint else {"linewidth": width, "alpha": shade}
        axis.plot(line.x, line.y, color=colour, label=label if kind == "plain" and label else None, **shown)


def _vector_axis(axis: Axes) -> None:
    axis.axhline(0.5, color="0.5", linewidth=0.5, linestyle=":")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)


def _say_unavailable(axis: Axes, text: str, width: int) -> None:
    """Why there is nothing to see, in lines of so many letters; a panel is never left empty without a word.

    In the middle, or below the lines that there are.
    """
    x, y, across, along = (0.97, 0.05, "right", "bottom") if axis.lines else (0.5, 0.5, "center", "center")
    axis.text(
        *(x, y, "\n".join(textwrap.fill(line, width) for line in text.split("\n"))),
        **{"transform": axis.transAxes, "ha": across, "va": along, "fontsize": 5, "color": "0.35"},
    )
    if not axis.lines:
        axis.set_xticks([])
        axis.set_yticks([])


def _with_supply(note: str, summary: pd.DataFrame) -> str:
    """A note, and where weights are missing how to supply them."""
    if not summary.quantity.str.startswith("weights not available").any():
        return note
    return (
        f"{note} To supply missing weights, put the providers' files (named in resources/weights.yaml) into a folder, "
        "delete resources/weights/ and run with --config data='{folder: PATH}'."
    )


def _title(name: str) -> str:
    """ "mlp1024 dense2" as readers know it."""
    network, _, layer = name.partition(" ")
    known = {"alexnet": "AlexNet", "vgg16": "VGG16", "vgg19": "VGG19", "minialexnet": "miniAlexNet"}
    words = layer.replace("dense", "dense ").replace("conv", "conv ")
    return f"{known.get(network, network.replace('mlp', 'MLP').replace('_seed', ' seed ').replace('_', ' '))}, {words}"


def _regime(alpha: float) -> str:
    return "rich" if alpha < 1 else "lazy" if alpha > 1 else "typical"


def _outer_labels(axes: np.ndarray, labels: list[str]) -> None:
    for axis, label in zip(axes[:, 0], labels, strict=True):
        axis.set_ylabel(label)


def _legend_entries(axes: np.ndarray) -> tuple[list, list[str]]:
    """Every label of all panels once."""
    entries = {}
    for axis in axes.flat:
        handles, labels = axis.get_legend_handles_labels()
        entries |= {label: handle for handle, label in zip(handles, labels, strict=True) if label not in entries}
    wanted = [label for label in entries if "side" not in label]
    return [entries[label] for label in wanted], wanted
