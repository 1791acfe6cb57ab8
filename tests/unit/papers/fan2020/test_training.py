"""Kernels before and after training, against counts and integrals done apart."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.papers.fan2020.statistics.spectra import KernelSpectrum, SpectrumPanels
from deepspectra.papers.fan2020.statistics.training import (
    LEADING,
    compare_trained,
    emergence_rows,
    isolated,
    label_rows,
    training_rows,
)
from deepspectra.rmt.limits.solver import limit_law

from .shown import kernels, tables


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
    found = SpectrumPanels()
    pair = KernelSpectrum(before, 1e-9), KernelSpectrum(after, 1e-9)
    compare_trained(found, "a", "conjugate_2", *pair, kernel, 50, 400)
    rows, summary = tables(found)
    value = summary.value["a", "conjugate_2"]
    assert (value["outliers_before"], value["outliers_after"]) == (0, 2)
    np.testing.assert_allclose(rows[rows.series == "after, outlier"].x, after[-2:])
    counts = [value[f"beyond_edge_{state}"] for state in ("before", "after")]
    assert counts == [0, 3]
    np.testing.assert_allclose(rows[rows.series == "after, beyond the edge"].x, after[-3:])
    assert value["not_shown_after"] == 0
    assert rows[rows.series == "edge"].x.tolist() == [edge]
    assert value["largest_eigenvalue_after"] == pytest.approx(40 * edge)
    for state, sample in (("before", before), ("after", after)):
        bars = rows[rows.series == state]
        assert float((np.log(bars.x_high / bars.x) * bars.y).sum()) == pytest.approx(1 - zeros / n)
        assert rows[rows.series == f"{state} at zero"].y.tolist() == [zeros / n]
        assert value[f"median_eigenvalue_{state}"] == np.median(sample[zeros:])
        by_hand = np.abs(np.arange(zeros + 1, n + 1) / n - law.cdf(sample[zeros:])).max()
        assert value[f"ks_distance_{state}"] == pytest.approx(by_hand, abs=1.01 / n)
    limit = rows[rows.series == "limit"]
    assert np.trapezoid(limit.y, np.log(limit.x)) == pytest.approx(1 - law.atoms[0][1], abs=2e-3)
    # The median of the law's positive part divides it in two.
    median = summary.reference["a", "conjugate_2", "median_eigenvalue_after"]
    assert law.cdf(np.array([median])) == pytest.approx((1 + law.atoms[0][1]) / 2, abs=1e-4)


def test_eigenvalues_beyond_the_edge_are_counted_for_every_seed():
    conjugate, tangent = kernels()
    flat = np.linspace(0.5, 1, 400)
    read, beyond = {"input": KernelSpectrum(flat, 0.0)}, {"conjugate_2": (1, 4), "tangent": (0, 2)}
    for (name, counts), kernel in zip(beyond.items(), (conjugate, tangent), strict=True):
        edge = limit_law(kernel).edges[-1][1]
        for state, count in zip(("initial", "final"), counts, strict=True):
            values = flat * edge
            values[-count - 1 :] = edge * np.array([1.099, *np.linspace(1.101, 9, count)])
            read[f"{state}/{name}"] = KernelSpectrum(values, 0.0)
    rows = emergence_rows(read, list(beyond), 21, 2.0, [2.0, 2.0], "arctan")
    assert [(row.panel, row.series, row.value, row.reference, row.at) for row in rows] == [
        ("seeds", "conjugate_2", 4, 1, 21),
        ("seeds", "tangent", 2, 0, 21),
    ]


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
    found = SpectrumPanels()
    compare_trained(found, "a", "conjugate_2", KernelSpectrum(small, 0.0), KernelSpectrum(small, 0.0), kernel, 10, 100)
    _, summary = tables(found)
    assert summary.value["a", "conjugate_2", "not_shown_before"] == 2


def test_the_last_third_of_a_training_is_told_by_its_range():
    found = SpectrumPanels()
    training_rows(found, np.array([9, 9, 9, 9, 9, 9, 0.4, 0.2, 0.6]), variance=2.0)
    _, summary = tables(found)
    value = summary.value["fit", "test"]
    assert value["epochs_of_last_third"] == 3
    names = [f"r_squared_last_third_{name}" for name in ("lowest", "median", "highest")]
    assert value[names].tolist() == pytest.approx([0.7, 0.8, 0.9])


def test_shares_of_the_labels_add_up_from_the_largest_eigenvalue():
    vectors = np.linalg.qr(np.random.default_rng(1).normal(size=(50, 50)))[0]
    y = 3 * vectors[:, -1] + 4 * vectors[:, -2] + 12 * vectors[:, 0]
    share = (vectors.T @ y) ** 2 / (y @ y)
    found = SpectrumPanels()
    label_rows(found, "tangent", {"before": share[::-1], "after": share})
    rows, summary = tables(found)
    after = rows[rows.series == "tangent after"]
    assert after.x.tolist() == list(range(1, LEADING + 1))
    np.testing.assert_allclose(after.y, [9 / 169, *[25 / 169] * (LEADING - 1)])
    np.testing.assert_allclose(rows[rows.series == "tangent before"].y, 144 / 169)
    value = summary.set_index("at", append=True).value["shares", "tangent"]
    assert value["label_share_after", 2] == pytest.approx(25 / 169)
    assert value["label_share_before", 1] == pytest.approx(144 / 169)
