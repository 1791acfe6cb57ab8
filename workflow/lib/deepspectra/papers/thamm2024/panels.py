"""Panels of thamm2024's figures as tidy rows: spectra, spacings, number variances and vector tests of weight matrices.

A row is (panel, series, x, x_high, y); all functions take the tables that the tests of a network's weights left.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from deepspectra.rmt.laws.singular_values import ModifiedMarchenkoPastur
from deepspectra.rmt.laws.spacings import goe_number_variance, wigner_surmise
from deepspectra.rmt.levels import running_mean
from deepspectra.runtime.files import write_table
from deepspectra.runtime.tables import read_csv

COLUMNS = ["panel", "series", "x", "x_high", "y"]
SUMMARY = ["panel", "series", "quantity", "value", "reference"]
_LARGEST_SPACING = 3.5
_SPACING_BINS = 28
_SPECTRUM_BINS = 60
_CURVE_POINTS = 300

Row = tuple[str, str, float, float, float]


def read_tables(paths: list[str], networks: list[str]) -> dict[str, pd.DataFrame]:
    """One kind of table of several networks, by the network's name."""
    return {network: read_csv(path) for network, path in zip(networks, paths, strict=True)}


def select(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """The rows in which columns have the given values; an empty text stands for none."""
    for column, value in where.items():
        table = table[table[column].fillna("") == value]
    return table


def spacing_panel(panel: str, curves: pd.DataFrame, layer: str, state: str = "final") -> list[Row]:
    """Histogram of the unfolded spacings, their distribution function, and Wigner's of both."""
    values = np.sort(select(curves, layer=layer, state=state, unfolding="gaussian", series="spacing").y.to_numpy())
    counts, edges = np.histogram(values, bins=_SPACING_BINS, range=(0, _LARGEST_SPACING))
    rows = [
        (panel, "spacings", left, right, count / (values.size * (right - left)))
        for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    steps = np.arange(1, values.size + 1) / values.size
    rows += [(panel, "cumulative", x, x, y) for x, y in zip(values, steps, strict=True)]
    x = np.linspace(0, _LARGEST_SPACING, _CURVE_POINTS)
    rows += [(panel, "surmise", a, a, b) for a, b in zip(x, wigner_surmise.pdf(x), strict=True)]
    return rows + [(panel, "surmise cumulative", a, a, b) for a, b in zip(x, wigner_surmise.cdf(x), strict=True)]


def variance_panel(panel: str, curves: pd.DataFrame, layer: str, states: list[str]) -> list[Row]:
    """Number variance in the given states, the band and median of random matrices, and the GOE's curve."""
    rows = []
    for state in states:
        part = select(curves, layer=layer, state=state, unfolding="gaussian")
        names = {"number_variance": f"number variance, {state}"}
        if state == "final":
            names |= {f"null_{name}": f"null {name}" for name in ("low", "high", "median")}
        for series, name in names.items():
            line = select(part, series=series)
            rows += [(panel, name, x, x, y) for x, y in zip(line.x, line.y, strict=True)]
    lengths = np.unique([row[2] for row in rows])
    return rows + [(panel, "GOE", x, x, y) for x, y in zip(lengths, goe_number_variance(lengths), strict=True)]


def spectrum_panel(panel: str, curves: pd.DataFrame, levels: pd.DataFrame, layer: str) -> list[Row]:
    """Histograms of the singular values before and after training, on equal bins, and the modified law's fits."""
    states = [state for state in ("initial", "final") if len(select(levels, layer=layer, state=state))]
    spectra = {state: select(curves, layer=layer, state=state, series="singular_value").y for state in states}
    edges = np.linspace(0, max(values.max() for values in spectra.values()), _SPECTRUM_BINS + 1)
    rows = []
    for state, values in spectra.items():
        heights, _ = np.histogram(values, bins=edges, density=True)
        rows += [
            (panel, f"spectrum, {state}", left, right, height)
            for left, right, height in zip(edges[:-1], edges[1:], heights, strict=True)
        ]
        row = select(levels, layer=layer, state=state, unfolding="gaussian").iloc[0]
        fit = ModifiedMarchenkoPastur(row.nu_min, row.nu_max, row.fraction)
        x = np.linspace(*fit.edges, _CURVE_POINTS)
        rows += [(panel, f"fit, {state}", a, a, b) for a, b in zip(x, fit.density(x), strict=True)]
    return rows


def vector_panel(
    panel: str, vectors: pd.DataFrame, layer: str, window: int, *, series: str = "", state: str = "final"
) -> list[Row]:
    """p-value of every vector against its relative rank, averaged over neighbours, plain and calibrated.

    For both sides of the matrix; the smaller one, or of a square matrix the output side, is the one that is drawn.

    :param series: before the names of the series, where several matrices share a panel.
    """
    rows = []
    for side in ("output", "input"):
        part = select(vectors, layer=layer, state=state, side=side).sort_values("rank")
        for column, kind in (("p", "plain"), ("p_calibrated", "calibrated")):
            if len(part):
                means = running_mean(part[column].to_numpy(), window)
                name = f"{series}{side} side, {kind}"
                rows += [(panel, name, x, x, y) for x, y in zip(part["rank"], means, strict=True)]
    return rows


def drawn_side(levels: pd.DataFrame, layer: str) -> str:
    """The smaller side of a layer's matrix; the output side of a square one."""
    row = select(levels, layer=layer).iloc[0]
    return "output" if row.outputs <= row.inputs else "input"


def spacing_summary(panel: str, levels: pd.DataFrame, layer: str, state: str = "final") -> list[tuple]:
    """Rows of a summary: the spacing test, plain and calibrated, and where the number variance lies in its band."""
    (row,) = select(levels, layer=layer, state=state, unfolding="gaussian").itertuples()
    name = f"{row.network} {layer}"
    if isinstance(row.note, str):
        return [(panel, name, row.note, None, None)]
    return [
        (panel, name, "KS statistic of spacings", row.statistic, None),
        (panel, name, "KS p-value, plain", row.p, None),
        (panel, name, "KS p-value, calibrated", row.p_calibrated, None),
        (panel, name, "Monte Carlo error of the calibrated p-value", row.p_error, None),
        (panel, name, "p-value of the number variance, l in [1, 10], calibrated", row.variance_p, None),
        (panel, name, "share of l in [1, 10] with number variance in the null's 95 % band", row.in_band, 0.95),
        (panel, name, "spacings below the rounding of the weights", row.unresolved, 0),
    ]


def vector_summary(panel: str, vectors: pd.DataFrame, name: str, layer: str, state: str = "final") -> list[tuple]:
    """Mean p-values of the 15 largest and smallest singular values and of the middle half, on each side."""
    rows = []
    for side in ("output", "input"):
        part = select(vectors, layer=layer, state=state, side=side).sort_values("rank")
        if not len(part):
            continue
        places = {
            "the 15 largest": part.tail(15),
            "the middle half": part[part["rank"].between(0.25, 0.75)],
            "the 15 smallest": part.head(15),
        }
        for place, chosen in places.items():
            rows.append((panel, name, f"mean p of {place}, {side} side", chosen.p.mean(), None))
            rows.append((panel, name, f"mean calibrated p of {place}, {side} side", chosen.p_calibrated.mean(), 0.5))
    return rows


def write(rows: list[Row], summary: list[tuple], curves_path: str, summary_path: str) -> None:
    """The plotted numbers and the summary of a figure as CSV."""
    for table, columns, path in ((rows, COLUMNS, curves_path), (summary, SUMMARY, summary_path)):
        write_table(pd.DataFrame(table, columns=columns), path, float_format="%.8g")
