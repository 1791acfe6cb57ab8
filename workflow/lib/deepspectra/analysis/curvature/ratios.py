"""Ratios of neighbouring spacings of one spectrum, judged by random levels of the same density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepspectra.rmt.calibration import monte_carlo_p_value, null_band
from deepspectra.rmt.ratios import MeanRatio, folded, mean_ratio, rank_means, spacing_ratios
from deepspectra.rmt.same_density import mapped_levels
from deepspectra.runtime.progress import ProgressBar

__all__ = ["RatioTest", "judge_ratios"]

#: Ratios in a part of the spectrum, and the most parts.
_PART, _PARTS = 10, 10


@dataclass(frozen=True)
class RatioTest:
    """The mean of min(r, 1/r), and what levels of the Gaussian orthogonal ensemble with the spectrum's density have.

    :ivar mean: None if fewer than three levels differ. :ivar null: means of the draws, (draws,), empty where the
        spectrum has too few levels for a smooth density. :ivar p: Monte Carlo, two-sided; NaN without a null.
    :ivar parts: means in equal parts of the ranks, the smallest eigenvalues first. :ivar band: 95 % of the draws there,
        shape (2, parts).
    """

    mean: MeanRatio | None
    null: np.ndarray
    p: float
    parts: np.ndarray
    band: np.ndarray


def judge_ratios(levels: np.ndarray, draws: int, seed: int) -> RatioTest:
    """Judge the ratios of one spectrum.

    :param levels: positive, ascending.
    """
    ratios = folded(spacing_ratios(levels))
    nothing = np.empty(0)
    if not ratios.size:
        return RatioTest(None, nothing, float("nan"), nothing, np.empty((2, 0)))
    mean = mean_ratio([levels], seed)
    count = min(_PARTS, ratios.size // _PART)
    parts = rank_means(levels, count) if count else nothing
    rng = np.random.default_rng(seed)
    if any(mapped_levels([levels], 1, rng).kept):
        return RatioTest(mean, nothing, float("nan"), parts, np.empty((2, 0)))
    bar = ProgressBar(range(draws), desc="random levels", unit="draw")
    drawn = [mapped_levels([levels], 1, rng).spectra[0] for _ in bar]
    null = np.array([folded(spacing_ratios(one)).mean() for one in drawn])
    centre = np.median(null)
    p = monte_carlo_p_value(np.array(abs(mean.value - centre)), np.abs(null - centre)).value
    band = np.empty((2, 0))
    if count:
        band = np.stack(null_band(np.array([rank_means(one, count) for one in drawn])))
    return RatioTest(mean, null, float(p), parts, band)
