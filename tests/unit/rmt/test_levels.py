from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt import levels as levels_module
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.singular_values import singular_value_marchenko_pastur
from deepspectra.rmt.laws.spacings import goe_number_variance, wigner_surmise
from deepspectra.rmt.levels import (
    IntervalCounts,
    number_variance,
    running_mean,
    spacing_distances,
    spacing_ks,
    vector_ks,
)
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.unfolding import gaussian_broadening
from deepspectra.runtime.errors import UserError


@pytest.mark.parametrize("count", [1, 10, 511])
def test_spacings_are_tested_against_the_surmise(count):
    """The statistic of an independent function, and its law for independent numbers."""
    sample = np.random.default_rng(0).exponential(size=count)
    statistic, p_value = spacing_ks(sample)
    distance = ks_distance(sample, lambda s: 1 - np.exp(-np.pi * np.maximum(s, 0) ** 2 / 4))
    assert statistic == pytest.approx(distance, abs=1e-14)
    assert p_value == pytest.approx(stats.kstwo(count).sf(distance), rel=1e-9)


def test_the_plain_p_values_are_uniform_for_independent_spacings():
    rng = np.random.default_rng(0)
    p_values = [spacing_ks(wigner_surmise.rvs(size=60, random_state=rng))[1] for _ in range(400)]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def variance_by_hand(unfolded, length, left_out=(0, 0)):
    """Every interval, and in each every level."""
    held = []
    inner = unfolded[left_out[0] : len(unfolded) - left_out[1]]
    for centre in inner:
        left, right = centre - length / 2, centre + length / 2
        if left >= inner[0] and right <= inner[-1]:
            held.append(sum(left <= level < right for level in unfolded))
    return np.mean([(number - length) ** 2 for number in held]) if held else np.nan


def test_distances_of_many_spectra_are_those_of_each_to_the_bit():
    rng = np.random.default_rng(2)
    spacings = wigner_surmise.rvs(size=(20, 101), random_state=rng)
    spacings[3, :7] = 0.0
    found = spacing_distances(spacings)
    np.testing.assert_array_equal(found, [spacing_ks(one)[0] for one in spacings])
    for one, distance in zip(spacings, found, strict=True):
        probabilities = wigner_surmise.cdf(np.sort(one))
        above, below = np.arange(1, 102) / 101 - probabilities, probabilities - np.arange(101) / 101
        assert distance == max(above.max(), below.max())


def test_the_number_variance_counts_what_a_loop_counts():
    """Also with equal levels, and at lengths whose ends fall on levels."""
    rng = np.random.default_rng(0)
    lengths = np.array([0.0, 0.3, 1.0, 2.0, 7.5, 20.0, 49.0, 51.0, 400.0])
    for unfolded in (np.sort(rng.uniform(0, 50, size=60)), np.sort(rng.integers(0, 50, size=60)), np.arange(50.0)):
        left_outs = [(0, 0), (5, 12), (0, 49), (40, 30)]
        counts = IntervalCounts(unfolded, lengths)
        for left_out in left_outs:
            expected = [variance_by_hand(unfolded, length, left_out) for length in lengths]
            np.testing.assert_allclose(number_variance(unfolded, lengths, left_out), expected, rtol=1e-12)
            np.testing.assert_array_equal(number_variance(unfolded, lengths, left_out), counts.variances(left_out))


def test_sums_of_long_spectra_lose_no_digits():
    """Running sums over thousands of levels stand in for the squares themselves."""
    rng = np.random.default_rng(1)
    unfolded, lengths = np.sort(rng.uniform(0, 2048, size=2048)), np.geomspace(0.5, 20, 10)
    left_outs = [(0, 0), (100, 40)]
    counts = IntervalCounts(unfolded, lengths)
    together = np.array([counts.variances(left_out) for left_out in left_outs])
    for place, length in enumerate(lengths):
        left, right = unfolded[:, None] - length / 2, unfolded[:, None] + length / 2
        held = np.sum((unfolded >= left) & (unfolded < right), axis=1)
        for (below, above), found in zip(left_outs, together[:, place], strict=True):
            inner = slice(below, 2048 - above)
            low, high = unfolded[inner][[0, -1]]
            inside = (left[inner, 0] >= low) & (right[inner, 0] <= high)
            np.testing.assert_allclose(found, np.mean((held[inner][inside] - length) ** 2), rtol=1e-13)


def test_an_even_ladder_holds_a_length_of_levels():
    """Whole lengths exactly, since one end of an interval belongs to it and the other does not."""
    variances = number_variance(np.arange(100.0), np.array([1.0, 1.5, 2.0, 99.0, 99.5]))
    assert variances[:3].tolist() == [0, 0.25, 0]
    # Half a level at either end is out of reach of half the length.
    assert np.isnan(variances[3:]).all()


def test_independent_levels_have_the_variance_of_their_number_and_one_at_the_centre():
    """N = 1 + Poisson(l): <(N - l)^2> = l + 1."""
    unfolded = np.cumsum(np.random.default_rng(0).exponential(size=200_000))
    lengths = np.array([0.5, 2.0, 8.0])
    np.testing.assert_allclose(number_variance(unfolded, lengths), lengths + 1, rtol=0.03)


def null_variances(unfold, count, size, lengths):
    rng = np.random.default_rng(0)
    spectra = (laguerre_singular_values(size, size, rng) for _ in range(count))
    return np.mean([number_variance(unfold(spectrum), lengths) for spectrum in spectra], axis=0)


def test_random_matrices_have_the_variance_of_the_orthogonal_ensemble():
    """Unfolded by their limit law. Broadening takes long waves out: at l = 10 a quarter of the variance is gone."""
    size, lengths = 512, np.array([3.0, 6.0, 10.0])
    law = singular_value_marchenko_pastur(size, size, 1.0)
    ratios = null_variances(lambda x: size * law.cdf(x), 40, size, lengths) / goe_number_variance(lengths)
    np.testing.assert_allclose(ratios, 1, atol=0.04)
    broadened = null_variances(gaussian_broadening, 40, size, lengths) / goe_number_variance(lengths)
    assert broadened[2] == pytest.approx(0.74, abs=0.03)


def variance_at_any_place(unfolded, lengths, rng):
    """Intervals of the bulk whose centres are no levels."""
    found = []
    for length in lengths:
        centres = rng.uniform(unfolded[15] + length / 2, unfolded[-16] - length / 2, size=2000)
        held = np.searchsorted(unfolded, centres + length / 2) - np.searchsorted(unfolded, centres - length / 2)
        found.append(np.mean((held - length) ** 2))
    return found


def test_centring_and_unfolding_part_random_matrices_from_the_curve_of_the_ensemble():
    """At any place and unfolded by their law they follow it. Centring on levels changes short intervals, by 7 % at
    l = 1 and less than 2 % from 3 on, and broadening long ones: by a third at l = 10, nothing at 1."""
    size, count, lengths = 512, 150, np.array([1.0, 3.0, 10.0])
    law = singular_value_marchenko_pastur(size, size, 1.0)
    rng = np.random.default_rng(0)
    ratios = {name: np.zeros(3) for name in ("known", "centred", "broadened", "both")}
    for _ in range(count):
        values = laguerre_singular_values(size, size, rng)
        for unfolded, (place, centred) in (
            (size * law.cdf(values), ("known", "centred")),
            (gaussian_broadening(values), ("broadened", "both")),
        ):
            ratios[place] += variance_at_any_place(unfolded, lengths, rng) / goe_number_variance(lengths) / count
            ratios[centred] += number_variance(unfolded, lengths, (15, 15)) / goe_number_variance(lengths) / count
    np.testing.assert_allclose(ratios["known"], 1, atol=0.02)
    np.testing.assert_allclose(ratios["centred"], [0.927, 0.99, 1], atol=0.02)
    np.testing.assert_allclose(ratios["broadened"], [0.995, 0.94, 0.66], atol=0.02)
    np.testing.assert_allclose(ratios["both"], [0.913, 0.925, 0.66], atol=0.02)


@pytest.mark.parametrize("dimension", [1, 20, 150])
def test_vectors_are_tested_as_scipy_tests_each(dimension, monkeypatch):
    """Random vectors, one with all its weight in one entry, one constant; in more blocks than one."""
    monkeypatch.setattr(levels_module, "_VECTORS", 4)
    vectors = haar_vectors(dimension, 11, np.random.default_rng(0))
    vectors[:, 3], vectors[:, 4] = np.eye(dimension)[0], dimension**-0.5
    statistics, p_values = vector_ks(vectors)
    for column, statistic, p_value in zip(vectors.T, statistics, p_values, strict=True):
        expected = stats.kstest(column, "norm", args=(0, dimension**-0.5))
        assert statistic == pytest.approx(expected.statistic, abs=1e-13)
        assert p_value == pytest.approx(expected.pvalue, rel=1e-10, abs=1e-15)


def test_vectors_of_single_precision_are_tested_as_double():
    vectors = haar_vectors(100, 5, np.random.default_rng(0)).astype(np.float32)
    np.testing.assert_array_equal(vector_ks(vectors), vector_ks(vectors.astype(np.float64)))


def test_plain_p_values_of_unit_vectors_lie_above_a_half():
    """The norm is fixed, which independent entries would not know: the reason to calibrate."""
    _, p_values = vector_ks(haar_vectors(512, 2000, np.random.default_rng(0)))
    assert p_values.mean() == pytest.approx(0.55, abs=0.03)


def test_plain_p_values_of_unit_vectors_are_safe_in_the_tail():
    """There they may stand for calibrated ones that a finite null cannot tell: random vectors have them less often."""
    _, p_values = vector_ks(haar_vectors(20, 100_000, np.random.default_rng(0)))
    for level in (0.05, 0.01, 0.001):
        assert 0.6 < np.mean(p_values <= level) / level < 1


def test_vectors_that_are_no_numbers_are_refused():
    with pytest.raises(UserError, match="finite"):
        vector_ks(np.full((4, 2), np.nan))


@pytest.mark.parametrize(("count", "window"), [(40, 15), (40, 1), (5, 15), (1, 3)])
def test_the_running_mean_shrinks_its_window_at_the_ends(count, window):
    values, half = np.random.default_rng(0).uniform(size=count), window // 2
    expected = [values[max(i - half, 0) : i + half + 1].mean() for i in range(count)]
    np.testing.assert_allclose(running_mean(values, window), expected, rtol=1e-13)


def test_a_gap_spreads_over_its_windows_only():
    values = np.ones(20)
    values[10] = np.nan
    assert np.flatnonzero(np.isnan(running_mean(values, 5))).tolist() == [8, 9, 10, 11, 12]


@pytest.mark.parametrize("dimension", [2000, 4096, 30522])
def test_tails_of_many_long_vectors_are_scipys(dimension):
    rng = np.random.default_rng(4)
    # From Gaussian entries to ones with a few large, so that p-values reach from 1 to 0.
    vectors = rng.standard_normal((dimension, 150)) * (1 + np.linspace(0, 3, 150) * rng.random((dimension, 1)) ** 8)
    vectors[: dimension // 5, 100:] = 0
    vectors[: dimension // 2, 140:] = 0
    # The statistic is half the share of zeros: into the range where probabilities underflow.
    for column, square in zip(range(145, 150), (290, 310, 340, 365, 380), strict=True):
        vectors[: int(2 * (square * dimension) ** 0.5), column] = 0
    statistics, p_values = vector_ks(vectors / np.linalg.norm(vectors, axis=0))
    expected = stats.kstwo.sf(statistics, dimension)
    assert (expected > 0.1).any()
    assert (expected < 1e-100).any()
    assert ((expected > 1e-30) & (expected < 1e-3)).any()
    np.testing.assert_allclose(p_values, expected, rtol=1e-9)
