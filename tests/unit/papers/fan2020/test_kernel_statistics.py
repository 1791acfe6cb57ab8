"""What is shown of kernel spectra, against counts and integrals done apart, and SciPy's own distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from deepspectra.nn.activations import activation
from deepspectra.papers.comparison import CURVE_COLUMNS, SUMMARY_COLUMNS, Comparison
from deepspectra.papers.fan2020.kernel_statistics import (
    LEADING,
    Spectrum,
    compare_input,
    compare_kernel,
    compare_stand_ins,
    compare_trained,
    explained_variance,
    isolated,
    label_rows,
    starting_spectrum,
    training_rows,
)
from deepspectra.papers.histograms import histogram
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel, density, limit_law, tangent_kernel

SIGMA = activation("arctan")


def wishart(n, d, seed=0):
    """Eigenvalues of X'X with independent N(0, 1/d) entries, n samples."""
    x = np.random.default_rng(seed).normal(size=(d, n)) / np.sqrt(d)
    return np.linalg.eigvalsh(x.T @ x)


def tables(found):
    """Plotted numbers and summary, each by panel and series (and quantity)."""
    rows = pd.DataFrame(found.rows, columns=CURVE_COLUMNS)
    summary = pd.DataFrame(found.summary, columns=SUMMARY_COLUMNS)
    return rows, summary.set_index(["panel", "series", "quantity"])


def law_density(kernel, x):
    return density(kernel, x).density


def area(bars):
    return float(((bars.x_high - bars.x) * bars.y).sum())


def test_gaussian_inputs_start_from_their_law_and_images_from_themselves():
    spectrum = Spectrum(np.array([-1e-9, 0.5, 1.5, 2.0]), 1e-8)
    assert starting_spectrum(spectrum, 3.0) == MarchenkoPasturInput(3.0)
    start = starting_spectrum(spectrum, None)
    assert isinstance(start, EmpiricalInput)
    assert start.eigenvalues.tolist() == [0, 0.5, 1.5, 2.0]


def test_inputs_are_compared_with_their_law_and_zeros_are_counted_apart():
    n, d = 600, 200
    values = wishart(n, d)
    floor = 1e-10
    found = Comparison()
    compare_input(found, "a", Spectrum(values, floor), n / d, 40, 500)
    rows, summary = tables(found)
    assert summary.value["a", "input", "share of zero eigenvalues"] == (n - d) / n
    assert summary.reference["a", "input", "share of zero eigenvalues"] == pytest.approx(1 - d / n)
    assert area(rows[rows.series == "histogram"]) == pytest.approx(d / n)
    # SciPy's distance knows no atoms: the positive eigenvalues, against the law given that they are.
    law = MarchenkoPastur(n / d)
    positive = stats.kstest(values[n - d :], lambda x: (law.cdf(x) - law.atom) / (1 - law.atom)).statistic
    assert summary.value["a", "input", "KS distance to the limit"] == pytest.approx(positive * d / n, rel=1e-9)
    curve = rows[rows.series == "limit"]
    np.testing.assert_allclose(curve.y, law.density(curve.x.to_numpy()))


def test_images_have_no_law():
    found = Comparison()
    compare_input(found, "a", Spectrum(np.linspace(0.1, 3, 50), 1e-8), None, 10, 100)
    rows, summary = tables(found)
    assert "limit" not in set(rows.series)
    assert ("a", "input", "KS distance to the limit") not in summary.index


def kernels(n=500, d=250, layers=2):
    start = MarchenkoPasturInput(n / d)
    ratios = [n / d] * layers
    return conjugate_kernel(start, ratios, SIGMA.b_sigma), tangent_kernel(start, ratios, SIGMA.b_sigma, SIGMA.a_sigma)


def test_a_kernel_is_compared_with_its_limit():
    """A sample of the limit itself: its distance is small, that of another one is what SciPy says."""
    kernel, _ = kernels()
    law = limit_law(kernel)
    n = 400
    grid = law.grid(20_000)
    quantiles = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    zeros = round(law.atoms[0][1] * n)
    quantiles[:zeros] = 1e-12
    shifted = Spectrum(np.sort(1.1 * quantiles), 1e-9)
    found = Comparison()
    given = compare_kernel(found, "b", "conjugate", Spectrum(quantiles, 1e-9), shifted, kernel, 30, 300)
    assert given.edges == law.edges
    rows, summary = tables(found)
    line = summary.loc[("b", "conjugate", "KS distance to the limit")]
    assert line.value < 1.5 / n
    positive = 1.1 * quantiles[zeros:]
    by_hand = np.abs(np.arange(zeros + 1, n + 1) / n - law.cdf(positive)).max()
    assert line.reference == pytest.approx(by_hand, abs=1.01 / n)
    assert rows[rows.series == "atom"].y.tolist() == [zeros / n]
    assert area(rows[rows.series == "histogram"]) == pytest.approx(1 - zeros / n)
    curve = rows[rows.series == "limit"]
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(1 - law.atoms[0][1], abs=2e-3)
    assert summary.value["b", "conjugate", "points of the limit that did not converge"] == 0
    mean = summary.loc[("b", "conjugate", "mean eigenvalue")]
    assert mean.reference == pytest.approx(1)
    assert mean.value == pytest.approx(mean.reference, abs=5e-3)
    assert summary.reference["b", "conjugate", "largest eigenvalue"] == law.edges[-1][1]


def test_a_common_factor_is_found_and_each_stand_in_has_a_distance_of_its_own():
    _, kernel = kernels()
    law = limit_law(kernel)
    n = 400
    grid = law.grid(20_000)
    exact = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    found = Comparison()
    found.rows += histogram("c", exact[: n // 2], 20, n)
    tangent, lemma, mean = (Spectrum(exact / factor, 1e-9) for factor in (1.05, 1, 1.03))
    compare_stand_ins(found, "c", tangent, {"mean": mean, "lemma": lemma}, Spectrum(exact * 1.02, 1e-9), law, 20)
    rows, summary = tables(found)
    for series, factor in (("mean", 1.03), ("lemma", 1)):
        bars = rows[rows.series == series]
        # The bars of what is shown, and no eigenvalue beyond them.
        assert bars.x.tolist() == rows[rows.series == "histogram"].x.tolist()
        inside = (bars.x.iloc[0] <= exact / factor) & (exact / factor <= bars.x_high.iloc[-1])
        assert area(bars) == pytest.approx(inside.mean(), abs=1e-12)
    distances = [
        summary.value["c", "tangent", f"KS distance of {name}"]
        for name in ("lemma 3.5's matrix", "the kernel with mean sensitivities")
    ]
    assert distances[1] > 3 * distances[0]
    to_kernel = summary.value["c", "tangent", "KS distance of lemma 3.5's matrix to the tangent kernel"]
    # Between two samples of n, by counting.
    ranks = np.searchsorted(exact / 1.05, exact, side="right") - np.arange(1, n + 1)
    assert to_kernel == pytest.approx(np.abs(ranks).max() / n, abs=1.01 / n)
    assert summary.value["c", "tangent", "that common factor"] == pytest.approx(1.05)
    assert summary.value["c", "tangent", "smallest KS distance after a common factor"] < 1.5 / n
    line = summary.loc[("c", "tangent", "KS distance of lemma 3.5's matrix")]
    assert line.value < 1.5 / n
    assert line.reference > 3 / n


def test_spectra_before_and_after_training_are_shown_on_one_axis():
    """Planted: ranks, outliers on either side of the threshold, and a limit whose area is known."""
    kernel, _ = kernels()
    law = limit_law(kernel)
    edge, n, zeros = law.edges[-1][1], 400, 200
    before = np.concatenate([np.full(zeros, 1e-15), np.linspace(0.01, edge, n - zeros)])
    # A bulk that reaches beyond the threshold, and two values above a gap.
    after = before.copy()
    after[-5:] = edge * np.array([1.05, 1.099, 1.101, 3, 40])
    after[-3] = edge * 1.6
    found = Comparison()
    compare_trained(found, "a", "conjugate_2", Spectrum(before, 1e-9), Spectrum(after, 1e-9), kernel, 50, 400)
    rows, summary = tables(found)
    value = summary.value["a", "conjugate_2"]
    assert (value["outliers before"], value["outliers after"]) == (0, 2)
    np.testing.assert_allclose(rows[rows.series == "after, outlier"].x, after[-2:])
    counts = [value[f"eigenvalues beyond 1.1 times the edge {state}"] for state in ("before", "after")]
    assert counts == [0, 3]
    np.testing.assert_allclose(rows[rows.series == "after, beyond the edge"].x, after[-3:])
    assert value["positive eigenvalues too small to show after"] == 0
    assert rows[rows.series == "edge"].x.tolist() == [edge]
    assert value["largest eigenvalue after"] == pytest.approx(40 * edge)
    for state, sample in (("before", before), ("after", after)):
        bars = rows[rows.series == state]
        assert float((np.log(bars.x_high / bars.x) * bars.y).sum()) == pytest.approx(1 - zeros / n)
        assert rows[rows.series == f"{state} at zero"].y.tolist() == [zeros / n]
        assert value[f"median eigenvalue {state}"] == np.median(sample[zeros:])
        by_hand = np.abs(np.arange(zeros + 1, n + 1) / n - law.cdf(sample[zeros:])).max()
        assert value[f"KS distance to the limit {state}"] == pytest.approx(by_hand, abs=1.01 / n)
    limit = rows[rows.series == "limit"]
    assert np.trapezoid(limit.y, np.log(limit.x)) == pytest.approx(1 - law.atoms[0][1], abs=2e-3)
    # The median of the law's positive part divides it in two.
    median = summary.reference["a", "conjugate_2", "median eigenvalue after"]
    assert law.cdf(np.array([median])) == pytest.approx((1 + law.atoms[0][1]) / 2, abs=1e-4)


def test_a_longer_bulk_has_no_outliers_and_those_above_a_gap_are_counted():
    bulk = np.geomspace(0.01, 10, 200)
    assert isolated(bulk) == 0
    assert isolated(np.concatenate([bulk, [14.9]])) == 0
    assert isolated(np.concatenate([bulk, [15.1, 16]])) == 2
    assert isolated(np.concatenate([bulk, [20, 100, 101]])) == 3
    # A gap at the small end is none of theirs.
    assert isolated(np.concatenate([[1e-9, 1e-5], bulk])) == 0


def test_positive_eigenvalues_that_are_too_small_to_show_are_counted():
    kernel, _ = kernels()
    small = np.concatenate([[1e-12, 1e-11], np.linspace(0.01, 3, 98)])
    found = Comparison()
    compare_trained(found, "a", "conjugate_2", Spectrum(small, 0.0), Spectrum(small, 0.0), kernel, 10, 100)
    _, summary = tables(found)
    assert summary.value["a", "conjugate_2", "positive eigenvalues too small to show before"] == 2


def test_the_last_third_of_a_training_is_told_by_its_range():
    found = Comparison()
    training_rows(found, np.array([9, 9, 9, 9, 9, 9, 0.4, 0.2, 0.6]), variance=2.0)
    _, summary = tables(found)
    value = summary.value["fit", "test"]
    assert value["epochs of the last third"] == 3
    names = [f"R^2 in the last third, {name}" for name in ("lowest", "median", "highest")]
    assert value[names].tolist() == pytest.approx([0.7, 0.8, 0.9])


def test_layers_are_shown_by_densities_of_the_logarithm():
    """As one bulk of the limit's own quantiles: bars and limit have the area of what is not zero."""
    kernel, _ = kernels()
    law = limit_law(kernel)
    n, grid = 2000, law.grid(40_000)
    sample = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    zeros = round(law.atoms[0][1] * n)
    sample[:zeros] = 1e-12
    found = Comparison()
    compare_kernel(found, "x", "conjugate", *[Spectrum(sample, 1e-9)] * 2, kernel, 15, 400, logarithmic=True)
    rows, _ = tables(found)
    bars, limit = rows[rows.series == "histogram"], rows[rows.series == "limit"]
    widths = np.log(bars.x_high / bars.x)
    assert widths.max() == pytest.approx(widths.min())
    assert float((widths * bars.y).sum()) == pytest.approx(1 - zeros / n)
    np.testing.assert_allclose(limit.y, law_density(kernel, limit.x.to_numpy()) * limit.x, rtol=1e-9, atol=1e-12)
    # The bars are the law's probabilities of their bins.
    probabilities = np.diff(law.cdf(np.array([*bars.x, bars.x_high.iloc[-1]])))
    np.testing.assert_allclose(widths * bars.y, probabilities, atol=1.1 / n)


def test_shares_of_the_labels_add_up_from_the_largest_eigenvalue():
    vectors = np.linalg.qr(np.random.default_rng(1).normal(size=(50, 50)))[0]
    y = 3 * vectors[:, -1] + 4 * vectors[:, -2] + 12 * vectors[:, 0]
    share = (vectors.T @ y) ** 2 / (y @ y)
    found = Comparison()
    label_rows(found, "shares", "tangent", {"before": share[::-1], "after": share})
    rows, summary = tables(found)
    after = rows[rows.series == "tangent after"]
    assert after.x.tolist() == list(range(1, LEADING + 1))
    np.testing.assert_allclose(after.y, [9 / 169, *[25 / 169] * (LEADING - 1)])
    np.testing.assert_allclose(rows[rows.series == "tangent before"].y, 144 / 169)
    value = summary.value["shares", "tangent"]
    assert value["share of the labels on the first 2 eigenvectors after"] == pytest.approx(25 / 169)
    assert value["share of the labels on the first 1 eigenvectors before"] == pytest.approx(144 / 169)


def test_explained_variance_is_one_for_the_truth_and_zero_for_the_mean():
    y = np.random.default_rng(2).normal(3, 2, (100, 1))
    assert explained_variance(y, y) == 1
    assert explained_variance(y, np.full_like(y, y.mean())) == pytest.approx(0, abs=1e-12)
    slope, intercept, r, *_ = stats.linregress(np.arange(100), y[:, 0])
    assert explained_variance(y, (intercept + slope * np.arange(100))[:, None]) == pytest.approx(r**2)
