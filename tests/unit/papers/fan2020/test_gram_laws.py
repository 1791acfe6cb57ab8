"""A kernel beside the law of its given Gram matrix: a sample of the law itself, and one that is shifted."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.papers.fan2020.statistics.gram_laws import compare_gram_law, wide_distance
from deepspectra.papers.histograms import histogram, zoom
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.gram import GramKernel, Noise

RATIO, COUNT = 0.5, 400
LAW = MarchenkoPastur(RATIO)
KERNEL = GramKernel(np.ones(4), np.full((1, 4), 0.3), (0.7,), (RATIO,), np.zeros(4), (1.0,), Noise())


def quantiles(factor=1.0):
    fine = np.linspace(*LAW.edges, 50_001)
    return factor * np.interp((np.arange(COUNT) + 0.5) / COUNT, LAW.cdf(fine), fine)


def compared(values, at=None):
    bars = histogram("b", values, 20, COUNT) + zoom("b", values, 20, COUNT)
    lines, rows = compare_gram_law(bars, "conjugate", values, 1e-9, KERNEL, 150, at)
    return np.array([row[2:] for row in lines]), {row.quantity: row for row in rows}, lines


def test_the_distance_is_that_to_the_law():
    _, rows, _ = compared(quantiles())
    assert rows["ks_distance_to_gram_law"].value < 1.01 / COUNT
    assert rows["ks_distance_to_gram_law"].told
    shifted = quantiles(1.2)
    _, rows, _ = compared(shifted)
    by_hand = np.abs(np.arange(1, COUNT + 1) / COUNT - LAW.cdf(shifted)).max()
    assert rows["ks_distance_to_gram_law"].value == pytest.approx(by_hand, abs=1.01 / COUNT)
    wide = wide_distance("c", shifted, 1e-9, KERNEL)
    assert (wide.value, wide.told) == (rows["ks_distance_to_gram_law"].value, True)


def test_rounding_of_zeros_is_no_distance():
    """Half the eigenvalues are zero but for rounding, as is half of the law."""
    law = MarchenkoPastur(2.0)
    kernel = GramKernel(np.ones(4), np.full((1, 4), 0.3), (0.7,), (2.0,), np.zeros(4), (1.0,), Noise())
    assert kernel.atoms == ((0.0, 0.5),)
    fine = np.linspace(*law.edges, 50_001)
    bulk = np.interp(0.5 + (np.arange(COUNT) + 0.5) / (2 * COUNT), law.cdf(fine), fine)
    rounded = np.sort(np.append(1e-12 * np.random.default_rng(1).standard_normal(COUNT), bulk))
    assert wide_distance("c", rounded, 1e-9, kernel).value < 1.01 / COUNT


@pytest.mark.parametrize("at", [None, 3])
def test_the_curve_is_the_density_over_the_bars(at):
    """Of ln(lambda) where a figure has several layers."""
    values = quantiles()
    curve, rows, lines = compared(values, at)
    assert {row[:2] for row in lines} == {("b", "gram_law")}
    x, _, y = curve.T
    assert x[0] < values[0] < values[-1] < x[-1]
    np.testing.assert_allclose(y, LAW.density(x) * (1 if at is None else x), rtol=1e-6, atol=1e-9)
    assert rows["gram_law_points_not_converged"].value == 0
    assert rows["ks_distance_to_gram_law"].at == at
