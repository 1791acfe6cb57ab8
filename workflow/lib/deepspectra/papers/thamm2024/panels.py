"""Panels of thamm2024's figures as tidy rows: spectra, spacings, number variances and vector tests of weight matrices.

All functions take the tables that :mod:`deepspectra.papers.thamm2024.weight_statistics` makes of one network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from deepspectra.papers.histograms import histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import NO_WEIGHTS, Row, summary_table
from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur
from deepspectra.rmt.laws.spacings import goe_number_variance, wigner_surmise
from deepspectra.rmt.levels import running_mean

__all__ = ["drawn_side", "figure_numbers", "line", "select", "spacing_panel", "spacing_summary", "spectrum_panel"]
__all__ += ["variance_panel", "vector_panel", "vector_summary"]

_LARGEST_SPACING = 3.5
_SPACING_BINS, _SPECTRUM_BINS = 28, 60
_CURVE_POINTS = 300

#: Panel, series, x, x_high, y.
CurveRow = tuple[str, str, float, float, float]


def figure_numbers(curves: Sequence[CurveRow], summary: Sequence[Row]) -> Numbers:
    """The rows of all panels as the tables of a figure, written with 8 digits."""
    table = pd.DataFrame(curves, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(table, summary_table(summary, "reference"), digits=8)


def select(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """The rows in which columns have the given values; an empty text stands for a missing one."""
    for column, value in where.items():
        table = table[table[column].fillna("") == value]
    return table


def line(panel: str, series: str, x: Iterable[float], y: Iterable[float]) -> list[CurveRow]:
    """A line through points; ``x_high`` is that of bars alone."""
    return [(panel, series, a, a, b) for a, b in zip(x, y, strict=True)]


def spacing_panel(panel: str, curves: pd.DataFrame, layer: str, state: str = "final") -> list[CurveRow]:
    """Histogram and distribution function of the unfolded spacings, and the Wigner surmise of both."""
    values = np.sort(select(curves, layer=layer, state=state, unfolding="gaussian", series="spacing").y.to_numpy())
    edges = np.histogram_bin_edges([], _SPACING_BINS, (0, _LARGEST_SPACING))
    rows = histogram(panel, values, edges, values.size, "spacings")
    x = np.linspace(0, _LARGEST_SPACING, _CURVE_POINTS)
    rows += line(panel, "cumulative", values, np.arange(1, values.size + 1) / values.size)
    rows += line(panel, "surmise", x, wigner_surmise.pdf(x))
    return rows + line(panel, "surmise cumulative", x, wigner_surmise.cdf(x))


def variance_panel(panel: str, curves: pd.DataFrame, layer: str, states: Sequence[str]) -> list[CurveRow]:
    """Number variance in the given states, the band and median of random matrices, and the GOE's curve."""
    rows: list[CurveRow] = []
    for state in states:
        part = select(curves, layer=layer, state=state, unfolding="gaussian")
        names = {"number_variance": f"number variance, {state}"}
        if state == "final":
            names |= {f"null_{name}": f"null {name}" for name in ("low", "high", "median")}
        for series, name in names.items():
            found = select(part, series=series)
            rows += line(panel, name, found.x, found.y)
    lengths = np.unique([row[2] for row in rows])
    return rows + line(panel, "GOE", lengths, goe_number_variance(lengths))


def spectrum_panel(panel: str, curves: pd.DataFrame, levels: pd.DataFrame, layer: str) -> list[CurveRow]:
    """Histograms of the singular values before and after training, on the same bins, and the modified law's fits."""
    spectra = select(curves, layer=layer, series="singular_value")
    edges = np.linspace(0, spectra.y.max(), _SPECTRUM_BINS + 1)
    rows: list[CurveRow] = []
    for state in ("initial", "final"):
        values = select(spectra, state=state).y.to_numpy()
        rows += histogram(panel, values, edges, values.size, f"spectrum, {state}")
        row = select(levels, layer=layer, state=state, unfolding="gaussian").iloc[0]
        fit = ModifiedMarchenkoPastur(row.nu_min, row.nu_max, row.fraction)
        x = np.linspace(*fit.edges, _CURVE_POINTS)
        rows += line(panel, f"fit, {state}", x, fit.density(x))
    return rows


def vector_panel(
    panel: str, vectors: pd.DataFrame, layer: str, window: int, *, series: str = "", state: str = "final"
) -> list[CurveRow]:
    """p-value of each vector against its relative rank, averaged over neighbours: both sides, plain and calibrated.

    :param series: prefix of the series' names, where several matrices share a panel.
    """
    rows: list[CurveRow] = []
    for side, part in _sides(vectors, layer, state).items():
        for column, kind in (("p", "plain"), ("p_calibrated", "calibrated")):
            means = running_mean(part[column].to_numpy(), window)
            rows += line(panel, f"{series}{side} side, {kind}", part["rank"], means)
    return rows


def drawn_side(panel: str, series: str, levels: pd.DataFrame, layer: str) -> Row:
    """Row of a summary: the side whose vectors are drawn, the smaller one, of a square matrix the output side."""
    row = select(levels, layer=layer).iloc[0]
    side = "output" if row.outputs <= row.inputs else "input"
    return Row(panel, series, f"{side}_side_drawn", f"drawn: {side} side")


def spacing_summary(panel: str, levels: pd.DataFrame, layer: str, state: str = "final") -> list[Row]:
    """The spacing test, plain and calibrated, and the share of the number variance inside its band.

    Where there are no weights, a row :data:`~deepspectra.papers.rows.NO_WEIGHTS` whose label says why.
    """
    (row,) = select(levels, layer=layer, state=state, unfolding="gaussian").to_dict("records")
    name = f"{row['network']} {layer}"
    if isinstance(row["note"], str):
        return [Row(panel, name, NO_WEIGHTS, row["note"])]

    variance = "p-value of the number variance, l in [1, 10], calibrated"
    in_band = "share of l in [1, 10] with number variance in the null's 95 % band"
    told = [
        ("ks_p", "KS p-value, plain", "p"),
        ("ks_p_calibrated", "KS p-value, calibrated", "p_calibrated"),
        ("ks_p_calibrated_error", "Monte Carlo error of the calibrated p-value", "p_error"),
        ("number_variance_p_calibrated", variance, "variance_p"),
    ]
    return [
        Row(panel, name, "ks_statistic", "KS statistic of spacings", row["statistic"]),
        *(Row(panel, name, quantity, label, row[column], told=True) for quantity, label, column in told),
        Row(panel, name, "number_variance_in_band", in_band, row["in_band"], 0.95),
        Row(panel, name, "unresolved_spacings", "spacings below the rounding of the weights", row["unresolved"], 0),
    ]


def vector_summary(panel: str, vectors: pd.DataFrame, name: str, layer: str, state: str = "final") -> list[Row]:
    """Mean p-values of the 15 largest and smallest singular values and of the middle half, on each side."""
    rows = []
    for side, part in _sides(vectors, layer, state).items():
        places = {
            "largest": ("the 15 largest", part.tail(15)),
            "middle": ("the middle half", part[part["rank"].between(0.25, 0.75)]),
            "smallest": ("the 15 smallest", part.head(15)),
        }
        for place, (words, chosen) in places.items():
            of, words = f"{place}_{side}", f"p of {words}, {side} side"
            plain, calibrated = chosen.p.mean(), chosen.p_calibrated.mean()
            rows += [
                Row(panel, name, f"mean_p_{of}", f"mean {words}", plain, told=True),
                Row(panel, name, f"mean_p_calibrated_{of}", f"mean calibrated {words}", calibrated, 0.5, told=True),
            ]
    return rows


def _sides(vectors: pd.DataFrame, layer: str, state: str) -> dict[str, pd.DataFrame]:
    """The tests on each side of a matrix, by rank."""
    tests = select(vectors, layer=layer, state=state).sort_values("rank")
    return {side: select(tests, side=side) for side in ("output", "input")}
