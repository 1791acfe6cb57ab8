"""Random matrices of one size judge larger ones of the same ratio of sides."""

import numpy as np
import pytest

from deepspectra.analysis import nulls
from deepspectra.analysis.nulls import vector_null
from deepspectra.rmt.levels import vector_ks
from deepspectra.rmt.nulls import haar_vectors


def test_vectors_of_large_dimension_follow_from_smaller_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(nulls, "LARGEST_DIMENSION", 200)
    scaled = np.sort(vector_null(1000, 2000, 1, tmp_path))
    exact = np.sort(vector_ks(haar_vectors(1000, 2000, np.random.default_rng(3)))[0])
    ranks = [1000, 1800, 1980]
    assert scaled[ranks] == pytest.approx(exact[ranks], rel=0.05)
