"""How random matrices of its shape judge the singular values of one matrix (thamm2024).

Both a network's matrices and the random ones go through :func:`deepspectra.rmt.levels.level_statistics`: what is calibrated
is the pipeline as a whole, with whatever the unfolding does to its own levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepspectra.rmt.calibration import MonteCarloPValue, largest_deviation, monte_carlo_p_value, null_band
from deepspectra.rmt.levels import LevelStatistics

#: Interval lengths at which the number variance is judged as a whole: below, it is that of the spacings; above, the
#: matrices of a few hundred levels have few independent intervals.
JUDGED_LENGTHS = (1, 10)


@dataclass(frozen=True)
class LevelJudgement:
    """Of the same spectrum against random matrices of its shape that were unfolded in the same way.

    ``spacing`` and ``number_variance``: Monte Carlo p-values with their errors, the second of the largest deviation at
    lengths in :data:`JUDGED_LENGTHS`. ``low``, ``high`` and ``median`` (k,): pointwise central 95 % band and median of
    the random matrices' number variances; ``in_band``: share of the judged lengths at which the spectrum lies inside.
    """

    spacing: MonteCarloPValue
    number_variance: MonteCarloPValue
    low: np.ndarray
    high: np.ndarray
    median: np.ndarray
    in_band: float


def judge_levels(
    found: LevelStatistics, spacing_statistics: np.ndarray, number_variances: np.ndarray, lengths: np.ndarray
) -> LevelJudgement:
    """Judge the statistics of one spectrum by those of random matrices.

    :param spacing_statistics: of the random matrices, shape (draws,).
    :param number_variances: of the same matrices at the same lengths, shape (draws, k), finite.
    :param lengths: shape (k,); one at least is in :data:`JUDGED_LENGTHS`.
    :raises UserError: if there are fewer than two draws.
    """
    judged = (lengths >= JUDGED_LENGTHS[0]) & (lengths <= JUDGED_LENGTHS[1])
    drawn, variances = number_variances[:, judged], found.number_variances
    # Neighbouring lengths see the same levels: one statistic over all of them, judged as a whole.
    deviation, deviations = largest_deviation(drawn, variances[judged]), largest_deviation(drawn)
    low, high = null_band(number_variances)
    inside = (low <= variances) & (variances <= high)
    return LevelJudgement(
        spacing=monte_carlo_p_value(found.spacing_statistic, spacing_statistics),
        number_variance=monte_carlo_p_value(deviation, deviations),
        low=low,
        high=high,
        median=np.median(number_variances, axis=0),
        in_band=float(inside[judged].mean()),
    )
