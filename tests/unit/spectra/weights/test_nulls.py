"""Null distributions: reproducible, finite, and of the wanted sizes."""

from __future__ import annotations

import numpy as np

from deepspectra.spectra.weights.nulls import null_level_statistics, null_vector_statistics
from tests.unit.papers.thamm2024.conftest import UNFOLDING


def test_nulls_follow_from_the_seed_and_lengths_without_intervals_are_left_out():
    first, again, other = (null_level_statistics(30, 20, 5, UNFOLDING, 30.0, seed) for seed in (1, 1, 2))
    assert first.keys() == again.keys()
    assert all(np.array_equal(array, again[name]) for name, array in first.items())
    assert not np.array_equal(first["gaussian/spacing_statistics"], other["gaussian/spacing_statistics"])
    assert first["lengths"].size in range(1, 30)
    assert first["gaussian/unfolded"].shape == (5, 20)
    assert first["gaussian/number_variances"].shape == (5, len(first["lengths"]))
    assert np.isfinite(first["polynomial/number_variances"]).all()
    empty = null_level_statistics(30, 20, 0, UNFOLDING, 30.0, 1)
    assert empty["staircase/spacing_statistics"].shape == (0,)


def test_random_vectors_are_drawn_in_blocks(monkeypatch):
    whole = null_vector_statistics(10, 25, 3)
    monkeypatch.setattr("deepspectra.spectra.weights.nulls._BLOCK", 70)
    assert whole.shape == null_vector_statistics(10, 25, 3).shape == (25,)
    assert ((whole > 0) & (whole < 1)).all()
