"""The pipeline of levels and its judges: random matrices pass, planted structure does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.papers.thamm2024.weight_statistics import judge_levels
from deepspectra.rmt.calibration import largest_deviation, monte_carlo_p_value
from deepspectra.rmt.levels import level_statistics, number_variance, spacing_ks, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.rmt.unfolding import UNFOLDINGS, gaussian_broadening
from deepspectra.spectra.singular_values import decompose

UNFOLDING = {"gaussian": 7, "staircase": 7, "polynomial": 9}
LENGTHS = np.geomspace(0.5, 12, 20)
SIZE = 128
DRAWS = 199


@pytest.fixture(scope="module")
def null() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Spacing statistics and number variances of random matrices, by unfolding."""
    rng = np.random.default_rng(0)
    drawn = [level_statistics(laguerre_singular_values(SIZE, SIZE, rng), UNFOLDING, LENGTHS) for _ in range(DRAWS)]
    return {
        name: (
            np.array([found[name].spacing_statistic for found in drawn]),
            np.array([found[name].number_variances for found in drawn]),
        )
        for name in UNFOLDING
    }


def judged(values, null, name):
    return judge_levels(level_statistics(values, UNFOLDING, LENGTHS)[name], *null[name], LENGTHS)


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


def test_dense_random_matrices_pass(null):
    """What is judged has the law of what it is judged by, in all six tests.

    Their p-values share the null's draws, so that a test of their uniformity would be stricter than it says; the
    two-sample test of the statistics is exact.
    """
    values = [decompose(gaussian(seed)).singular_values for seed in range(100, 200)]
    found = [level_statistics(one, UNFOLDING, LENGTHS) for one in values]
    between = (LENGTHS >= 1) & (LENGTHS <= 10)
    for name, (statistics, variances) in null.items():
        fresh = [one[name].spacing_statistic for one in found]
        assert stats.ks_2samp(fresh, statistics).pvalue > 0.001, name
        drawn = variances[:, between]
        deviations = largest_deviation(drawn, np.array([one[name].number_variances[between] for one in found]))
        assert stats.ks_2samp(deviations, largest_deviation(drawn)).pvalue > 0.001, name
        judgements = [judge_levels(one[name], statistics, variances, LENGTHS) for one in found]
        assert np.mean([one["in_band"] for one, _ in judgements]) == pytest.approx(0.95, abs=0.04), name
        # The judge's own p-values are those of these statistics.
        expected = monte_carlo_p_value(deviations, largest_deviation(drawn)).value
        np.testing.assert_array_equal([one["variance_p"] for one, _ in judgements], expected)


def test_two_blocks_that_do_not_mix_are_found(null):
    """A matrix of two independent halves: levels of one do not repel those of the other."""
    matrix = np.zeros((SIZE, SIZE))
    half = SIZE // 2
    matrix[:half, :half], matrix[half:, half:] = gaussian(1, half), gaussian(2, half)
    values = decompose(matrix).singular_values
    for name in ("gaussian", "polynomial"):
        found, band = judged(values, null, name)
        assert found["p_calibrated"] <= 2 / (DRAWS + 1), name
        assert found["variance_p"] == pytest.approx(1 / (DRAWS + 1)), name
        # More levels fluctuate: the variance is above the band, not below.
        short = (LENGTHS >= 1) & (LENGTHS <= 3)
        assert (level_statistics(values, UNFOLDING, LENGTHS)[name].number_variances > band["null_high"])[short].all()


def test_levels_too_rigid_are_found(null):
    for name in ("gaussian", "polynomial"):
        found, _ = judged(np.linspace(1, 2, SIZE), null, name)
        assert found["p_calibrated"] == pytest.approx(1 / (DRAWS + 1)), name
        assert found["variance_p"] == pytest.approx(1 / (DRAWS + 1)), name
        assert found["in_band"] < 0.5


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
