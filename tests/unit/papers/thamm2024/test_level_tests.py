"""Tests of levels on matrices of which the truth is known: what the table of their level and power stands on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.papers.thamm2024.level_tests import level_tests, with_independent_levels, with_outliers
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.runtime import store
from deepspectra.spectra.weights.judging import bulk_ends
from deepspectra.spectra.weights.nulls import null_level_statistics

ROWS, COLUMNS, MATRICES, OUTLIERS = 1024, 512, 60, (1, 5, 20, 89)
TABLE = {
    **{"rows": ROWS, "columns": COLUMNS, "matrices": MATRICES, "seed": 5},
    **{"independent": [0.2], "outliers": list(OUTLIERS), "half_windows": [5, 15]},
}


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    path = tmp_path_factory.mktemp("null") / "null.h5"
    store.write(path, null_level_statistics(ROWS, COLUMNS, 199, {"gaussian": 7}, 12.0, 7), parameters={})
    return level_tests(TABLE, 7, path)


def rejected(tried, case, amount, test):
    p = tried[(tried.case == case) & (tried.amount == amount)][test]
    assert len(p) == MATRICES
    return int((p <= 0.05).sum())


#: More rejections than a test makes in one of a thousand cases whose level is 0.05, or 0.12.
MANY, MORE = (int(stats.binom.ppf(0.999, MATRICES, level)) for level in (0.05, 0.12))


def test_random_matrices_pass_every_test(tried):
    for test in ("p", "p_calibrated", "p_bulk", "variance_p", "variance_p_all"):
        assert rejected(tried, "random", 0, test) <= MANY, test


@pytest.mark.parametrize("count", OUTLIERS)
def test_outliers_beside_a_random_bulk_are_no_reason_to_reject_it(tried, count):
    """At both ends. The number variance over all intervals, as published, rejects nearly every such matrix."""
    assert rejected(tried, "outliers", count, "variance_p") <= MORE
    assert rejected(tried, "outliers", count, "p_bulk") <= MORE
    assert rejected(tried, "outliers", count, "variance_p_all") >= 0.9 * MATRICES


@pytest.mark.parametrize("test", ["variance_p", "p_bulk"])
def test_outliers_of_all_numbers_together_do_not_raise_the_level_above_twelve_per_cent(tried, test):
    """Of 240 matrices a small excess shows that 60 would hide."""
    made = MATRICES * len(OUTLIERS)
    assert sum(rejected(tried, "outliers", count, test) for count in OUTLIERS) <= stats.binom.ppf(0.999, made, 0.12)


def test_independent_levels_are_found_and_calibration_finds_more(tried):
    plain, calibrated = (rejected(tried, "independent", 0.2, test) for test in ("p", "p_calibrated"))
    assert MATRICES >= calibrated >= plain > MATRICES / 2
    assert rejected(tried, "independent", 0.2, "variance_p") > MATRICES / 2


def test_windows_have_plain_p_values_alone_of_the_same_matrices(tried):
    part = tried[tried.case == "window"]
    assert part.groupby("amount").size().to_dict() == {5: MATRICES, 15: MATRICES}
    assert part[["p_calibrated", "p_bulk", "variance_p", "variance_p_all"]].isna().all(axis=None)
    assert part.null_draws.isna().all()
    assert (tried[tried.case != "window"].null_draws == 199).all()
    # The narrower the window, the closer the unfolding follows the levels, and the more regular it makes them.
    assert part[part.amount == 5].p.median() > part[part.amount == 15].p.median()


@pytest.mark.parametrize("half_window", [3, 10])
def test_the_bulk_leaves_out_what_the_broadening_reaches(half_window, tmp_path):
    """Of forty levels 7 or 21 at either end: after the latter none is left."""
    store.write(
        tmp_path / "null.h5", null_level_statistics(60, 40, 9, {"gaussian": half_window}, 5.0, 7), parameters={}
    )
    table = TABLE | {"rows": 60, "columns": 40, "matrices": 2, "independent": [], "outliers": [], "half_windows": []}
    tried = level_tests(table, half_window, tmp_path / "null.h5")
    assert (tried[["p_bulk", "variance_p"]].isna() == (half_window == 10)).all(axis=None)


@pytest.mark.parametrize("count", [0, *OUTLIERS])
def test_planted_outliers_lie_where_they_should_and_are_counted(count):
    rng = np.random.default_rng(3)
    for _ in range(20):
        values = with_outliers(ROWS, COLUMNS, count, rng)
        assert values.shape == (COLUMNS,)
        assert (np.diff(values) > 0).all()
        lower, upper = singular_value_marchenko_pastur(ROWS - 2 * count, COLUMNS - 2 * count, 1.0).edges
        assert np.sum(values > 1.1 * upper) == np.sum(values < 0.9 * lower) == count
        # A value of the bulk or two may lie beyond the limit's edges.
        extra = np.array(bulk_ends(values, ROWS, margin=0)) - count
        assert ((extra >= 0) & (extra <= 2)).all()


def test_independent_levels_replace_others_and_have_their_law():
    law = singular_value_marchenko_pastur(ROWS, COLUMNS, 1.0)
    values = with_independent_levels(ROWS, COLUMNS, 1.0, np.random.default_rng(3))
    assert stats.kstest(values, law.cdf).pvalue > 0.01
    some, none = (with_independent_levels(ROWS, COLUMNS, share, np.random.default_rng(3)) for share in (0.1, 0.0))
    assert some.shape == (COLUMNS,)
    assert np.isin(some, none).sum() == COLUMNS - 51
