"""Figures of Thamm, Staats and Rosenow (2024), drawn from tidy tables of the plotted numbers."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.papers import style
from deepspectra.papers.rows import NO_WEIGHTS

__all__ = ["figure_1", "figure_2", "figure_3", "figure_4"]

#: As everywhere: what is trained in blue, what it was before in dark grey, laws in red.
_TRAINED, _INITIAL, _LAW = style.RESOLVED, "0.25", style.LAW
_COLOURS = (style.BLUE, style.GREEN, style.ORANGE)
#: Quantities that say which side's vectors are drawn, and that side as the curves name it.
_SIDES = {"output_side_drawn": "output side", "input_side_drawn": "input side"}
_NETWORKS = {"alexnet": "AlexNet", "vgg16": "VGG16", "vgg19": "VGG19", "minialexnet": "miniAlexNet"}
#: Matrices side by side at most.
_ABREAST = 4


def figure_1(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spacings (a) with cumulative insets, and number variance (b), of the matrices of panels 1, 2, ...

    Matrices without weights are left out, and the note says so.

    :param curves: columns panel (``a1``, ``b1``, ...), series, x, x_high, y.
    :param summary: columns panel, series (network and layer), quantity, label, value, reference.
    """
    names = summary.groupby("panel", sort=True).series.first()
    missing = summary[summary.quantity == NO_WEIGHTS]
    shown = names.drop(missing.panel)
    if shown.empty:
        shown = names
    blocks = -(-len(shown) // _ABREAST)
    columns = -(-len(shown) // blocks)
    figure, axes = style.new_figure(style.PAGE, 4.1 * blocks + 1.1, (2 * blocks, columns))
    pairs = axes.reshape(blocks, 2, columns).swapaxes(1, 2).reshape(-1, 2)
    for axis in pairs[len(shown) :].flat:
        axis.remove()
    for (spacing, variance), (panel, name) in zip(pairs, shown.items(), strict=False):
        below = panel.replace("a", "b")
        title, quantities = _title(name), summary[summary.panel == panel]
        spacing.set_xlabel(r"spacing $s$")
        variance.set_xlabel(r"interval length $l$")
        if panel in set(missing.panel):
            for axis, letter in ((spacing, panel), (variance, below)):
                style.label_panel(axis, letter, title)
                _say_unavailable(axis, quantities.label.iloc[0], width=96 // columns)
            continue
        _spacings(spacing, curves[curves.panel == panel])
        style.label_panel(spacing, panel, f"{title}\n{_p_values(quantities, narrow=columns > 2)}")
        _variance(variance, curves[curves.panel == below], ["final"])
        style.label_panel(variance, below, _variance_p(quantities))
    for spacing, variance in pairs[: len(shown) : columns]:
        spacing.set_ylabel(r"density $P(s)$")
        variance.set_ylabel(r"number variance $\Sigma^2(l)$")
    _add_legend(figure, axes)
    style.add_note(figure, _with_missing(note, summary))
    return figure


def figure_2(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectrum before and after training (a), and vector tests (b to d; series ``network layer, side side, kind``).

    A panel none of whose matrices has weights is left out, and the note says so.
    """
    tested = summary[summary.quantity.isin(list(_SIDES))]
    figure, (spectrum, *tests) = _beside_one(sorted(set(tested.panel)))
    _spectrum_with_laws(spectrum, curves[curves.panel == "a"], summary[summary.panel == "a"])
    for axis, panel in zip(tests, sorted(set(tested.panel)), strict=True):
        rows = tested[tested.panel == panel]
        colours = _COLOURS if len(rows) <= len(_COLOURS) else style.sequence(len(rows))
        for colour, row in zip(colours, rows.itertuples(), strict=False):
            drawn = f"{row.series}, {_SIDES[row.quantity]}"
            _vector_lines(axis, curves[curves.panel == panel], drawn, color=colour, label=_title(row.series))
        style.label_panel(axis, panel, "tests of singular vectors (thin: calibrated)")
        _vector_axis(axis, lines=-(-len(rows) // 2))
        axis.set(xlabel="relative rank of the singular value", ylabel="p-value (running mean)")
        axis.legend(loc="upper left", ncols=2, borderaxespad=0, columnspacing=1)
    style.add_note(figure, _with_missing(note, summary))
    return figure


def _beside_one(panels: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """A figure for a first panel and these; of an even number of these the first is as wide as two."""
    columns = min(2, 1 + len(panels))
    rows = -(-(1 + len(panels)) // 2)
    figure, axes = style.new_figure(style.PAGE, 2.2 * rows + 0.7, (rows, columns))
    found = list(axes.flat)
    if len(found) > 1 + len(panels):
        found[0].set_subplotspec(axes[0, 0].get_gridspec()[0, :])
        found.pop(1).remove()
    return figure, found


def _spectrum_with_laws(axis: Axes, lines: pd.DataFrame, summary: pd.DataFrame) -> None:
    """A spectrum with room on the right, where outliers would be seen."""
    _spectrum(axis, lines)
    for series, look, label in (("fit, final", ":", "modified law, trained"), ("Marchenko-Pastur", "--", None)):
        law = lines[lines.series == series]
        axis.plot(law.x, law.y, color=_LAW, linestyle=look, label=label or series)
    name, _, _ = summary.series.iloc[0].partition(",")
    largest = summary[(summary.quantity == "largest_singular_value") & summary.series.str.endswith("final")].iloc[0]
    edge = f"edge of the initial Marchenko-Pastur law {largest.reference:.2f}"
    style.label_panel(axis, "a", f"{_title(name)}\nlargest trained value {largest.value:.2f}\n{edge}")
    right, top = 1.2 * axis.get_xlim()[1], 1.5 * axis.get_ylim()[1]
    axis.set(xlabel=r"singular value $\nu$", ylabel=r"density $P(\nu)$", xlim=(0, right), ylim=(0, top))
    axis.legend(loc="upper right", ncols=2, borderaxespad=0)


def figure_3(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Spectra (a), spacings (b), number variance (c) and vector tests (d); one row for each learning regime."""
    alphas = summary[(summary.quantity == "alpha") & summary.panel.str.startswith("a")].value
    figure, axes = style.new_figure(style.PAGE, 2.05 * len(alphas) + 1.2, (len(alphas), 4))
    for number, (row, alpha) in enumerate(zip(axes, alphas, strict=True), start=1):
        parts = {letter: curves[curves.panel == f"{letter}{number}"] for letter in "abcd"}
        told = {letter: summary[summary.panel == f"{letter}{number}"] for letter in "abd"}
        titles = dict.fromkeys("abcd", "")
        regime = told["a"].set_index("quantity").value
        titles["a"] = f"{regime['values_above_initial']:.0f} above initial"
        _spectrum(row[0], parts["a"])
        for state, colour, look in (("initial", _INITIAL, ":"), ("final", _LAW, "--")):
            fit = parts["a"][parts["a"].series == f"fit, {state}"]
            name = f"modified law, {'trained' if state == 'final' else state}"
            row[0].plot(fit.x, fit.y, color=colour, linestyle=look, gid=name)
        if told["b"].quantity.iloc[0] == NO_WEIGHTS:
            for axis in row[1:]:
                _say_unavailable(axis, told["b"].label.iloc[0], width=20)
        else:
            _spacings(row[1], parts["b"])
            titles["b"] = _p_values(told["b"], narrow=True)
            _variance(row[2], parts["c"], ["initial", "final"])
            titles["c"] = _variance_p(told["b"])
            (side,) = told["d"].quantity.map(_SIDES).dropna()
            _both_sides(row[3], parts["d"], side)
        for letter, axis in zip("abcd", row, strict=True):
            style.label_panel(axis, f"{letter}{number}", titles[letter])
        name = "rich" if alpha < 1 else "lazy" if alpha > 1 else "typical"
        row[0].set_ylabel(f"{name}, $\\alpha={alpha:g}$\ntest accuracy {regime['test_accuracy']:.1%}")
    # One range makes the spectra of a column comparable.
    widest = max(axis.get_xlim()[1] for axis in axes[:, 0])
    for axis in axes[:, 0]:
        axis.set_xlim(0, widest)
    labels = (r"singular value $\nu$", r"spacing $s$", r"interval length $l$", "relative rank")
    headings = (r"density $P(\nu)$", r"density $P(s)$", r"number variance $\Sigma^2(l)$", "p-value of vectors")
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    for column, label, heading in zip(axes.T, labels, headings, strict=True):
        column[-1].set_xlabel(label)
        # Above two lines of a title.
        column[0].annotate(heading, (0.5, 1), (0, 30), ha="center", va="bottom", fontsize=7.5, **place)
    _add_legend(figure, axes)
    style.add_note(figure, note)
    return figure


def figure_4(curves: pd.DataFrame, summary: pd.DataFrame, note: str) -> Figure:
    """Test (a) and train (b) accuracy against alpha, which is black at 1, and what linearisation loses of it (c, d).

    :param curves: columns panel, series, x, y, seeds and spread, the seeds' standard deviation, empty for one seed.
    """
    figure, axes = style.new_figure(style.PAGE, 4.6, (2, 2))
    seeds = int(curves.seeds.max())
    parts = dict(list(curves.groupby("panel")))
    for (panel, below), (accuracies, losses), title in zip(
        (("a", "c"), ("b", "d")), axes.T, ("test", "train"), strict=True
    ):
        _accuracies(accuracies, parts[panel], seeds)
        accuracies.set_ylabel(f"{title} accuracy")
        style.label_panel(accuracies, panel, f"{title} images")
        _what_is_lost(losses, parts[below], seeds)
        losses.set(xlabel=r"output scale $\alpha$", ylabel="difference (percentage points)")
        style.label_panel(losses, below, f"full − linearised, {title} images")
    low = min(axis.get_ylim()[0] for axis in axes[1])
    high = max(axis.get_ylim()[1] for axis in axes[1])
    for axis in axes[1]:
        axis.set_ylim(low, high)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    few = " at most, none of one seed" if curves.seeds.min() < seeds else ""
    bars = (
        f" Error bars: standard deviation of {seeds} seeds{few}; for differences, of those within networks."
        if seeds > 1
        else " One seed: no error bars."
    )
    diverged = summary[summary.quantity == "diverged_runs"].label
    left_out = "".join(f" {label[:1].upper()}{label[1:]}." for label in diverged)
    style.add_note(figure, f"{note}{bars}{left_out}")
    return figure


def _accuracies(axis: Axes, drawn: pd.DataFrame, seeds: int) -> None:
    for name, colour, marker in (("full", style.BLUE, "x"), ("linearised", style.GREEN, "o")):
        line = drawn[drawn.series == name]
        axis.plot(line.x, line.y, color=colour, linewidth=0.6, alpha=0.5, gid=f"{name} network")
        _points(axis, line.x, line.y, line.spread if seeds > 1 else None, colour, marker, f"{name} network")
    axis.axhline(0.1, color="0.4", linewidth=0.8, linestyle=":", label="chance")
    # No error bar is cut off.
    top = max(min(1.02, 1.15 * drawn.y.max()), 1.02 * (drawn.y + drawn.spread.fillna(0)).max())
    axis.set_ylim(0, top)
    _scale_axis(axis)


def _what_is_lost(axis: Axes, drawn: pd.DataFrame, seeds: int) -> None:
    """Full less linearised, in percentage points."""
    lost = 100 * drawn.y
    # Unknown for one seed.
    spread = 100 * drawn.spread if seeds > 1 else None
    axis.axhline(0, color="0.4", linewidth=0.6)
    axis.plot(drawn.x, lost, color=style.BLUE, linewidth=0.6, alpha=0.5, gid="difference")
    _points(axis, drawn.x, lost, spread, style.BLUE, "D", "difference")
    reach = 0.0 if spread is None else spread.fillna(0)
    low, high = min(0.0, (lost - reach).min()), max(0.0, (lost + reach).max())
    margin = 0.08 * (high - low) or 0.1
    axis.set_ylim(low - margin, high + margin)
    _scale_axis(axis)


def _points(
    axis: Axes, x: pd.Series, y: pd.Series, spread: pd.Series | None, colour: str, marker: str, label: str
) -> None:
    """Marks and error bars; those at alpha = 1 are black."""
    look: dict[str, Any] = {"marker": marker, "linestyle": "none", "markersize": 4, "markerfacecolor": "none"}
    look["gid"] = label
    for part, shade in ((x != 1, colour), (x == 1, "black")):
        bars = None if spread is None else spread[part]
        axis.errorbar(x[part], y[part], bars, color=shade, capsize=2, label=label if shade == colour else None, **look)


def _scale_axis(axis: Axes) -> None:
    """Of the output scale alpha."""
    axis.set_xscale("log")
    axis.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
    axis.minorticks_off()


def _spacings(axis: Axes, lines: pd.DataFrame) -> None:
    series = dict(list(lines.groupby("series")))
    bars, surmise = series["spacings"], series["surmise"]
    axis.stairs(bars.y, [*bars.x, bars.x_high.iloc[-1]], fill=True, color=style.DATA, label="trained")
    axis.plot(surmise.x, surmise.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set(xlim=(0, surmise.x.max()), ylim=(0, 1.3 * max(surmise.y.max(), bars.y.max())))
    # Distribution functions, where the densities are small.
    inset = axis.inset_axes((0.6, 0.5, 0.38, 0.46))
    cumulative, law = series["cumulative"], series["surmise cumulative"]
    inset.step(cumulative.x, cumulative.y, where="post", color=_TRAINED, gid="trained, cumulative")
    inset.plot(law.x, law.y, color=_LAW, linestyle="--", linewidth=0.8, gid="random matrix theory, cumulative")
    inset.set(xlim=(0, 3), ylim=(0, 1), xticks=[0, 3], yticks=[0, 1])
    inset.tick_params(pad=2, length=2)


def _p_values(summary: pd.DataFrame, *, narrow: bool) -> str:
    """The spacing test, plain and calibrated; in two lines where the panel is narrow."""
    values = summary.set_index("quantity").value
    plain, calibrated, error = values["ks_p"], values["ks_p_calibrated"], values["ks_p_calibrated_error"]
    shown = f"p = {plain:.2f}" if plain >= 0.005 else f"p = {plain:.0e}"
    return f"{shown}{chr(10) if narrow else ', '}calibrated {calibrated:.2f} ± {error:.2f}"


def _variance(axis: Axes, lines: pd.DataFrame, states: list[str]) -> None:
    series = dict(list(lines.groupby("series")))
    low, high, goe = series["null low"], series["null high"], series["GOE"]
    axis.fill_between(low.x, low.y, high.y, color=style.NULL_BAND, linewidth=0, label="random matrices, 95 %")
    looks = {
        "initial": (_INITIAL, "number variance, initial", "-."),
        "final": (_TRAINED, "number variance, trained", "-"),
    }
    for state in states:
        line, (colour, label, look) = series[f"number variance, {state}"], looks[state]
        axis.plot(line.x, line.y, look, color=colour, label=label)
    published = series["all intervals, final"]
    dotted: dict[str, Any] = {"color": style.PUBLISHED, "linestyle": (0, (1, 1)), "linewidth": 1.2}
    axis.plot(published.x, published.y, label="trained, all intervals (as published)", **dotted)
    # The closed form is asymptotic and means nothing below l = 1.
    goe = goe[goe.x >= 1]
    axis.plot(goe.x, goe.y, color=_LAW, linestyle="--", label="random matrix theory")
    axis.set(xscale="log", ylim=(0, None))
    axis.set_xticks([1, 10], ["1", "10"])


def _variance_p(summary: pd.DataFrame) -> str:
    """The number variance's p-value."""
    values = summary.set_index("quantity").value
    p, error = values["number_variance_p_calibrated"], values["number_variance_p_calibrated_error"]
    # A bulk that is too short for any judged length has none.
    return "" if np.isnan(p) else f"p = {p:.2f} ± {error:.2f}"


def _spectrum(axis: Axes, lines: pd.DataFrame) -> None:
    spectra = lines[lines.series.str.startswith("spectrum")]
    looks = {"initial": (_INITIAL, "initial", 2), "final": (style.DATA, "trained", 1)}
    for state, (color, label, zorder) in looks.items():
        bars = spectra[spectra.series == f"spectrum, {state}"]
        edges, fill = [*bars.x, bars.x_high.iloc[-1]], state == "final"
        axis.stairs(bars.y, edges, linewidth=0.7, color=color, label=label, zorder=zorder, fill=fill)
    axis.set(xlim=(0, spectra.x_high.max()), ylim=(0, 1.1 * spectra.y.max()))


def _vector_lines(axis: Axes, lines: pd.DataFrame, name: str, *, color: Any, label: str) -> None:
    """Running means of one matrix's p-values: plain bold, calibrated thin."""
    plain, calibrated = (lines[lines.series == f"{name}, {kind}"] for kind in ("plain", "calibrated"))
    axis.plot(plain.x, plain.y, color=color, label=label, linewidth=1.2)
    axis.plot(calibrated.x, calibrated.y, color=color, linewidth=0.5, alpha=0.7, gid=f"{label}, calibrated")


def _both_sides(axis: Axes, lines: pd.DataFrame, side: str) -> None:
    """Running means of p-values of the side that is tested, plain and calibrated, and of the other."""
    (other,) = set(_SIDES.values()) - {side}
    looks: dict[str, tuple[str, dict[str, Any]]] = {
        f"{side}, plain": (f"vectors, {side}", {"color": _TRAINED, "linewidth": 1.2, "zorder": 3}),
        f"{side}, calibrated": (f"vectors, {side}, calibrated", {"color": "black", "linewidth": 0.5, "zorder": 4}),
        f"{other}, plain": (f"vectors, {other}", {"color": "0.65", "linewidth": 0.9}),
    }
    for series, (label, look) in looks.items():
        line = lines[lines.series == series]
        axis.plot(line.x, line.y, label=label, **look)
    _vector_axis(axis)


def _vector_axis(axis: Axes, lines: int = 0) -> None:
    """From 0 to 1, with room above for these lines of a legend."""
    axis.axhline(0.5, color="0.3", linewidth=0.7, linestyle=":")
    axis.set(xlim=(0, 1), ylim=(0, 1 + 0.15 * lines), yticks=[0, 0.25, 0.5, 0.75, 1], xticks=[0, 0.5, 1])


def _say_unavailable(axis: Axes, text: str, width: int) -> None:
    """Say why there is nothing to see, in lines of ``width`` letters."""
    lines = "\n".join(textwrap.wrap(text, width))
    axis.text(
        0.5, 0.5, lines, transform=axis.transAxes, ha="center", va="center", fontsize=style.SMALLEST, color="0.35"
    )
    axis.set(xticks=[], yticks=[])


def _with_missing(note: str, summary: pd.DataFrame) -> str:
    """A note that tells after the scale what is left out and why, and ends with how to supply it."""
    missing = summary[summary.quantity == NO_WEIGHTS]
    if missing.empty:
        return note
    names = ", ".join(f"({row.panel}) {_title(row.series).replace(',', '')}" for row in missing.itertuples())
    reasons = "; ".join(
        f"{', '.join(f'({panel})' for panel in dict.fromkeys(rows.panel))} {reason}"
        for reason, rows in missing.groupby("label", sort=False)
    )
    # The names alone, so that the printed note has room for them.
    told = style.after_scale(note, f"Left out: {names}. Why: {reasons}.")
    return (
        f"{told} To supply missing pretrained weights, put the providers' files (named in "
        "resources/weights.yaml) into a folder, delete resources/weights/ and run with --config data='{folder: PATH}'."
    )


def _title(name: str) -> str:
    """A matrix's name for readers: "mlp1024 dense2" is "MLP1024, dense 2"."""
    network, _, layer = name.partition(" ")
    own = network.replace("mlp", "MLP").replace("_seed", " seed ").replace("_", " ")
    return f"{_NETWORKS.get(network, own)}, {layer.replace('dense', 'dense ').replace('conv', 'conv ')}"


def _add_legend(figure: Figure, axes: np.ndarray, **spacing: float) -> None:
    """Every label of all panels once."""
    entries = style.labels_once(axes.flat)
    # One row has room for four.
    columns = len(entries) if len(entries) <= 4 else 3
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns, **spacing)
