"""The pipeline of levels and its judges: random matrices pass, planted structure does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.rmt.calibration import largest_deviation, monte_carlo_p_value
from deepspectra.rmt.levels import level_statistics, number_variance, spacing_ks, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.unfolding import UNFOLDINGS, gaussian_broadening
from deepspectra.spectra.singular_values import decompose
from deepspectra.spectra.weights.judging import LevelJudge
from deepspectra.spectra.weights.nulls import LevelNull
from deepspectra.spectra.weights.vectors import ranges

UNFOLDING = {"gaussian": 7, "staircase": 7, "polynomial": 9}
LENGTHS = np.geomspace(0.5, 12, 20)
SIZE = 128
DRAWS = 199


@pytest.fixture(scope="module")
def judges() -> dict[str, LevelJudge]:
    """Of random matrices, by unfolding."""
    rng = np.random.default_rng(0)
    drawn = [level_statistics(laguerre_singular_values(SIZE, SIZE, rng), UNFOLDING, LENGTHS) for _ in range(DRAWS)]
    return {
        name: LevelJudge(
            LevelNull(
                np.array([found[name].spacing_statistic for found in drawn]),
                np.array([found[name].number_variances for found in drawn]),
                np.array([found[name].unfolded for found in drawn]),
            ),
            LENGTHS,
        )
        for name in UNFOLDING
    }


ENDS = (15, 15)


def judged(values, judges, name):
    """The spacings' p-value, and the judgement of the number variance of the bulk."""
    found = level_statistics(values, UNFOLDING, LENGTHS)[name]
    variances = number_variance(found.unfolded, LENGTHS, ENDS)
    return judges[name].spacings(found)[0], judges[name].variances(variances, ENDS)


def gaussian(seed, size=SIZE):
    return np.random.default_rng(seed).standard_normal((size, size))


def test_statistics_are_those_of_the_unfolded_levels():
    values = decompose(gaussian(1)).singular_values
    found = level_statistics(values, UNFOLDING, LENGTHS)
    assert set(found) == set(UNFOLDINGS)
    unfolded = gaussian_broadening(values, 7)
    np.testing.assert_array_equal(found["gaussian"].spacings, np.diff(unfolded))
    assert (found["gaussian"].spacing_statistic, found["gaussian"].spacing_p) == spacing_ks(np.diff(unfolded))
    np.testing.assert_array_equal(found["gaussian"].number_variances, number_variance(unfolded, LENGTHS))


@pytest.mark.parametrize("ends", [(0, 0), ENDS, (20, 40)])
def test_dense_random_matrices_pass(judges, ends):
    """What is judged has the law of what it is judged by, in all tests.

    Their p-values share the null's draws, so that a test of their uniformity would be stricter than it says; the
    two-sample test of the statistics is exact.
    """
    values = [decompose(gaussian(seed)).singular_values for seed in range(100, 200)]
    found = [level_statistics(one, UNFOLDING, LENGTHS) for one in values]
    between = (LENGTHS >= 1) & (LENGTHS <= 10)
    for name, judge in judges.items():
        bulk = slice(ends[0], SIZE - ends[1])
        fresh, null = (
            [spacing_ks(np.diff(levels[bulk]))[0] for levels in spectra]
            for spectra in ([one[name].unfolded for one in found], judge.null.unfolded)
        )
        assert stats.ks_2samp(fresh, null).pvalue > 0.001, name
        expected = monte_carlo_p_value(fresh, null).value
        np.testing.assert_array_equal([judge.spacings(one[name], ends)[0] for one in found], expected)
        variances = np.array([number_variance(one[name].unfolded, LENGTHS, ends) for one in found])
        drawn = np.array([number_variance(one, LENGTHS, ends) for one in judge.null.unfolded])[:, between]
        deviations = largest_deviation(drawn, variances[:, between])
        assert stats.ks_2samp(deviations, largest_deviation(drawn)).pvalue > 0.001, name
        judgements = [judge.variances(one, ends) for one in variances]
        assert np.mean([one.in_band for one in judgements]) == pytest.approx(0.95, abs=0.04), name
        # The judge's own p-values are those of these statistics.
        expected = monte_carlo_p_value(deviations, largest_deviation(drawn)).value
        np.testing.assert_array_equal([one.p for one in judgements], expected)


def test_the_growth_of_the_number_variance_stands_beside_random_matrices(judges):
    """Slope against ln l by an independent fit: near 2 / pi^2 less what the unfolding takes."""
    judge, between = judges["gaussian"], (LENGTHS >= 1) & (LENGTHS <= 10)
    drawn = np.array([number_variance(one, LENGTHS, ENDS) for one in judge.null.unfolded])[:, between]
    slopes = np.polyfit(np.log(LENGTHS[between]), drawn.T, 1)[0]
    dense = [judged(decompose(gaussian(seed)).singular_values, judges, "gaussian")[1] for seed in range(50)]
    found = dense[0]
    assert found.null_slope == pytest.approx(slopes.mean())
    assert found.null_slope_error == pytest.approx(slopes.std(ddof=1))
    assert 0 < found.null_slope < 2 / np.pi**2
    mean = np.mean([one.slope for one in dense])
    assert abs(mean - found.null_slope) < 4 * found.null_slope_error * (1 / 50 + 1 / DRAWS) ** 0.5


def test_two_blocks_that_do_not_mix_are_found(judges):
    """A matrix of two independent halves: levels of one do not repel those of the other."""
    matrix = np.zeros((SIZE, SIZE))
    half = SIZE // 2
    matrix[:half, :half], matrix[half:, half:] = gaussian(1, half), gaussian(2, half)
    values = decompose(matrix).singular_values
    for name in ("gaussian", "polynomial"):
        p, found = judged(values, judges, name)
        assert p <= 2 / (DRAWS + 1), name
        assert found.p == pytest.approx(1 / (DRAWS + 1)), name
        # More levels fluctuate: the variance is above the band, not below.
        short = (LENGTHS >= 1) & (LENGTHS <= 3)
        unfolded = level_statistics(values, UNFOLDING, LENGTHS)[name].unfolded
        assert (number_variance(unfolded, LENGTHS, ENDS) > found.high)[short].all()


def test_levels_too_rigid_are_found(judges):
    for name in ("gaussian", "polynomial"):
        p, found = judged(np.linspace(1, 2, SIZE), judges, name)
        assert p == pytest.approx(1 / (DRAWS + 1)), name
        assert found.p <= 0.01, name
        assert found.in_band < 0.5


def test_a_bulk_that_is_too_short_has_no_number_variance(judges):
    found = level_statistics(decompose(gaussian(1)).singular_values, UNFOLDING, LENGTHS)["gaussian"]
    for ends in ((70, 70), (60, 67)):
        judgement = judges["gaussian"].variances(number_variance(found.unfolded, LENGTHS, ends), ends)
        assert np.isnan([judgement.p, judgement.in_band, judgement.slope]).all()
    # Where only short intervals fit, those are judged.
    ends = (55, 64)
    judgement = judges["gaussian"].variances(number_variance(found.unfolded, LENGTHS, ends), ends)
    assert 0 < judgement.p <= 1
    assert np.isnan(judgement.high[-1])


@pytest.mark.parametrize(
    ("numbers", "words"), [([], ""), ([1], "rank 1"), ([1, 2, 3, 7, 9, 10], "rank 1-3, 7, 9-10"), ([4, 5], "rank 4-5")]
)
def test_ranks_are_told_in_ranges(numbers, words):
    assert ranges(np.array(numbers, dtype=int)) == words


def test_a_spike_on_few_entries_is_found_in_its_own_vector_alone():
    """A direction of eight inputs above the noise: the largest singular value's input vector, and no other."""
    matrix = gaussian(3)
    direction = np.zeros(SIZE)
    direction[:8] = 8**-0.5
    outputs = haar_vectors(SIZE, 1, np.random.default_rng(4))[:, 0]
    found = decompose(matrix + 6 * SIZE**0.5 * np.outer(outputs, direction))
    drawn = vector_ks(haar_vectors(SIZE, 999, np.random.default_rng(5)))[0]
    inputs = monte_carlo_p_value(vector_ks(found.input_vectors)[0], drawn).value
    assert inputs[-1] == pytest.approx(1 / 1000)
    assert (inputs[:-1] < 0.01).mean() < 0.05
    assert monte_carlo_p_value(vector_ks(found.output_vectors)[0], drawn).value[-1] > 0.01


def test_calibrated_vector_tests_are_uniform_where_the_plain_ones_are_not():
    """3000 fresh vectors of 32 entries, as singular vectors of dense matrices: entries of a unit vector are too alike.

    One vector a matrix, since vectors of the same matrix are orthogonal.
    """
    rng = np.random.default_rng(6)
    fresh = np.column_stack([np.linalg.svd(rng.standard_normal((32, 32)))[0][:, 9] for _ in range(3000)])
    statistics, plain = vector_ks(fresh)
    drawn = vector_ks(haar_vectors(32, 9999, rng))[0]
    calibrated = monte_carlo_p_value(statistics, drawn).value
    numbers = f"means: plain {plain.mean():.3f}, calibrated {calibrated.mean():.3f}"
    assert stats.kstest(calibrated, "uniform").pvalue > 0.01, numbers
    assert stats.kstest(plain, "uniform").pvalue < 1e-10, numbers
    assert plain.mean() > 0.52, numbers
