"""Ratios of spacings by hand, and the error of their mean against repeated samples."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.rmt.ratios import folded, mean_ratio, rank_means, spacing_ratios
from deepspectra.runtime.errors import UserError


def test_ratios_by_hand():
    np.testing.assert_allclose(spacing_ratios(np.array([0.0, 1, 3, 4])), [2, 0.5])
    np.testing.assert_allclose(folded(np.array([2, 0.5, 0, np.inf, 1, 1e-310])), [0.5, 0.5, 0, 0, 1, 1e-310])


def test_levels_that_coincide_are_not_filtered():
    np.testing.assert_array_equal(spacing_ratios(np.array([0.0, 1, 1, 2])), [0, np.inf])
    np.testing.assert_array_equal(spacing_ratios(np.array([0.0, 0, 0, 1])), [np.inf])
    assert spacing_ratios(np.array([0.0, 1])).size == 0


def poisson(rng, size=60):
    return np.cumsum(rng.exponential(size=size))


@pytest.mark.parametrize("count", [1, 40])
def test_the_error_is_the_scatter_of_repeated_samples(count):
    """Whole spectra are resampled; of a single one, blocks of it."""
    rng = np.random.default_rng(0)
    found = [mean_ratio([poisson(rng, 60 if count > 1 else 2400) for _ in range(count)], seed=1) for _ in range(200)]
    scatter = np.std([one.value for one in found], ddof=1)
    assert np.median([one.error for one in found]) == pytest.approx(scatter, rel=0.15)
    assert np.mean([one.value for one in found]) == pytest.approx(2 * np.log(2) - 1, abs=4 * scatter / 200**0.5)
    assert found[0].count == (2398 if count == 1 else 40 * 58)


def test_spectra_that_differ_as_a_whole_are_resampled_as_a_whole():
    """Rigid and independent levels: single ratios, as if independent, would give a third of the error."""
    rng = np.random.default_rng(0)

    def spectra():
        return [
            np.arange(60) + rng.normal(scale=0.01, size=60) if rng.random() < 0.5 else poisson(rng) for _ in range(30)
        ]

    found = [mean_ratio(spectra(), seed=1) for _ in range(200)]
    scatter = np.std([one.value for one in found], ddof=1)
    assert np.median([one.error for one in found]) == pytest.approx(scatter, rel=0.15)
    single = np.concatenate([folded(spacing_ratios(levels)) for levels in spectra()])
    assert single.std() / single.size**0.5 < 0.4 * scatter


def test_few_spectra_have_the_whole_error():
    rng = np.random.default_rng(0)
    found = [mean_ratio([poisson(rng) for _ in range(3)], seed=1) for _ in range(600)]
    scatter = np.std([one.value for one in found], ddof=1)
    errors = np.array([one.error for one in found])
    # Of three spectra alone a quarter would be below half of it.
    assert np.mean(errors < 0.7 * scatter) < 0.05
    assert np.median(errors) == pytest.approx(scatter, rel=0.2)


def test_one_spectrum_has_the_error_of_its_blocks():
    """Independent levels, for which it is known: 144 of them, as few as a small network has."""
    rng = np.random.default_rng(0)
    found = [mean_ratio([poisson(rng, 144)], seed=1) for _ in range(400)]
    scatter = np.std([one.value for one in found], ddof=1)
    errors = np.array([one.error for one in found])
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(scatter, rel=0.15)
    assert np.mean(errors < 0.5 * scatter) < 0.02
    assert np.isnan(mean_ratio([poisson(rng, 12)], seed=1).error)


def test_spectra_of_several_sizes_weigh_by_their_ratios():
    rng = np.random.default_rng(0)
    spectra = [poisson(rng, size) for size in (3, 10, 40, 2)]
    ratios = np.concatenate([folded(spacing_ratios(levels)) for levels in spectra])
    found = mean_ratio(spectra, seed=1)
    assert found.value == pytest.approx(ratios.mean())
    assert found == mean_ratio(spectra, seed=1)


def test_ratios_by_rank_are_means_of_neighbours():
    """Gaps 1 2 | 4 4 | 1: ratios 2, 2, 1, 1/4."""
    levels = np.array([0.0, 1, 3, 7, 11, 12])
    np.testing.assert_allclose(rank_means(levels, 2), [0.5, 0.625])
    np.testing.assert_allclose(rank_means(levels, 3), [0.5, 1, 0.25])


@pytest.mark.parametrize("levels", [[2.0, 1.0, 3.0], [0.0, np.nan, 1.0]])
def test_levels_in_disorder_are_refused(levels):
    with pytest.raises(UserError, match="finite levels in ascending order"):
        spacing_ratios(np.array(levels))


def test_no_ratio_is_an_error():
    with pytest.raises(UserError, match="no spacing ratio"):
        mean_ratio([np.array([1.0, 2.0]), np.ones(5)], seed=1)
