"""Spacings of large GOE matrices beside the Wigner surmise (baskerville2022, figure 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.histograms import histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN
from deepspectra.rmt.laws.spacings import goe_spacing_cdf, wigner_surmise
from deepspectra.rmt.ratios import mean_ratio
from deepspectra.runtime import store

__all__ = ["compare_spacings"]

#: The bulk of each spectrum: its levels between these heights of the normalised staircase.
_BULK = (0.1, 0.9)
_LARGEST, _BINS = 4.0, 60


def compare_spacings(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Figure 2: unfolded spacings, and the distribution functions of spacings less the surmise's.

    :param files: ``spectra``, one file with the levels of all matrices.
    :param parameters: ``ensemble``: ``dimension``, ``matrices`` and ``seed``.
    """
    ensemble = parameters["ensemble"]
    dimension = ensemble["dimension"]
    levels = store.read(files["spectra"][0], {"levels": (ensemble["matrices"], dimension)})["levels"]
    # Equation 9: the semicircle's distribution function times the number of levels.
    heights = stats.semicircular(scale=(2 * dimension) ** 0.5).cdf(levels)
    every = dimension * np.diff(heights, axis=1)
    bulk = every[(heights[:, :-1] >= _BULK[0]) & (heights[:, 1:] <= _BULK[1])]

    s = np.linspace(0, _LARGEST, 401)
    surmise, exact = wigner_surmise.cdf(s), goe_spacing_cdf(s)
    counted = np.searchsorted(np.sort(bulk), s, side="right") / bulk.size
    lines = {
        ("a", "surmise"): wigner_surmise.pdf(s),
        ("a", "independent"): np.exp(-s),
        ("b", "ensemble"): counted - surmise,
        ("b", "exact"): exact - surmise,
    }
    rows = histogram("a", bulk, np.linspace(0, _LARGEST, _BINS + 1), bulk.size, "ensemble")
    rows += [(*key, x, x, y) for key, values in lines.items() for x, y in zip(s, values, strict=True)]

    # A spacing of eight times the mean has a probability of 1e-22.
    fine = np.linspace(0, 8, 1601)
    fine_law = goe_spacing_cdf(fine)
    to_surmise, to_all = (ks_distance(spacings, wigner_surmise.cdf) for spacings in (bulk, every))
    to_exact = ks_distance(bulk, lambda spacings: np.interp(spacings, fine, fine_law))
    ratio = mean_ratio(list(levels), ensemble["seed"])

    def row(panel: str, quantity: str, label: str, value: float, reference: float | None = None, **more: Any) -> Row:
        return Row(panel, "ensemble", quantity, label, value, reference, told=True, **more)

    # References: for the surmise, the exact law of infinitely large matrices; for the whole spectrum, its bulk.
    between = float(np.abs(exact - surmise).max())
    summary = [
        row("a", "surmise_ks", "KS distance to the Wigner surmise", to_surmise, between),
        row("b", "exact_ks", "KS distance to the exact law", to_exact, 0.0),
        row("a", "surmise_ks_all", "KS distance to the Wigner surmise, edges included", to_all, to_surmise),
        row("a", "spacings", "spacings", bulk.size),
        row("a", "mean_spacing", "mean spacing", float(bulk.mean()), 1.0),
        row("a", "mean_ratio", "mean of min(r, 1/r)", ratio.value, GOE_MEAN, error=ratio.error),
    ]
    curves = pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(curves, summary_table(summary, "reference", "error"))
