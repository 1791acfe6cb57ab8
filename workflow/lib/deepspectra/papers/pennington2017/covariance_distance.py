"""Figure 1: L1 distance between pooled spectra of Y Y'/m and the first layer's limit law, against width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.nn.nonlinear import rectifier_zeta
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
    equivalent; besides, "sampling": the distance that as many independent draws from the limit have, mean over alpha;
    and in panel b "equivalent": the Gaussian equivalents' mean over alpha. In the summary, the reference is the
    distance of the Gaussian equivalent of the same size.

    :param files: ``spectra``, as ``simulate_data_covariance`` writes them, one for each alpha.
    :param parameters: ``phi``, ``psi``, ``alphas``, ``input_dimensions``, ``layers``, ``bins``.
    """
    widths, deep = parameters["input_dimensions"], parameters["layers"]
    rows: list[tuple] = []
    summary: list[Row] = []
    floors: dict[int, list[float]] = {n0: [] for n0 in widths}
    for alpha, path in zip(parameters["alphas"], files["spectra"], strict=True):
        zeta = min(rectifier_zeta(alpha), 1.0)
        edges, probabilities = _bins(NonlinearLaw(1.0, zeta, parameters["phi"], parameters["psi"]), parameters["bins"])
        spectra = _read_spectra(path, widths)
        distances = {}
        for n0 in widths:
            for spectrum, panel in _PANELS.items():
                pooled = spectra[f"n0_{n0}/{spectrum}"].ravel()
                distances[spectrum, n0] = binned_distance(pooled, edges, probabilities)
                series = f"equivalent alpha={alpha:g}" if spectrum == "equivalent" else f"alpha={alpha:g}"
                layer = deep if panel == "b" else 1
                rows.append((panel, series, layer, zeta, n0, distances[spectrum, n0], alpha))
            floors[n0].append(expected_binned_distance(probabilities, pooled.size))
        for spectrum in ("first", "last"):
            place = {"panel": _PANELS[spectrum], "series": f"alpha={alpha:g}"}
            for end, n0 in (("largest", widths[-1]), ("smallest", widths[0])):
                quantity, label = f"l1_distance_at_{end}_width", f"L1 distance at the {end} width"
                value, reference = distances[spectrum, n0], distances["equivalent", n0]
                summary.append(Row(**place, quantity=quantity, label=label, value=value, reference=reference,
                                   told=end == "largest"))  # fmt: skip
            ratio = distances[spectrum, widths[-1]] / distances[spectrum, widths[0]]
            label = "ratio largest to smallest width"
            summary.append(Row(**place, quantity="ratio_of_largest_to_smallest_width", label=label, value=ratio))
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


def _read_spectra(path: str, widths: Sequence[int]) -> dict[str, np.ndarray]:
    """By ``n0_{width}/{spectrum}``, shape (realisations, n1)."""
    names = [f"n0_{n0}/{spectrum}" for n0 in widths for spectrum in _PANELS]
    return store.read(path, {name: (f"realisations {name}", f"width {name}") for name in names})
