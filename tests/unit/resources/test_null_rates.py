"""How often perfect random matrices miss the bounds of claims: simulations against closed forms, and the ledger."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest
from scipy import stats

from deepspectra.report.claims import read_ledger
from tests import ROOT

DRAWS = 4000


@pytest.fixture(scope="module")
def nulls():
    spec = importlib.util.spec_from_file_location("null_rates", ROOT / "resources" / "null_rates.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ledger():
    return read_ledger(ROOT / "resources" / "claims.csv").set_index("id")


def test_the_ledger_has_a_rate_for_each_null_and_no_other(nulls, ledger):
    for column in ("published_null", "scrutiny_null"):
        assert set(ledger.index[ledger[column].notna()]) == nulls.NULLS.keys()


def test_bounds_from_nulls_alone_are_of_claims_that_have_one(nulls, ledger):
    assert set(ledger.index[ledger.bounds_set == "simulated"]) <= nulls.NULLS.keys()


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        ("T26", "published", stats.binom(22, 0.05).sf(3)),
        # Simes: the smallest q of independent tests is uniform.
        ("T06", "scrutiny", 0.05),
        ("T09", "scrutiny", 1 - (1 - 0.0127) ** 4),
        ("T25", "scrutiny", 1 - (1 - 0.0023) ** 22),
        ("T36", "scrutiny", 0.045),
        # Two sides of each of 16 initial matrices.
        ("T37", "scrutiny", stats.binom(32, 0.05).sf(4)),
        ("B30", "scrutiny", stats.binom(10, 0.05).sf(2)),
    ],
)
def test_calibrated_tests_miss_as_often_as_they_should(nulls, ledger, name, question, expected):
    simulate = nulls.NULLS[name][("published", "scrutiny").index(question)]
    bounds = ledger.loc[name, [f"{question}_low", f"{question}_high"]]
    found = nulls.rate(simulate(DRAWS), *bounds)
    error = math.sqrt(expected * (1 - expected) / DRAWS)
    assert found == pytest.approx(expected, abs=4 * error)
    assert ledger.loc[name, f"{question}_null"] == pytest.approx(found, abs=1e-3)


def test_a_rate_of_few_values_is_refused(nulls):
    assert nulls.rate(np.linspace(0, 1, 201), 0.05, math.nan) == pytest.approx(10 / 201)
    with pytest.raises(ValueError, match="at least 200 simulated values, not 199"):
        nulls.rate(np.zeros(199), 0, 1)


def test_random_matrices_unfolded_by_each_other_show_the_noise_of_their_number(nulls):
    """About 7,000 spacings: the distance is that of as many independent ones, or less, and the surmise's own error."""
    few = nulls.unfolded(400)
    assert few.size == np.unique(few).size == 20
    count = nulls.BATCHES // 3 * (nulls.LEVELS // 4 - 1)
    surmise = 0.01
    assert few.max() < surmise + stats.kstwobign.isf(0.01) / math.sqrt(count)


def test_means_of_ratios_have_the_spread_of_real_spectra(nulls):
    """217 batches of 64 levels, simulated as they are, against the normal law by which they are judged."""
    values = nulls.mean_ratios(217 * 62, 1000)
    rng = np.random.default_rng(3)
    real = [
        np.mean([nulls.folded(nulls.spacing_ratios(nulls.goe_levels(64, rng))) for _ in range(217)]) for _ in range(25)
    ]
    assert np.mean(real) == pytest.approx(values.mean(), abs=4 * values.std() / 25**0.5)
    assert np.std(real, ddof=1) == pytest.approx(values.std(), rel=0.45)


def test_the_old_bound_of_t25_was_none(nulls):
    """Random matrices passed it in few cases."""
    smallest = nulls.smallest(nulls.table_p([(512, 512)] * 22, 400))
    assert np.mean(smallest >= 0.3) < 0.3


def test_growth_is_compared_in_standard_deviations(nulls):
    """The least of three differences of independent normal values over root 2."""
    x = np.random.default_rng(4).normal(size=(3, 100_000))
    least = np.min([x[j] - x[i] for i, j in ((0, 1), (0, 2), (1, 2))], axis=0) / 2**0.5
    found = nulls.growth_steps((256, 256), 1600)
    assert np.quantile(found, [0.05, 0.5]) == pytest.approx(np.quantile(least, [0.05, 0.5]), abs=0.25)
