"""Statistics of curvature spectra, on random matrices and independent levels whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from deepspectra.papers.baskerville2022 import curvature_statistics as statistics
from deepspectra.papers.baskerville2022.names import UNCUT
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN
from deepspectra.rmt.laws.spacings import wigner_surmise
from deepspectra.rmt.nulls import goe_levels
from deepspectra.rmt.ratios import folded, spacing_ratios
from deepspectra.runtime.errors import UserError


def orthogonal(count, dimension=200, seed=1):
    rng = np.random.default_rng(seed)
    return [goe_levels(dimension, rng) for _ in range(count)]


def independent(count, dimension=200, seed=1):
    return list(np.sort(np.random.default_rng(seed).uniform(size=(count, dimension)), axis=1))


def by_quantity(rows):
    return pd.DataFrame(rows).set_index("quantity")


def test_levels_are_kept_by_absolute_value_and_a_cut_of_zero_drops_exact_zeros_alone():
    spectra = [np.array([-1.0, -1e-21, 0.0, 0.0, 1e-25, 2.0])]
    assert [len(statistics.above(spectra, cut)[0]) for cut in (0.0, 1e-22, 1e-20, 1.5)] == [4, 3, 2, 1]
    shares = by_quantity(statistics.below_cut_numbers([*spectra, np.ones(4)])).value
    assert shares["below_unfolded_cut_largest"] == 4 / 6
    assert shares["below_unfolded_cut_smallest"] == 0
    assert shares["below_unfolded_cut_mean"] == pytest.approx(1 / 3)


def test_the_cut_off_curve_counts_all_eigenvalues_below():
    spectra = [np.array([-1.0, 0.0, 1e-25, 1e-20]), np.array([0.0, -1e-9, 1e-5, 2.0])]
    curve = {row.x: row.y for row in statistics.cut_off_rows(spectra)}
    assert list(curve) == [1e-40, 1e-30, 1e-20, 1e-10, 1e-8, 1e-6, 1e-4]
    assert list(curve.values()) == [2 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 5 / 8, 6 / 8]
    assert statistics.cut_off_rows([]) == []


def test_the_mean_ratio_is_told_by_other_cut_offs():
    """Noise of a random matrix below 1e-7, independent levels above: the cut-off decides what is seen."""
    noise = [1e-7 * levels / np.abs(levels).max() for levels in orthogonal(12, 400)]
    spectra = [np.concatenate([low, 1 + high]) for low, high in zip(noise, independent(12, 400), strict=True)]
    found = by_quantity(statistics.cut_off_numbers(spectra, 3))
    assert found.value["kept_above_1e-06"] == found.value["kept_above_0.0001"] == 400
    for cut, law in (("1e-06", POISSON_MEAN), ("1e-20", (GOE_MEAN + POISSON_MEAN) / 2)):
        assert abs(found.value[f"mean_ratio_above_{cut}"] - law) < 4 * found.error[f"mean_ratio_above_{cut}"]
    by_hand = [folded(spacing_ratios(levels[np.abs(levels) > 1e-8])) for levels in spectra]
    assert found.value["mean_ratio_above_1e-08"] == pytest.approx(np.concatenate(by_hand).mean())
    # Where nothing is left there is no mean.
    few = by_quantity(statistics.cut_off_numbers([np.array([1e-9, 2e-9, 3e-9])], 3))
    assert list(few.index) == [f"{name}_above_{cut}" for cut in ("1e-20", "1e-12") for name in ("mean_ratio", "kept")]


def test_only_gauss_newton_matrices_are_in_another_unit():
    """The mean of g g' over 64 samples is 128 times smaller than the curvature of the summed squared error."""
    assert statistics.resolved_unit("gauss_newton", 64) == 1 / 128
    assert statistics.resolved_unit("hessian", 64) == 1


def test_unfolding_by_the_other_batches_finds_wigner_in_random_matrices_and_poisson_in_independent_levels():
    found = statistics.unfold_batches(orthogonal(60), 1 / 3, seed=2)
    assert found.spacings.size == 20 * 199
    assert found.step == pytest.approx(1 / 40)
    # Spacings add up to the range of each spectrum, of which what lies outside the pool is lost.
    assert found.spacings.mean() == pytest.approx(1, abs=0.01)
    assert ks_distance(found.spacings, wigner_surmise.cdf) < 0.03
    poisson = statistics.unfold_batches(independent(60), 1 / 3, seed=2).spacings
    assert ks_distance(poisson, stats.expon.cdf) < 0.03
    assert ks_distance(poisson, wigner_surmise.cdf) > 0.2


def test_a_batch_is_never_unfolded_by_itself():
    """Its own levels would be a step apart each; the pool's are all at another place."""
    spectra = [np.arange(10.0), 100 + np.arange(10.0), 100 + np.arange(10.0)]
    seeds = {tuple(np.unique(statistics.unfold_batches(spectra, 1 / 3, seed).spacings)) for seed in range(20)}
    assert (0.0,) in seeds
    assert (1.0,) not in seeds


def test_three_batches_with_spacings_are_the_fewest():
    assert statistics.unfolding_rows("unfolded", orthogonal(3), 1 / 3, seed=1)
    for spectra in (orthogonal(2), [*orthogonal(3), np.ones(1)]):
        assert statistics.unfolding_rows("unfolded", spectra, 1 / 3, seed=1) == []


def test_the_reference_has_the_broadening_of_few_pooled_spectra():
    few, many = (statistics.reference_unfolding(batches, 1 / 3, seed=3) for batches in (6, 60))
    distances = [ks_distance(part.spacings, wigner_surmise.cdf) for part in (few, many)]
    assert distances[0] > 2 * distances[1]
    # What random matrices of another size show is what the reference says.
    other = statistics.unfold_batches(orthogonal(60, 500, seed=4), 1 / 3, seed=5)
    low, high = np.quantile(many.spacings, [0.1, 0.9])
    assert np.quantile(other.spacings, [0.1, 0.9]) == pytest.approx([low, high], abs=0.03)


@pytest.mark.parametrize("batches", [6, 60])
def test_bars_of_spacings_hold_whole_steps_and_the_whole_sample(batches):
    found = statistics.unfold_batches(orthogonal(batches), 1 / 3, seed=1)
    bars = pd.DataFrame(statistics.spacing_rows("unfolded", found))
    width = bars.x_high - bars.x
    assert (width / found.step).round(6).nunique() == 1
    assert float(width.iloc[0] / found.step) == pytest.approx(round(width.iloc[0] / found.step))
    inside = np.mean(found.spacings < bars.x_high.max())
    assert (bars.y * width).sum() == pytest.approx(inside)
    assert inside > 0.99


def test_ratios_are_drawn_up_to_ten_and_counted_beyond():
    spectra = orthogonal(40)
    bars = pd.DataFrame(statistics.ratio_rows(spectra))
    mass = (bars.y * (bars.x_high - bars.x)).sum()
    assert bars.x_high.max() == 10
    # The paper: around 0.985 of the surmise is below 10.
    assert mass == pytest.approx(0.985, abs=0.005)


def test_a_density_counts_all_parameters_and_has_zero_amid_a_bar():
    spectra = [np.array([-3.0, 1.0, 5.0, 6.0]), np.array([2.0, 4.0])]
    edges = statistics.density_edges(spectra, parameters=100)
    zero = np.searchsorted(edges, 0.0)
    assert edges[zero] == pytest.approx(-edges[zero - 1])
    assert edges[0] <= -3 / 20
    assert edges[-1] >= 6 / 20
    bars = pd.DataFrame(statistics.density_rows(spectra, 100, edges))
    # Six of two hundred eigenvalues are not zero.
    assert (bars.y * (bars.x_high - bars.x)).sum() == pytest.approx(6 / 200)


def test_deciles_see_where_levels_stop_to_repel():
    """Independent levels below, a random matrix above: the mean over all says neither."""
    mixed = [np.concatenate([low - 100, high]) for low, high in zip(independent(60), orthogonal(60), strict=True)]
    bars = pd.DataFrame(statistics.rank_rows([np.sort(part) for part in mixed], seed=1))
    low, high = bars.y[bars.x_high <= 0.4], bars.y[bars.x >= 0.6]
    assert low.to_numpy() == pytest.approx(POISSON_MEAN, abs=0.03)
    assert high.to_numpy() == pytest.approx(0.5307, abs=0.03)
    assert (bars.error > 0).all()
    whole = by_quantity(statistics.spectrum_numbers(mixed, 1000, 1, None))
    assert low.max() < whole.value["mean_ratio"] < high.min()
    assert whole.value["kept_mean"] == 400


def test_the_semicircle_is_near_for_its_own_ensemble_and_far_for_another():
    bars, numbers = statistics.semicircle_rows(np.array(orthogonal(30, 300)))
    bars = bars[bars.series == "ensemble"]
    assert (bars.y * (bars.x_high - bars.x)).sum() == pytest.approx(1, abs=1e-3)
    assert by_quantity(numbers).value["semicircle_ks"] < 0.01
    spike = [np.concatenate([np.zeros(900), np.linspace(-1, 1, 100)])]
    assert statistics.semicircle_number(spike).value > 0.4
    with pytest.raises(UserError, match="no semicircle"):
        statistics.semicircle_number([np.ones(5)])


def test_resolution_counts_spectra_whose_spacings_are_lost():
    numbers = by_quantity(
        statistics.resolution_numbers(np.array([1e-9, 3e-9]), np.array([0.0, 0.02]), np.array([4, 6]))
    ).value
    assert numbers["error_bound"] == 3e-9
    assert numbers["unresolved_share"] == 0.01
    assert numbers["unresolved_matrices"] == 1
    assert numbers["left_out_mean"] == 5


@pytest.mark.parametrize(("statistic", "key"), [("unfolded", "unfolded"), (UNCUT, "uncut")])
def test_identifiers_hold_no_number_and_labels_say_the_same_in_words(statistic, key):
    rows = statistics.unfolding_rows(statistic, orthogonal(6), 1 / 3, seed=2)
    rows = [row for row in rows if isinstance(row, statistics.NumberRow)]
    assert [row.quantity for row in rows] == [f"{key}_{name}" for name in ("ks", "levels", "spacings", "zeros", "step")]
    assert all(statistic in row.label for row in rows)
    assert [row.told for row in rows] == [True, False, False, False, False]
    labels = {row.quantity: row.label for row in statistics.below_cut_numbers(orthogonal(2))}
    assert labels["below_ratio_cut_mean"] == "share not above 1e-10, mean"
