"""The overview: all matrices of a network against what was found of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter

from deepspectra.analysis.figures import GREY, WIDTH
from deepspectra.analysis.tables import AnalysisTables, shortened
from deepspectra.papers.style import BLUE, GREEN, ORANGE, VERMILION, new_figure
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY

__all__ = ["overview", "shown_matrices"]

_COLOURS = {"dense": BLUE, "attention": VERMILION, "convolution": GREEN, "embedding": ORANGE, "recurrent": "#56B4E9"}
_MARKS = {"dense": "o", "attention": "s", "convolution": "D", "embedding": "^", "recurrent": "v"}
#: Inches: of a row, and of a letter of a name. Longer names lose their middle.
_ROW, _LETTER, _LONGEST = 0.17, 0.055, 44
#: Rows at most: pictures have limits, and so have eyes.
_MOST = 400


def overview(analysis: AnalysisTables) -> Figure:
    """Matrices in the network's order, one a row, against outliers, p-values, fits, vectors and exponents.

    Of more than 400 matrices, see :func:`shown_matrices`.
    """
    known = analysis.matrices[analysis.matrices["rank"].notna()]
    table = shown_matrices(known)
    columns = {
        "values outside the bulk:\nbelow ○, above ●": _draw_outliers,
        "p of levels:\nspacings ●, variance ○": _draw_levels,
        "bulk's distance to its law:\nbeyond chance ●, not ○": _draw_distance,
        "share of vectors not\nrandom: output ●, input ○": _draw_vectors,
        "exponent of the tail;\n| random matrices": _draw_tails,
    }
    if "relative_change" in table:
        columns["change by training\nover initial norm"] = _draw_changes
    # Very many matrices share their names' room.
    row = _ROW * min(1.0, 120 / max(len(table), 1))
    height = 0.85 + row * len(table)
    figure, ((*axes,),) = new_figure(WIDTH, height, (1, len(columns)))
    names = [shortened(name, _LONGEST) for name in table.name]
    left = (0.15 + _LETTER * max(map(len, names), default=0)) / WIDTH
    figure.set_layout_engine(None)
    figure.subplots_adjust(left=left, right=0.985, bottom=0.1 / height, top=1 - 0.72 / height, wspace=0.12)
    for axis, (title, draw) in zip(axes, columns.items(), strict=True):
        axis.set_ylim(len(table) - 0.4, -0.6)
        axis.set_yticks(np.arange(len(table)), [""] * len(table))
        axis.grid(axis="y", color="0.92", linewidth=0.5)
        axis.set_axisbelow(True)
        axis.tick_params(axis="y", length=0)
        axis.xaxis.tick_top()
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.spines["top"].set_visible(True)
        axis.set_title(title, fontsize=7)
        for kind, rows in table.groupby("kind", sort=False):
            draw(axis, rows, {"color": _COLOURS.get(kind, "0.4"), "marker": _MARKS.get(kind, "o"), "linestyle": "none"})
    step = max(1, round(0.11 / row))
    axes[0].set_yticks(np.arange(len(table))[::step], names[::step], fontsize=6)
    axes[1].axvline(FALSE_DISCOVERY, color=GREY, linewidth=0.6, linestyle="--")
    kinds = {kind: _COLOURS.get(kind, "0.4") for kind in dict.fromkeys(table.kind)}
    marks = [
        axes[0].plot([], [], color=colour, marker=_MARKS.get(kind, "o"), linestyle="none", label=kind)[0]
        for kind, colour in kinds.items()
    ]
    if len(table) < len(known):
        words = f"{_MOST} of {len(known)} matrices: those whose\nlevels differ, or with most values outside"
        figure.text(0.005, 1 - 0.62 / height, words, fontsize=7, va="bottom")
    figure.legend(handles=marks, loc="upper left", bbox_to_anchor=(0, 1), fontsize=7, ncols=6)
    return figure


def shown_matrices(known: pd.DataFrame) -> pd.DataFrame:
    """At most 400, in the network's order.

    Those are taken first whose levels differ from random ones, then those with most values outside the bulk. Of equal
    ones the choice is random, so that no part of the network is missing.
    """
    differ = (known[["spacing_q", "variance_q"]] <= FALSE_DISCOVERY).any(axis=1)
    outside = (known.above + known.below).astype(float).fillna(0)
    keys = pd.DataFrame({"differ": differ, "outside": outside})
    keys["chance"] = np.random.default_rng(0).permutation(len(known))
    chosen = keys.sort_values(list(keys), ascending=False).index[:_MOST]
    return known.loc[chosen.sort_values()].reset_index(drop=True)


def _draw_outliers(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    axis.axvline(0, color=GREY, linewidth=0.6)
    # Without a bulk the numbers count no separate directions.
    for judged, look in ((rows[rows.has_bulk != 0], style), (rows[rows.has_bulk == 0], style | {"color": "0.8"})):
        for place, low, high in zip(judged.index, judged.below, judged.above, strict=True):
            axis.plot([-low, high], [place, place], color=look["color"], linewidth=1)
        axis.plot(judged.above, judged.index, **look)
        axis.plot(-judged.below, judged.index, markerfacecolor="white", **look)
    axis.set_xscale("symlog", linthresh=10, linscale=0.6)
    axis.set_xticks([-100, -10, 0, 10, 100], ["100", "10", "0", "10", "100"])
    # Matrices of small rank have no such numbers.
    farthest = np.nanmax([rows.above.max(), rows.below.max(), 12.0, *map(abs, axis.get_xlim())])
    axis.set_xlim(-1.2 * farthest, 1.2 * farthest)


def _draw_levels(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    axis.plot(rows.spacing_p, rows.index, **style)
    axis.plot(rows.variance_p, rows.index, markerfacecolor="white", **style)
    for name in ("spacing", "variance"):
        found = rows[rows[f"{name}_q"] <= FALSE_DISCOVERY]
        axis.plot(found[f"{name}_p"], found.index, "o", color="black", markerfacecolor="none", markersize=7)
    axis.set_xscale("log")
    # Of all kinds drawn so far: limits that are set no longer follow the data.
    axis.set_xlim(min(0.8 * axis.dataLim.minposx, 0.008), 1.4)


def _draw_distance(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    bulk = rows[rows.has_bulk == 1]
    beyond = bulk[bulk.bulk_q <= FALSE_DISCOVERY]
    axis.plot(bulk.bulk_distance, bulk.index, markerfacecolor="white", **style)
    axis.plot(beyond.bulk_distance, beyond.index, **style)
    axis.set_xlim(0, max(1.1 * axis.dataLim.x1, 0.08))
    axis.locator_params(axis="x", nbins=4)
    axis.xaxis.set_major_formatter(FormatStrFormatter("%g"))


def _draw_vectors(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    axis.plot(rows.vectors_output / rows["rank"], rows.index, **style)
    axis.plot(rows.vectors_input / rows["rank"], rows.index, markerfacecolor="white", **style)
    axis.set_xscale("symlog", linthresh=0.1)
    axis.set_xticks([0, 0.05, 0.1, 0.5, 1], ["0", "", "0.1", "", "1"])
    axis.set_xlim(-0.006, 1.3)


def _draw_tails(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    axis.plot(rows.alpha, rows.index, **style)
    axis.plot(rows.alpha_random, rows.index, "|", color=GREY, markersize=6)
    axis.set_xscale("log")
    axis.set_xlim(1, max(1.1 * axis.dataLim.x1, 20))
    axis.set_xticks([1, 2, 4, 10, 20], ["1", "2", "4", "10", "20"])
    axis.minorticks_off()


def _draw_changes(axis: Axes, rows: pd.DataFrame, style: dict) -> None:
    axis.plot(rows.relative_change, rows.index, **style)
    axis.set_xlim(
        0, max([axis.get_xlim()[1], *(1.05 * change for change in rows.relative_change if np.isfinite(change))])
    )
