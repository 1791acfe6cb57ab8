"""Decompositions by Gram matrices are those of LAPACK."""

import numpy as np
import pytest

from deepspectra.analysis import decomposition
from deepspectra.analysis.decomposition import decompose_large


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(90, 40), (40, 90), (60, 60)])
def test_singular_vectors_belong_to_the_values(shape, order, monkeypatch):
    monkeypatch.setattr(decomposition, "_LARGE", 0)
    matrix = np.asarray(np.random.default_rng(1).standard_normal(shape), order=order)
    found = decompose_large(matrix)
    expected = np.linalg.svd(matrix, compute_uv=False)[::-1]
    np.testing.assert_allclose(found.singular_values, expected, rtol=1e-10)
    np.testing.assert_allclose(
        (found.output_vectors * found.singular_values) @ found.input_vectors.T, matrix, atol=1e-12
    )
    for vectors in (found.output_vectors, found.input_vectors):
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(len(expected)), atol=1e-9)


def test_small_singular_values_are_not_lost_to_squaring(monkeypatch):
    monkeypatch.setattr(decomposition, "_LARGE", 0)
    rng = np.random.default_rng(2)
    left, right = (np.linalg.qr(rng.standard_normal((side, 20)))[0] for side in (50, 30))
    values = np.geomspace(1e-9, 1, 20)
    found = decompose_large((left * values) @ right.T + 0.0)
    np.testing.assert_allclose(found.singular_values[-20:], values, rtol=1e-6)
