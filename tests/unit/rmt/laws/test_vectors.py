from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.laws.vectors import porter_thomas


def test_entries_have_the_variance_of_a_unit_vector():
    law = porter_thomas(37)
    assert law.mean() == 0
    assert law.var() == pytest.approx(1 / 37)


@pytest.mark.parametrize("dimension", [100, 10_000])
def test_it_is_the_limit_of_the_exact_law(dimension):
    """The square of an entry is Beta distributed; the two laws differ by order 1/m."""
    x = np.linspace(-5, 5, 401) / dimension**0.5
    exact = (1 + np.sign(x) * stats.beta(0.5, (dimension - 1) / 2).cdf(x**2)) / 2
    assert np.abs(porter_thomas(dimension).cdf(x) - exact).max() < 0.5 / dimension
