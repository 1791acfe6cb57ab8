"""Tables of figures of curvature spectra such as their scripts write, of random matrices and independent levels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022 import controls
from deepspectra.papers.baskerville2022 import curvature_statistics as statistics
from deepspectra.papers.baskerville2022.items import ITEMS
from deepspectra.papers.baskerville2022.names import CONTROLS
from deepspectra.rmt.ratios import mean_ratio_by_rank

from .drawn import drawing

PARAMETERS = 400
TEST = "logistic_mnist/final_test_hessian"
#: Scope and statistic of every panel, as the rules have them.
PANELS = {
    "figure_3": {
        "a": ("batch", "unfolded"),
        "b": ("batch", "ratios"),
        "c": ("whole", "ratios"),
        "d": ("batch", "deciles"),
    },
    "figure_4": {"a": ("batch", "unfolded"), "b": ("batch", "ratios"), "c": ("batch", "deciles")},
    "figure_7": {"a": ("batch", "density"), "b": ("batch", "ratios"), "c": ("batch", "deciles")},
    "figure_a10": {"a": ("batch", "unfolded"), "b": ("batch", "unfolded")},
    "figure_a11": {
        "a": ("batch", "ratios"),
        "b": ("batch", "ratios"),
        "c": ("whole", "ratios"),
        "d": ("whole", "ratios"),
    },
    "figure_a14": {"a": ("batch", "unfolded"), "b": ("batch", "unfolded"), "c": ("batch", "unfolded")},
    "figure_1": {"b": ("batch", "density"), "c": ("batch", "density"), "d": ("whole", "density")},
}
PANELS |= {"figure_8": PANELS["figure_7"], "figure_9": PANELS["figure_7"]}
PANELS |= {
    "figure_controls": dict(zip("abcdef", [("batch", "deciles")] * 3 + [("batch", "participation")] * 3, strict=True))
}
PANELS |= {"figure_a12": PANELS["figure_a10"], "figure_a13": PANELS["figure_a11"]}
LOGARITHMIC = "spacing ratio $r$ (logarithmic)"
NOTE = "Preview scale: epochs 5 instead of 300. " + " ".join(["Assumed: nothing; the small print has some lines."] * 6)

#: Random matrices unfolded as nine batches are.
REFERENCE = statistics.reference_unfolding(9, 1 / 3, seed=4)


def spectra(series):
    """Nine matrices: as published with zeros and noise, resolved without."""
    rng = np.random.default_rng(1)
    drawn = [np.sort(rng.standard_normal(150)) for _ in range(9)]
    if series == "resolved":
        return drawn
    return [np.sort(np.concatenate([part, np.zeros(150), 1e-9 * rng.standard_normal(100)])) for part in drawn]


@cache
def rows_of(series, statistic):
    found, seed = spectra(series), 3
    kept = statistics.above(found, statistics.RATIO_CUT)
    if statistic == "ratios":
        return statistics.ratio_rows(kept)
    if statistic == "deciles":
        return statistics.rank_rows(kept, seed)
    if statistic == "participation":
        return [] if series == "published" else extents(1)
    if statistic == "density":
        edges = statistics.density_edges(spectra("resolved"), PARAMETERS)
        return statistics.density_rows(found, PARAMETERS, edges)
    rows = []
    for name, cut in {"unfolded": 1e-20, "unfolded without cut-off": -1.0}.items():
        if name == "unfolded" or series == "published":
            unfolded = statistics.unfold_batches(statistics.above(found, cut), 1 / 3, seed)
            rows += statistics.spacing_rows(name, unfolded)
            rows += statistics.spacing_rows(f"{name} reference", REFERENCE)
    return rows + statistics.cut_off_rows(found) * (series == "published")


def extents(first):
    found = controls.extent_rows([first + np.arange(30.0)] * 3)
    return [row for row in found if isinstance(row, statistics.CurveRow)]


@cache
def control_of(key, statistic):
    """Curves of a control of seven spectra; of one, and of ten ratios, the error is unknown."""
    rng = np.random.default_rng(2)
    if statistic == "participation":
        return extents(2)
    data = mean_ratio_by_rank(spectra("resolved"), 3)
    drawn = [np.sort(rng.standard_normal(150)) for _ in range(1 if key == "gaussian" else 7)]
    found = controls.control_rows([part[:12] for part in drawn] if key == "gaussian" else drawn, 9, data, 3)
    return [row for row in found if isinstance(row, statistics.CurveRow)]


@cache
def numbers_of(series):
    """Rows of the summary: equal in all panels, and slow, since random matrices are unfolded."""
    kept = statistics.above(spectra(series), statistics.RATIO_CUT)
    cut = statistics.RATIO_CUT if series == "published" else None
    numbers = statistics.spectrum_numbers(kept, PARAMETERS, 3, cut)
    for name in ("unfolded", "unfolded without cut-off"):
        found = statistics.unfolding_rows(name, kept, 1 / 3, 3)
        numbers += [row for row in found if isinstance(row, statistics.NumberRow)]
    if series == "resolved":
        nine = np.full(9, 1e-9)
        numbers += statistics.resolution_numbers(nine, nine, nine)
        numbers.append(statistics.NumberRow("full_batches", "full batches of the set", 156))
    else:
        numbers += statistics.zero_numbers(np.full(9, 150), PARAMETERS)
    return numbers


def tables_of(item, shown=("published", "resolved")):
    """Curves and summary of one figure, of some series."""
    curves, summary = [], []
    for letter, (scope, statistic) in PANELS[item].items():
        for series in shown:
            place = {"panel": letter, "spectrum": TEST, "series": series, "scope": scope}
            curves += [row._asdict() | place for row in rows_of(series, statistic)]
            numbers = numbers_of(series)
            summary += [row._asdict() | place | {"statistic": statistic} for row in numbers]
        place = {"panel": letter, "spectrum": TEST, "scope": scope}
        for key, name in CONTROLS.items() if statistic in ("deciles", "participation") else ():
            curves += [row._asdict() | place | {"series": name} for row in control_of(key, statistic)]
    curves, summary = pd.DataFrame(curves), pd.DataFrame(summary)
    if item == "figure_1":
        place = {"panel": "a", "spectrum": "GOE", "statistic": "density"}
        rows, numbers = statistics.semicircle_rows(np.random.default_rng(1).uniform(-1, 1, (5, 100)))
        curves, summary = pd.concat([curves, rows.assign(**place)]), pd.concat([summary, numbers.assign(**place)])
    return curves.sort_values("panel", kind="stable"), summary


def draw(item, tables):
    return drawing("baskerville2022", ITEMS[item])(*tables, f"{NOTE} {ITEMS[item].note}")
