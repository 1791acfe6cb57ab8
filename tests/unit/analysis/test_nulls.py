"""Random matrices of one size judge larger ones of the same ratio of sides."""

import numpy as np
import pytest

from deepspectra.analysis import nulls
from deepspectra.analysis.nulls import NullKey, draw_null, drawn_shape, read_null, vector_null
from deepspectra.rmt.levels import level_statistics, vector_ks
from deepspectra.rmt.nulls import haar_vectors, laguerre_singular_values
from deepspectra.spectra.weights.judging import LevelJudge


def drawn(key, folder):
    draw_null(key, folder)
    return read_null(key, folder)


def test_large_shapes_are_drawn_smaller_with_their_ratio():
    assert drawn_shape(300, 1000) == (1000, 300)
    assert drawn_shape(1024, 1024) == (1024, 1024)
    assert drawn_shape(4096, 16384) == (4096, 1024)


def test_p_values_of_larger_matrices_are_uniform(tmp_path):
    null = drawn(NullKey(100, 50, 299, 3, 1), tmp_path)
    judge = LevelJudge(null.levels, null.lengths, 200)
    rng = np.random.default_rng(2)
    p = []
    for _ in range(200):
        values = laguerre_singular_values(400, 200, rng)
        found = level_statistics(values, {"gaussian": 3}, null.lengths)["gaussian"]
        p.append((judge.spacings(found, (7, 7))[0], judge.variances(found.number_variances, (0, 0)).p))
    for column in np.transpose(p):
        for level in (0.05, 0.2, 0.5):
            # Small samples have a slightly different law: a fifth of the level is allowed for that.
            assert abs(np.mean(column <= level) - level) < 0.2 * level + 3 * np.sqrt(
                level * (1 - level) * (1 / 200 + 1 / 299)
            )


def test_vectors_of_large_dimension_follow_from_smaller_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(nulls, "_LARGEST_DIMENSION", 200)
    scaled = np.sort(vector_null(1000, 2000, 1, tmp_path))
    exact = np.sort(vector_ks(haar_vectors(1000, 2000, np.random.default_rng(3)))[0])
    ranks = [1000, 1800, 1980]
    assert scaled[ranks] == pytest.approx(exact[ranks], rel=0.05)
