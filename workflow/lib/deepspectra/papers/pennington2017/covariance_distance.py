"""Figure 1: L1 distance between pooled spectra of Y Y'/m and the first layer's limit law, against width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.nn.activations.families.rectifier import rectifier_zeta
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import binned_distance, expected_binned_distance
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store

__all__ = ["compare_with_limit"]

_COLUMNS = ["panel", "series", "layer", "zeta", "x", "y", "alpha"]
_PANELS = {"first": "a", "last": "b", "equivalent": "a"}


def compare_with_limit(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Distances (pennington2017, eq. 16) of simulated spectra to the limit of theorem 1.

    Curves: for each alpha the first layer (panel a), the deep layer (panel b) and the first layer's Gaussian
    equivalent; "sampling", the distance that as many independent draws from the limit have, mean over alpha; and in
    panel b "equivalent", the mean of the Gaussian equivalents over alpha. In the summary, the reference is the distance
    of the Gaussian equivalent of the same size.

    :param files: ``spectra``, as ``simulate_data_covariance`` writes them, one for each alpha.
    :param parameters: ``phi``, ``psi``, ``alphas``, ``input_dimensions``, ``layers``, ``bins``.
    """
    widths, deep = parameters["input_dimensions"], parameters["layers"]
    rows: list[tuple] = []
    summary: list[Row] = []
    floors: dict[int, list[float]] = {n0: [] for n0 in widths}
    for alpha, path in zip(parameters["alphas"], files["spectra"], strict=True):
        series, zeta = f"alpha={alpha:g}", min(rectifier_zeta(alpha), 1.0)
        law = NonlinearLaw(1.0, zeta, parameters["phi"], parameters["psi"])
        edges, probabilities = _bins(law, parameters["bins"])
        names = [f"n0_{n0}/{spectrum}" for n0 in widths for spectrum in _PANELS]
        spectra = store.read(path, {name: (f"realisations {name}", f"width {name}") for name in names})
        distances: dict[str, list[float]] = {spectrum: [] for spectrum in _PANELS}
        for n0 in widths:
            for spectrum, panel in _PANELS.items():
                pooled = spectra[f"n0_{n0}/{spectrum}"].ravel()
                distance = binned_distance(pooled, edges, probabilities)
                distances[spectrum].append(distance)
                name = f"equivalent {series}" if spectrum == "equivalent" else series
                rows.append((panel, name, deep if panel == "b" else 1, zeta, n0, distance, alpha))
            floors[n0].append(expected_binned_distance(probabilities, pooled.size))
        for spectrum in ("first", "last"):
            summary += _distance_rows(_PANELS[spectrum], series, distances[spectrum], distances["equivalent"])
    curves = pd.DataFrame(rows, columns=_COLUMNS)
    equivalent = curves[curves.series.str.startswith("equivalent")].groupby("x").y.mean()
    means = [
        (panel, "sampling", layer, None, n0, np.mean(floors[n0]), None)
        for panel, layer in (("a", 1), ("b", deep))
        for n0 in widths
    ]
    means += [("b", "equivalent", deep, None, n0, equivalent[n0], None) for n0 in widths]
    return Numbers(pd.DataFrame(rows + means, columns=_COLUMNS), summary_table(summary, "reference"))


def _bins(law: NonlinearLaw, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges of equal bins over a law's support, shape (count + 1,), and its probabilities of them and both outsides."""
    support = law.support()
    edges = np.linspace(support[0][0], support[-1][1], count + 1)
    return edges, np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]]))


def _distance_rows(panel: str, series: str, distances: list[float], equivalent: list[float]) -> list[Row]:
    """From distances in the order of the widths, ascending."""
    found = {"largest": (distances[-1], equivalent[-1]), "smallest": (distances[0], equivalent[0])}
    rows = [
        Row(
            panel,
            series,
            f"l1_distance_at_{end}_width",
            f"L1 distance at the {end} width",
            *pair,
            told=end == "largest",
        )
        for end, pair in found.items()
    ]
    ratio = distances[-1] / distances[0]
    return [
        *rows,
        Row(panel, series, "ratio_of_largest_to_smallest_width", "ratio largest to smallest width", ratio),
    ]
