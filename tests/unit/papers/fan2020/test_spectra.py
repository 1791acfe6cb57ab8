"""Kernels at random weights, against counts and integrals done apart, and SciPy's own distance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from deepspectra.papers.fan2020.statistics.spectra import (
    KernelSpectrum,
    SpectrumPanels,
    compare_input,
    compare_kernel,
    compare_stand_ins,
    kernel_limit,
)
from deepspectra.papers.histograms import histogram
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.inputs import EmpiricalInput, MarchenkoPasturInput
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.rmt.limits.solver import limit_law

from .shown import SIGMA, area, kernels, law_density, tables


def wishart(n, d, seed=0):
    """Eigenvalues of X'X with independent N(0, 1/d) entries, n samples."""
    x = np.random.default_rng(seed).normal(size=(d, n)) / np.sqrt(d)
    return np.linalg.eigvalsh(x.T @ x)


def test_gaussian_inputs_start_from_their_law_and_images_from_themselves():
    spectrum, ratios = KernelSpectrum(np.array([-1e-9, 0.5, 1.5, 2.0]), 1e-8), [0.5, 0.25]
    law, b, a = MarchenkoPasturInput(3.0), SIGMA.b_sigma, SIGMA.a_sigma
    assert kernel_limit("conjugate_1", spectrum, 3.0, ratios, "arctan") == conjugate_kernel(law, ratios, b, 1)
    assert kernel_limit("conjugate_2", spectrum, 3.0, ratios, "arctan") == conjugate_kernel(law, ratios, b)
    assert kernel_limit("tangent", spectrum, 3.0, ratios, "arctan") == tangent_kernel(law, ratios, b, a)
    start = kernel_limit("tangent", spectrum, None, ratios, "arctan").spectrum
    assert isinstance(start, EmpiricalInput)
    assert start.eigenvalues.tolist() == [0, 0.5, 1.5, 2.0]


def test_inputs_are_compared_with_their_law_and_zeros_are_counted_apart():
    n, d = 600, 200
    values = wishart(n, d)
    floor = 1e-10
    found = SpectrumPanels()
    compare_input(found, "a", KernelSpectrum(values, floor), n / d, 40, 500)
    rows, summary = tables(found)
    assert summary.value["a", "input", "share_of_zeros"] == (n - d) / n
    assert summary.reference["a", "input", "share_of_zeros"] == pytest.approx(1 - d / n)
    assert area(rows[rows.series == "histogram"]) == pytest.approx(d / n)
    # SciPy's distance knows no atoms: the positive eigenvalues, against the law given that they are.
    law = MarchenkoPastur(n / d)
    positive = stats.kstest(values[n - d :], lambda x: (law.cdf(x) - law.atom) / (1 - law.atom)).statistic
    assert summary.value["a", "input", "ks_distance"] == pytest.approx(positive * d / n, rel=1e-9)
    curve = rows[rows.series == "limit"]
    np.testing.assert_allclose(curve.y, law.density(curve.x.to_numpy()))


def test_images_have_no_law():
    found = SpectrumPanels()
    compare_input(found, "a", KernelSpectrum(np.linspace(0.1, 3, 50), 1e-8), None, 10, 100)
    rows, summary = tables(found)
    assert "limit" not in set(rows.series)
    assert ("a", "input", "ks_distance") not in summary.index


def test_a_kernel_is_compared_with_its_limit():
    """A sample of the limit itself: its distance is small, that of another one is what SciPy says."""
    kernel, _ = kernels()
    law = limit_law(kernel)
    n = 400
    grid = law.grid(20_000)
    quantiles = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    zeros = round(law.atoms[0][1] * n)
    quantiles[:zeros] = 1e-12
    shifted = KernelSpectrum(np.sort(1.1 * quantiles), 1e-9)
    found = SpectrumPanels()
    given = compare_kernel(found, "b", "conjugate", KernelSpectrum(quantiles, 1e-9), shifted, kernel, 30, 300)
    assert given.edges == law.edges
    rows, summary = tables(found)
    line = summary.loc[("b", "conjugate", "ks_distance")]
    assert line.value < 1.5 / n
    positive = 1.1 * quantiles[zeros:]
    by_hand = np.abs(np.arange(zeros + 1, n + 1) / n - law.cdf(positive)).max()
    assert line.reference == pytest.approx(by_hand, abs=1.01 / n)
    assert rows[rows.series == "atom"].y.tolist() == [zeros / n]
    assert area(rows[rows.series == "histogram"]) == pytest.approx(1 - zeros / n)
    curve = rows[rows.series == "limit"]
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(1 - law.atoms[0][1], abs=2e-3)
    assert summary.value["b", "conjugate", "limit_points_not_converged"] == 0
    mean = summary.loc[("b", "conjugate", "mean_eigenvalue")]
    assert mean.reference == pytest.approx(1)
    assert mean.value == pytest.approx(mean.reference, abs=5e-3)
    assert summary.reference["b", "conjugate", "largest_eigenvalue"] == law.edges[-1][1]


def test_a_common_factor_is_found_and_each_stand_in_has_a_distance_of_its_own():
    _, kernel = kernels()
    law = limit_law(kernel)
    n = 400
    grid = law.grid(20_000)
    exact = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    found = SpectrumPanels()
    found.curves += histogram("c", exact[: n // 2], 20, n)
    tangent, lemma, mean = (KernelSpectrum(exact / factor, 1e-9) for factor in (1.05, 1, 1.03))
    equivalent = KernelSpectrum(exact * 1.02, 1e-9)
    compare_stand_ins(found, "c", tangent, equivalent, {"mean": mean, "lemma": lemma}, law, 20)
    rows, summary = tables(found)
    for series, factor in (("mean", 1.03), ("lemma", 1)):
        bars = rows[rows.series == series]
        # The bars of what is shown, and no eigenvalue beyond them.
        assert bars.x.tolist() == rows[rows.series == "histogram"].x.tolist()
        inside = (bars.x.iloc[0] <= exact / factor) & (exact / factor <= bars.x_high.iloc[-1])
        assert area(bars) == pytest.approx(inside.mean(), abs=1e-12)
    distances = [summary.value["c", "tangent", f"ks_distance_of_{name}_kernel"] for name in ("lemma", "mean")]
    assert distances[1] > 3 * distances[0]
    to_kernel = summary.value["c", "tangent", "ks_distance_of_lemma_kernel_to_tangent"]
    # Between two samples of n, by counting.
    ranks = np.searchsorted(exact / 1.05, exact, side="right") - np.arange(1, n + 1)
    assert to_kernel == pytest.approx(np.abs(ranks).max() / n, abs=1.01 / n)
    assert summary.value["c", "tangent", "common_factor"] == pytest.approx(1.05, rel=5e-4)
    assert summary.value["c", "tangent", "ks_distance_after_common_factor"] < 1.5 / n
    line = summary.loc[("c", "tangent", "ks_distance_of_lemma_kernel")]
    assert line.value < 1.5 / n
    assert line.reference > 3 / n


def test_layers_are_shown_by_densities_of_the_logarithm():
    """As one bulk of the limit's own quantiles: bars and limit have the area of what is not zero."""
    kernel, _ = kernels()
    law = limit_law(kernel)
    n, grid = 2000, law.grid(40_000)
    sample = np.interp((np.arange(n) + 0.5) / n, law.cdf(grid), grid)
    zeros = round(law.atoms[0][1] * n)
    sample[:zeros] = 1e-12
    found = SpectrumPanels()
    compare_kernel(found, "x", "conjugate", *[KernelSpectrum(sample, 1e-9)] * 2, kernel, 15, 400, logarithmic=True)
    rows, _ = tables(found)
    bars, limit = rows[rows.series == "histogram"], rows[rows.series == "limit"]
    widths = np.log(bars.x_high / bars.x)
    assert widths.max() == pytest.approx(widths.min())
    assert float((widths * bars.y).sum()) == pytest.approx(1 - zeros / n)
    np.testing.assert_allclose(limit.y, law_density(kernel, limit.x.to_numpy()) * limit.x, rtol=1e-9, atol=1e-12)
    # The bars are the law's probabilities of their bins.
    probabilities = np.diff(law.cdf(np.array([*bars.x, bars.x_high.iloc[-1]])))
    np.testing.assert_allclose(widths * bars.y, probabilities, atol=1.1 / n)
