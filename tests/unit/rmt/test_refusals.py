"""Input without an answer is refused by name; what has one is not."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.calibration import largest_deviation, null_band
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.laws.singular_values import (
    ModifiedMarchenkoPastur,
    fit_modified_marchenko_pastur,
    singular_value_marchenko_pastur,
)
from deepspectra.rmt.levels import number_variance, spacing_ks
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.rmt.ratios import mean_ratio, rank_means, spacing_ratios
from deepspectra.rmt.unfolding import gaussian_broadening, polynomial, staircase
from deepspectra.runtime.errors import UserError

LEVELS = np.arange(40.0)

REFUSED = {
    "half-window 0": (lambda: gaussian_broadening(LEVELS, 0), "at least 1, not 0"),
    "half-window 0 of the staircase": (lambda: staircase(LEVELS, 0), "at least 1, not 0"),
    "degree 0": (lambda: polynomial(LEVELS, 0), "at least 1, not 0"),
    "negative ratio": (lambda: MarchenkoPastur(-0.5), "positive ratio and scale"),
    "negative scale": (lambda: MarchenkoPastur(0.5, -1), "positive ratio and scale"),
    "fraction 0/0": (lambda: ModifiedMarchenkoPastur(0.0, 1.0, float("nan")), "a fraction >= 0"),
    "wide matrix": (lambda: singular_value_marchenko_pastur(3, 4, 1.0), "nu_min < nu_max"),
    "equal singular values": (lambda: fit_modified_marchenko_pastur(np.ones(50)), "that differ"),
    "one singular value": (lambda: fit_modified_marchenko_pastur(np.array([1.0])), "at least two"),
    "spacing not finite": (lambda: spacing_ks(np.array([1, np.nan])), "finite numbers"),
    "no spacing": (lambda: spacing_ks(np.array([])), "finite numbers"),
    "levels out of order": (lambda: number_variance(np.array([1.0, 3, 2]), np.ones(1)), "ascending order"),
    "negative length": (lambda: number_variance(LEVELS, np.array([-1.0])), "none negative"),
    "fewer ratios than parts": (lambda: rank_means(np.arange(5), 10), "cannot be divided into 10"),
    "one draw": (lambda: largest_deviation(np.ones((1, 3))), "at least two"),
    "no draw": (lambda: null_band(np.empty((0, 3))), "a band needs draws"),
    "ridge beyond the equation": (lambda: NonlinearLaw(1.0, 0.5, 0.5, 0.5).training_loss(np.array([1e16])), "smaller"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_input_without_an_answer_is_refused(case):
    call, message = REFUSED[case]
    with pytest.raises(UserError, match=message):
        call()


def test_a_spectrum_without_levels_has_no_ratios_and_the_others_count():
    """A batch whose Hessian is numerically zero has none."""
    assert spacing_ratios(np.array([])).shape == (0,)
    assert mean_ratio([np.array([]), LEVELS], 1) == mean_ratio([LEVELS], 1)
