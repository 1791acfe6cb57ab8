"""The panels of one matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FormatStrFormatter, FuncFormatter, LogLocator

from deepspectra.analysis.tables import AnalysisTables
from deepspectra.papers.style import (
    BLUE,
    DATA,
    LAW,
    ORANGE,
    VERMILION,
    new_figure,
)
from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur, singular_value_marchenko_pastur
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY

__all__ = ["GREY", "WIDTH", "panels"]

#: Inches, of all pictures.
WIDTH = 9.6
#: A linear axis ends at so many edges of the bulk: what lies farther out would squeeze it.
_SHOWN = 1.6
#: Smaller p-values are drawn here.
_SMALLEST_P = 1e-12
#: Of what stands behind the numbers.
GREY = "0.45"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def panels(analysis: AnalysisTables, name: str) -> Figure:
    """Spectrum with laws, values by rank, tail, spacings, number variance with the null's band, and vectors.

    :raises UserError: if there is no such matrix, or it could not be analysed.
    """
    rows = analysis.matrices[analysis.matrices.name == name]
    if rows.empty or rows["rank"].isna().all():
        known = ", ".join(analysis.matrices.name.head(8))
        raise UserError(f"there are no panels of {name!r}. Expected the name of an analysed matrix: {known}, ...")
    row = rows.iloc[0]
    curves = analysis.curves[analysis.curves.name == name].groupby("series")
    points = {series: (group.x.to_numpy(), group.y.to_numpy()) for series, group in curves}
    figure, axes = new_figure(WIDTH, 5.4, (2, 3))
    figure.set_layout_engine(None)
    figure.subplots_adjust(left=0.055, right=0.985, top=0.95, bottom=0.085, wspace=0.22, hspace=0.38)
    values = points["singular_value"][1]
    # Titles at a fixed height and without a formula, no minor ticks, decades as text: otherwise these take most of the
    # time, over hundreds of pictures.
    with rc_context({"axes.titley": 1.0}):
        _draw_spectrum(axes[0, 0], row, values)
        _draw_ranks(axes[0, 1], row, values)
        _draw_tail(axes[0, 2], row, values)
        _draw_spacings(axes[1, 0], row, points)
        _draw_variance(axes[1, 1], row, points)
        _draw_tests(axes[1, 2], analysis.vectors[analysis.vectors.name == name])
    for axis in axes.flat:
        axis.minorticks_off()
        for side in (axis.xaxis, axis.yaxis):
            _label_decades(side)
    return figure


def _label_decades(side: Axis) -> None:
    """Logarithmic axes of less than two decades have labels at 1, 2 and 5 of each."""
    if side.get_scale() != "log" or isinstance(side.get_major_locator(), FixedLocator):
        return
    low, high = side.get_view_interval()
    if high < 100 * low:
        side.set_major_locator(LogLocator(subs=[1, 2, 5]))
        side.set_major_formatter(FormatStrFormatter("%g"))
    else:
        side.set_major_formatter(FuncFormatter(lambda value, _: f"10{str(round(np.log10(value))).translate(_RAISED)}"))


def _title(axis: Axes, letter: str, words: str) -> None:
    axis.set_title(f"({letter}) {words}", loc="left")


def _draw_spectrum(axis: Axes, row: pd.Series, values: np.ndarray) -> None:
    _title(axis, "a", "singular values")
    # Of a broad spectrum all but a few values are shown.
    inner = np.nanmax([row.edge_high, 0.0]) if row.has_bulk == 1 else float(np.quantile(values, 0.9))
    # As far as the laws reach, where that is not much farther.
    law_ends = [edge for edge in (row.edge_high, row.fit_high) if edge < 3 * max(inner, values[0])]
    end = min(values[-1], max(_SHOWN * inner, values[0] * 1.001, *law_ends))
    beyond = int(np.sum(values > end))
    inside = values[values <= end]
    if end > values[0] * (1 + 1e-9):
        bins = np.linspace(values[0], end, int(np.clip(values.size / 8, 16, 90)))
        density = np.histogram(inside, bins)[0] / values.size / (bins[1] - bins[0])
        axis.stairs(density, bins, fill=True, color=DATA)
    else:
        axis.text(0.5, 0.5, "all equal", ha="center", color=GREY, fontsize=8, transform=axis.transAxes)
    if np.isfinite(row.edge_high):
        longer, shorter = max(row.outputs, row.inputs), min(row.outputs, row.inputs)
        outside = int(row.above + row.below)
        law = singular_value_marchenko_pastur(longer - outside, max(shorter - outside, 2), row.sigma)
        grid = np.linspace(*law.edges, 400)
        density = law.density(grid) * (1 - outside / shorter)
        axis.plot(grid, density, color=LAW, label="a random matrix")
    if np.isfinite(row.fit_high):
        fitted = ModifiedMarchenkoPastur(row.fit_low, row.fit_high, row.fit_amplitude)
        grid = np.linspace(*fitted.edges, 400)
        axis.plot(grid, fitted.density(grid), color="black", linestyle="--", label="fit with free edges")
    last = max([end, *law_ends])
    room = 0.03 * (last - values[0]) or 0.1 * last
    axis.set_xlim(values[0] - room, last + room)
    axis.margins(y=0.2)
    axis.set_xlabel("singular value" + (f"; {beyond} more, up to {values[-1]:.3g}" if beyond else ""))
    axis.set_ylabel("density")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc="upper right")


def _draw_ranks(axis: Axes, row: pd.Series, values: np.ndarray) -> None:
    above, below = (0 if pd.isna(number) else int(number) for number in (row.above, row.below))
    # Without a bulk these edges are those of the law in panel (a), and what lies outside counts nothing.
    inside = "between the law's edges" if row.has_bulk == 0 else "bulk"
    words = {0: "no random bulk", 1: f"{above} above the bulk, {below} below"}.get(row.has_bulk, "not judged")
    _title(axis, "b", f"by rank: {words}")
    ranks = np.arange(values.size, 0, -1)
    if np.isfinite(row.edge_high):
        axis.axhspan(max(row.edge_low, 1e-300), row.edge_high, color="0.85", label=inside)
    outside = np.append(np.ones(below, dtype=bool), np.zeros(values.size - below, dtype=bool)) | (ranks <= above)
    positive = values > 0
    axis.plot(ranks[~outside & positive], values[~outside & positive], ".", color=BLUE)
    label = "outside" if outside.any() else None
    axis.plot(ranks[outside & positive], values[outside & positive], ".", color=VERMILION, label=label)
    axis.set_xscale("log")
    axis.set_yscale("log")
    shown = values[positive]
    axis.set_ylim(shown[0] / 1.3, shown[-1] * 1.3)
    axis.set_xlabel("rank, 1 the largest")
    axis.set_ylabel("singular value")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc="lower left", frameon=True, facecolor="white", edgecolor="none")


def _draw_tail(axis: Axes, row: pd.Series, values: np.ndarray) -> None:
    known = np.isfinite(row.alpha)
    numbers = f"exponent {row.alpha:.2f}, random matrices {row.alpha_random:.2f}" if known else "no power law"
    _title(axis, "c", numbers)
    squares = values[values > 0] ** 2
    shares = np.arange(squares.size, 0, -1) / values.size
    axis.plot(squares, shares, ".", color=BLUE, markersize=2)
    if known:
        grid = np.geomspace(row.alpha_smallest, squares[-1], 50)
        law = row.alpha_tail / values.size * (grid / row.alpha_smallest) ** (1 - row.alpha)
        label = f"power law, {row.alpha_tail:.0f} values, p = {row.alpha_fit_p:.2g}"
        axis.plot(grid, law, color=LAW, label=label)
        axis.legend(loc="lower left")
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_ylim(0.5 / values.size, 1.5)
    # The tail, not the many decades of small values that a square matrix has.
    axis.set_xlim(left=squares[squares.size // 5] * 0.7)
    axis.set_xlabel("squared singular value x")
    axis.set_ylabel("share of values from x on")


def _p(number: float) -> str:
    return "not tested" if pd.isna(number) else f"p = {number:.2g}"


def _draw_spacings(axis: Axes, row: pd.Series, points: dict) -> None:
    _title(axis, "d", f"spacings of levels: {_p(row.spacing_p)}")
    if "spacing" in points:
        found = points["spacing"][1]
        histogram = np.histogram(found, np.arange(0, 4.01, 0.2), density=True)
        axis.stairs(*histogram, fill=True, color=DATA, label=f"{found.size} here")
    else:
        axis.text(2.6, 0.3, "too few levels", ha="center", color=GREY, fontsize=8)
    grid = np.linspace(0, 4, 300)
    axis.plot(grid, wigner_surmise.pdf(grid), color=LAW, label="Wigner surmise")
    axis.set_xlabel("spacing, in mean spacings")
    axis.set_ylabel("density")
    axis.legend(loc="upper right")


def _draw_variance(axis: Axes, row: pd.Series, points: dict) -> None:
    _title(axis, "e", f"number variance: {_p(row.variance_p)}")
    axis.set_xlabel("length of the interval, in mean spacings")
    axis.set_ylabel("number variance")
    if "number_variance" not in points:
        axis.text(0.5, 0.5, "too few levels", ha="center", color=GREY, fontsize=8)
        return
    if "null_low" in points:
        (x, low), (other, high) = points["null_low"], points["null_high"]
        axis.fill_between(x, low, np.interp(x, other, high), color="0.85", label="random matrices, 95 %")
    axis.plot(*points["number_variance"], color=BLUE, label="this matrix")
    axis.set_xscale("log")
    axis.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axis.set_ylim(bottom=0)
    axis.legend(loc="lower right")


def _draw_tests(axis: Axes, found: pd.DataFrame) -> None:
    _title(axis, "f", "singular vectors: p against Gaussian entries")
    for side, colour in (("output", BLUE), ("input", ORANGE)):
        of_side = found[found.side == side]
        structured = (of_side.q <= FALSE_DISCOVERY).to_numpy()
        p = of_side.p_judged.clip(lower=_SMALLEST_P)
        axis.plot(of_side["rank"], p, ".", color=colour, markersize=2, alpha=0.5)
        words = f"{structured.sum()} of {len(of_side)} {side} vectors not random"
        axis.plot(of_side["rank"][structured], p[structured], "o", color=colour, markersize=3, label=words)
    axis.set_xscale("log")
    axis.set_yscale("log")
    lowest = max(float(found.p_judged.min()), _SMALLEST_P) if found.p_judged.notna().any() else 1e-3
    axis.set_ylim(min(lowest, 1e-2) ** 1.3, 1.5)
    axis.set_xlabel("rank of the singular value, 1 the largest")
    axis.set_ylabel(f"p, drawn at {_SMALLEST_P:g} if smaller" if lowest <= _SMALLEST_P else "p")
    axis.legend(loc="lower right")
