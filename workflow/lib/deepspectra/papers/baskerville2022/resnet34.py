"""The Gauss-Newton spectrum of ResNet-34, and its spacing ratios beside the GOE's (beyond baskerville2022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepspectra.papers.histograms import histogram
from deepspectra.papers.item import Numbers
from deepspectra.papers.rows import Row, summary_table
from deepspectra.rmt.calibration import monte_carlo_p_value, null_band
from deepspectra.rmt.laws.ratios import GOE_MEAN, ratio_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import folded, mean_ratio, rank_means, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.progress import ProgressBar

__all__ = ["compare_gauss_newton_ratios"]

_PARTS, _NULL_MATRICES = 10, 999
_BINS, _LARGEST_RATIO = 30, 10.0


def compare_gauss_newton_ratios(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> Numbers:
    """Eigenvalues by rank (a), their spacing ratios (b), and ratios along the spectrum with the GOE's band (c).

    :param files: ``spectra``, one file. :param parameters: ``batch_size`` and ``seed``.
    """
    contents = store.read(files["spectra"][0], {"eigenvalues": ("n",)})
    levels, known = contents["eigenvalues"], contents.attributes["parameters"]
    bound, seed = contents.attributes["noise_floor"], parameters["seed"]
    most = (known["outputs"] - 1) * parameters["batch_size"]
    mean, by_rank = mean_ratio([levels], seed), rank_means(levels, _PARTS)

    rng = np.random.default_rng([seed, 1])
    draws = ProgressBar(range(_NULL_MATRICES), desc="GOE", unit="matrix")
    null = [goe_levels(len(levels), rng) for _ in draws]
    null_means = np.array([folded(spacing_ratios(draw)).mean() for draw in null])
    lower, upper = null_band(np.array([rank_means(draw, _PARTS) for draw in null]))
    centre = np.median(null_means)
    p = monte_carlo_p_value(np.abs(mean.value - centre), np.abs(null_means - centre))

    ratios = spacing_ratios(levels)
    x = np.linspace(0, _LARGEST_RATIO, 401)
    edges = np.linspace(0, _LARGEST_RATIO, _BINS + 1)
    rows: list[tuple] = [("a", "eigenvalues", rank, rank, value) for rank, value in enumerate(levels[::-1], start=1)]
    rows += [("a", "bound", rank, rank, bound) for rank in (1, len(levels))]
    rows += histogram("b", ratios[ratios <= _LARGEST_RATIO], edges, ratios.size)
    rows += [("b", "surmise", a, a, b) for a, b in zip(x, ratio_surmise.pdf(x), strict=True)]
    for series, values in (("parts", by_rank), ("orthogonal_lower", lower), ("orthogonal_upper", upper)):
        rows += [("c", series, part / _PARTS, (part + 1) / _PARTS, value) for part, value in enumerate(values)]

    def row(panel: str, quantity: str, label: str, value: float, reference: float | None = None, **more: Any) -> Row:
        return Row(panel, "eigenvalues", quantity, label, value, reference, **more)

    share = "share of spacings below the bound (unresolved above 0.01)"
    against = "p-value against orthogonal matrices of as many levels"
    tenths = "tenths of the spectrum outside the band of orthogonal matrices"
    outside = float(np.sum((by_rank < lower) | (by_rank > upper)))
    summary = [
        row("a", "parameters", "parameters", known["parameters"], told=True),
        row("a", "eigenvalues", "non-zero eigenvalues", len(levels), most, told=True),
        row("a", "smallest", "smallest", levels[0]),
        row("a", "largest", "largest", levels[-1]),
        row("a", "error_bound", "error bound", bound),
        row("a", "unresolved_share", share, known["unresolved_spacings"], 0.01),
        row("b", "mean_ratio", "mean of min(r, 1/r)", mean.value, GOE_MEAN, error=mean.error, told=True),
        row("b", "p_value", against, float(p.value), error=float(p.error), told=True),
        row("c", "tenths_outside", tenths, outside, _PARTS / 20),
    ]
    curves = pd.DataFrame(rows, columns=["panel", "series", "x", "x_high", "y"])
    return Numbers(curves, summary_table(summary, "reference", "error"))
