"""Rows of histograms."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.papers.histograms import histogram, zoom


def test_bars_of_a_histogram_sum_to_the_share_of_the_whole_sample():
    """A part of the sample (its atom, say) may be left out: the area says so."""
    values = np.random.default_rng(8).gamma(2, size=300)
    rows = histogram("b", values, 13, total=400)
    assert {row[:2] for row in rows} == {("b", "histogram")}
    left, right, height = (np.array(column) for column in list(zip(*rows, strict=True))[2:])
    assert len(rows) == 13
    assert (left[0], right[-1]) == (values.min(), values.max())
    np.testing.assert_array_equal(left[1:], right[:-1])
    assert (right - left) @ height == pytest.approx(300 / 400)
    inside = np.sum((values >= left[3]) & (values < right[3]))
    assert height[3] * (right[3] - left[3]) == pytest.approx(inside / 400)


def test_values_beyond_given_edges_are_in_no_bar():
    rows = histogram("b", np.array([0.5, 1.5, 1.6, 7.0]), np.array([0.0, 1.0, 3.0]), total=4)
    assert rows == [("b", "histogram", 0.0, 1.0, 0.25), ("b", "histogram", 1.0, 3.0, 0.25)]


def test_a_crowded_left_end_is_magnified():
    """Most of 1000 values in [0, 1], a long tail, and two stragglers on the left, which would flatten the inset.

    Seen are the bulk alone, 70 % less the lowest half per cent, and the densities of the whole sample.
    """
    values = np.concatenate([np.linspace(2, 100, 300), np.linspace(0, 1, 698), [-20, -30]])
    rows = zoom("c", values, 10, total=2000)
    assert {row[:2] for row in rows} == {("c", "zoom")}
    assert len(rows) == 10
    assert 0 <= rows[0][2] < 0.01
    assert 0.99 < rows[-1][3] <= 1
    area = sum((right - left) * height for _, _, left, right, height in rows)
    assert area == pytest.approx(695 / 2000, abs=1 / 2000)


def test_an_even_spectrum_is_not_magnified():
    assert zoom("c", np.linspace(0, 1, 100), 10, total=100) == []


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [0.0, 1.0, 9.0], [2.0, 2.0, 2.0, 2.0, 9.0]])
def test_a_few_values_are_not_magnified(values):
    """As of two inputs: there may be none or one value between the ends."""
    assert zoom("c", np.array(values), 10, total=9) == []
