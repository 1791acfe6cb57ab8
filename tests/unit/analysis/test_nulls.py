"""Random matrices of one size judge larger ones of the same ratio of sides."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from deepspectra.analysis import null_files, nulls
from deepspectra.analysis.nulls import NullKey, draw_nulls, draw_vector_nulls, read_null, read_vector_null
from deepspectra.rmt.levels import vector_ks
from deepspectra.rmt.nulls import haar_vectors


def test_vectors_of_large_dimension_follow_from_smaller_ones(tmp_path, monkeypatch):
    for module in (nulls, null_files):
        monkeypatch.setattr(module, "LARGEST_DIMENSION", 200)
    draw_vector_nulls([1000], 2000, 1, tmp_path)
    scaled = np.sort(read_vector_null(1000, 2000, 1, tmp_path))
    exact = np.sort(vector_ks(haar_vectors(1000, 2000, np.random.default_rng(3)))[0])
    ranks = [1000, 1800, 1980]
    assert scaled[ranks] == pytest.approx(exact[ranks], rel=0.05)


def test_draws_in_blocks_are_those_of_one_process_and_lengths_fit_into_all(tmp_path):
    keys = [NullKey(40, 20, 60, 3, 1), NullKey(60, 50, 30, 3, 1)]
    draw_nulls(keys, tmp_path / "alone")
    with ThreadPoolExecutor(2) as executor:
        draw_nulls(keys, tmp_path / "together", executor)
    for key in keys:
        alone, together = (read_null(key, tmp_path / folder) for folder in ("alone", "together"))
        assert alone.levels.unfolded.shape == (key.draws, key.columns)
        assert alone.levels.number_variances.shape == (key.draws, alone.lengths.size)
        assert np.isfinite(alone.levels.number_variances).all()
        assert len(np.unique(alone.alphas)) == key.draws
        for name in ("lengths", "extremes", "alphas", "fit_distances"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
    # The longest of 0.5 to 20 mean spacings do not fit between 20 levels of every draw.
    assert read_null(keys[0], tmp_path / "alone").lengths[-1] < 20
