"""Decompositions of weight matrices, against each other and against their definition."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.spectra.singular_values import decompose


@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (40, 40), (12, 5, 3, 3)])
def test_vectors_and_values_make_the_matrix_again(shape):
    weight = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    matrix = weight.reshape(shape[0], -1)
    found = decompose(weight)
    assert np.all(np.diff(found.singular_values) >= 0)
    assert found.singular_values.dtype == np.float64
    again = found.output_vectors * found.singular_values @ found.input_vectors.T
    np.testing.assert_allclose(again, matrix, atol=1e-12)
    size = min(matrix.shape)
    for vectors in (found.output_vectors, found.input_vectors):
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), atol=1e-12)


def test_small_singular_values_keep_their_digits():
    """An eigenvalue of the Gram matrix would know a singular value of 1e-9 to no digit."""
    rng = np.random.default_rng(2)
    left, _ = np.linalg.qr(rng.standard_normal((40, 40)))
    right, _ = np.linalg.qr(rng.standard_normal((60, 40)))
    values = np.geomspace(1e-9, 1, 40)
    found = decompose((left * values) @ right.T).singular_values
    np.testing.assert_allclose(found, values, rtol=1e-5)
