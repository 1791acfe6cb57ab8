"""Random matrices with the density of other levels, against levels whose density and correlations are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import mean_ratio, mean_ratio_by_rank
from deepspectra.rmt.same_density import mapped_levels
from deepspectra.runtime.errors import UserError

COUNT = 200


def steep(ranks):
    """Relative ranks to levels: at the low end neighbours differ by a factor of about 5, at the high end by 1.03."""
    return np.exp(80 * (1 - np.exp(-4 * ranks)))


def steep_goe(spectra, seed=1):
    """GOE levels at the places of a steep density, by the semicircle and without any smoothing."""
    rng = np.random.default_rng(seed)
    inner = (goe_levels(2 * COUNT, rng)[COUNT // 2 : -COUNT // 2] for _ in range(spectra))
    ranks = (2 * stats.semicircular.cdf(levels / np.sqrt(4 * COUNT)) - 0.5 for levels in inner)
    return [steep(places) for places in ranks]


@pytest.mark.parametrize(("spectra", "draws"), [(60, 120), (1, 120)])
def test_a_steep_density_alone_gives_its_deciles(spectra, draws):
    """Of many spectra and of one: both have the deciles of random matrices of that density, known without either."""
    expected = mean_ratio_by_rank(steep_goe(200, seed=2), 1)
    found = mean_ratio_by_rank(mapped_levels(steep_goe(spectra), draws, np.random.default_rng(3)).spectra, 1)
    assert expected[0].value < GOE_MEAN - 0.15
    for one, other in zip(found, expected, strict=True):
        # A single spectrum is smoothed over fifteen levels, in which the slope of this density changes by a fifth.
        assert abs(one.value - other.value) < 4 * np.hypot(one.error, other.error) + 0.01 * (spectra == 1)


def test_independent_levels_of_a_flat_density_become_those_of_the_goe():
    rng = np.random.default_rng(1)
    data = list(np.sort(rng.uniform(1, 2, size=(50, COUNT)), axis=1))
    mapped = mapped_levels(data, 200, rng).spectra
    assert mean_ratio(data, 1).value == pytest.approx(POISSON_MEAN, abs=0.02)
    assert mean_ratio(mapped, 1).value == pytest.approx(GOE_MEAN, abs=0.006)


def test_levels_lie_where_the_data_have_them():
    data = steep_goe(40)
    mapped = mapped_levels(data, 400, np.random.default_rng(1)).spectra
    for rank in (0, 5, 100, 190, 199):
        own, found = (np.log([levels[rank] for levels in spectra]) for spectra in (data, mapped))
        assert abs(own.mean() - found.mean()) < 4 * np.hypot(own.std() / 40**0.5, found.std() / 20) + 0.02


def test_signs_are_counted_and_smoothed_apart():
    """Negative levels lie between -2 and -1, positive ones between 1000 and 2000: nothing comes in between."""
    data = [np.concatenate([-np.linspace(2, 1, 90), np.linspace(1000, 2000, 60 + more)]) for more in (0, 10)]
    mapped, kept = mapped_levels(data, 4, np.random.default_rng(1))
    assert kept == (0, 0)
    assert [(int((levels < 0).sum()), len(levels)) for levels in mapped] == [(90, 150), (90, 160)] * 2
    for levels in mapped:
        assert (np.diff(levels) > 0).all()
        low, high = levels[levels < 0], levels[levels > 0]
        assert (low > -2.1).all()
        assert (low < -0.95).all()
        assert (high > 950).all()
        assert (high < 2100).all()


def test_few_levels_are_kept_as_they_are():
    few = np.array([1.0, 2.0, 4.0])
    data = [np.concatenate([-few[::-1], steep(np.linspace(0.01, 0.99, 50))])]
    (mapped,), kept = mapped_levels(data, 1, np.random.default_rng(1))
    assert kept == (3 / 53, 0)
    np.testing.assert_array_equal(mapped[:3], -few[::-1])
    assert (mapped[3:] != data[0][3:]).all()
    # Of several spectra the largest share, here of positive ones.
    assert mapped_levels([-data[0][::-1], np.arange(-30.0, -1)], 2, np.random.default_rng(1)).kept == (0, 3 / 53)


def test_a_spectrum_without_levels_has_none():
    (mapped,), kept = mapped_levels([np.empty(0)], 1, np.random.default_rng(1))
    assert (mapped.size, kept) == (0, (0, 0))


@pytest.mark.parametrize("spectra", [[], [np.array([-1.0, 0.0, 1.0])], [np.array([2.0, 1.0])]])
def test_spectra_without_a_density_by_logarithms_are_refused(spectra):
    with pytest.raises(UserError, match=r"without levels that are zero|ascending"):
        mapped_levels(spectra, 1, np.random.default_rng(1))
