"""Pictures of an analysis: an overview of all matrices, and the panels of one."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from deepspectra.analysis.tables import AnalysisTables
from deepspectra.papers.style import (
    BLUE,
    GREEN,
    HISTOGRAM_COLOUR,
    LIMIT_COLOUR,
    ORANGE,
    VERMILION,
    label_panel,
    new_figure,
)
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.weights.vectors import FALSE_DISCOVERY

__all__ = ["overview", "panels"]

_COLOURS = {"dense": BLUE, "attention": VERMILION, "convolution": GREEN, "embedding": ORANGE, "recurrent": "#56B4E9"}
_MARKS = {"dense": "o", "attention": "s", "convolution": "D", "embedding": "^", "recurrent": "v"}
_WIDTH = 7.0


def overview(analysis: AnalysisTables) -> Figure:
    """Matrices in the network's order against outliers, calibrated p-values, vectors and exponents."""
    table = analysis.matrices[analysis.matrices["rank"].notna()].reset_index(drop=True)
    figure, axes = new_figure(_WIDTH, 6.4, (5, 1))
    places = np.arange(len(table))
    columns = [axis for (axis,) in axes]
    for axis in columns:
        axis.set_xlim(-0.7, max(len(table) - 0.3, 0.7))
        axis.tick_params(labelbottom=axis is columns[-1])
        axis.grid(axis="x", color="0.93", linewidth=0.5)
        axis.set_axisbelow(True)
    outliers, levels, law, vectors, tails = columns
    for kind in dict.fromkeys(table.kind):
        chosen = (table.kind == kind).to_numpy()
        style = {"color": _COLOURS.get(kind, "0.4"), "marker": _MARKS.get(kind, "o"), "linestyle": "none"}
        x, rows = places[chosen], table[chosen]
        outliers.plot(x, rows.above, label=kind, **style)
        outliers.plot(x, -rows.below, markerfacecolor="white", **style)
        levels.plot(x, rows.spacing_p, **style)
        levels.plot(x, rows.variance_p, markerfacecolor="white", **style)
        law.plot(x, rows.fraction, **style)
        vectors.plot(x, rows.vectors_output / rows["rank"], **style)
        vectors.plot(x, rows.vectors_input / rows["rank"], markerfacecolor="white", **style)
        tails.plot(x, rows.alpha, **style)
    tails.plot(places, table.alpha_random, "_", color="0.4", markersize=8, label="random matrices")
    outliers.axhline(0, color="0.4", linewidth=0.6)
    outliers.set_yscale("symlog", linthresh=10)
    levels.axhline(FALSE_DISCOVERY, color="0.4", linewidth=0.6, linestyle="--")
    levels.set_yscale("log")
    law.axhline(1, color="0.4", linewidth=0.6)
    tails.legend(loc="best")
    tails.set_yscale("log")
    outliers.figure.legend(*outliers.get_legend_handles_labels(), loc="outside upper right", ncols=5)
    words = {
        outliers: "outliers\nabove (filled),\nbelow (open)",
        levels: "calibrated p\nspacings (filled),\nvariance (open)",
        law: "share that\nfollows Marchenko-\nPastur",
        vectors: "share of vectors\nnot random: output\n(filled), input",
        tails: "exponent of\na power-law\ntail",
    }
    for axis, label in words.items():
        axis.set_ylabel(label)
    step = max(1, len(table) // 40)
    columns[-1].set_xticks(places[::step], [_short(name) for name in table.name[::step]], rotation=90, fontsize=5)
    return figure


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"...{name[-most + 3 :]}"


def panels(analysis: AnalysisTables, name: str) -> Figure:
    """Spectrum with law and outliers, spacings, number variance with the null's band, and vectors of one matrix.

    :raises UserError: if there is no such matrix, or it could not be analysed.
    """
    rows = analysis.matrices[analysis.matrices.name == name]
    if rows.empty or rows["rank"].isna().all():
        known = ", ".join(analysis.matrices.name.head(8))
        raise UserError(f"there are no panels of {name!r}. Expected the name of an analysed matrix: {known}, ...")
    row = rows.iloc[0]
    curves = analysis.curves[analysis.curves.name == name].groupby("series")
    points = {series: (group.x.to_numpy(), group.y.to_numpy()) for series, group in curves}
    figure, axes = new_figure(_WIDTH, 4.2, (2, 2))
    (spectrum, spacings), (variance, vectors) = axes
    label_panel(spectrum, "a", "singular values")
    values = points["singular_value"][1]
    spectrum.hist(values, bins=min(120, max(20, values.size // 6)), density=True, color=HISTOGRAM_COLOUR)
    longer, shorter = max(row.outputs, row.inputs), min(row.outputs, row.inputs)
    outside = int(row.above + row.below)
    law = singular_value_marchenko_pastur(longer - outside, max(shorter - outside, 2), row.sigma)
    grid = np.linspace(*law.edges, 400)
    spectrum.plot(grid, law.density(grid) * (1 - outside / shorter), color=LIMIT_COLOUR, label="Marchenko-Pastur")
    marked = np.concatenate([values[: int(row.below)], values[values.size - int(row.above) :]])
    spectrum.plot(marked, np.zeros(marked.size), "|", color=VERMILION, markersize=7, clip_on=False, label="outliers")
    if row.largest > 3 * row.edge_high:
        spectrum.set_xscale("symlog", linthresh=row.edge_high, linscale=3)
    spectrum.set_xlabel("singular value")
    spectrum.set_ylabel("density")
    spectrum.legend()
    label_panel(spacings, "b", f"spacings of the bulk, p = {row.spacing_p:.2g}")
    if "spacing" in points:
        found = points["spacing"][1]
        spacings.hist(found, bins=np.arange(0, 4.01, 0.2), density=True, color=HISTOGRAM_COLOUR)
    grid = np.linspace(0, 4, 300)
    spacings.plot(grid, wigner_surmise.pdf(grid), color=LIMIT_COLOUR, label="Wigner surmise")
    spacings.set_xlabel("unfolded spacing")
    spacings.set_ylabel("density")
    spacings.legend()
    label_panel(variance, "c", f"number variance, p = {row.variance_p:.2g}")
    if "null_low" in points:
        (x, low), (_, high) = points["null_low"], points["null_high"]
        variance.fill_between(x, low, high[: x.size], color="0.85", label="random matrices, 95 %")
    if "number_variance" in points:
        variance.plot(*points["number_variance"], color=BLUE, label="this matrix")
    variance.set_xscale("log")
    variance.set_xlabel("length of the interval, in spacings")
    variance.set_ylabel("number variance")
    variance.legend(loc="upper left")
    label_panel(vectors, "d", "singular vectors, p against Gaussian entries")
    found = analysis.vectors[analysis.vectors.name == name]
    for side, colour in (("output", BLUE), ("input", ORANGE)):
        of_side = found[found.side == side]
        structured = (of_side.q <= FALSE_DISCOVERY).to_numpy()
        p = of_side.p_judged.clip(lower=1e-12)
        vectors.plot(of_side["rank"], p, ".", color=colour, markersize=2, alpha=0.5)
        words = f"{side} side: {structured.sum()} not random"
        vectors.plot(of_side["rank"][structured], p[structured], "o", color=colour, markersize=3, label=words)
    vectors.set_xscale("log")
    vectors.set_yscale("log")
    vectors.set_ylim(top=1.5)
    vectors.set_xlabel("rank of the singular value, 1 the largest")
    vectors.set_ylabel("p")
    vectors.legend(loc="lower right")
    return figure
