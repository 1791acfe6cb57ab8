"""Decompositions of weight matrices, against each other and against their definition."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.weights import as_matrix, decompose


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


@pytest.mark.parametrize("shape", [(30, 50), (50, 30), (40, 40)])
def test_the_smaller_side_alone_gives_the_same(shape):
    weight = np.random.default_rng(1).standard_normal(shape)
    whole, small = decompose(weight), decompose(weight, both_sides=False)
    np.testing.assert_allclose(small.singular_values, whole.singular_values, rtol=1e-10)
    kept, left_out = "output_vectors", "input_vectors"
    if shape[0] > shape[1]:
        kept, left_out = left_out, kept
    assert getattr(small, left_out) is None
    vectors, expected = getattr(small, kept), getattr(whole, kept)
    np.testing.assert_allclose(np.abs((vectors * expected).sum(0)), 1, atol=1e-9)


def test_small_singular_values_keep_their_digits():
    """An eigenvalue of the Gram matrix knows a singular value of 1e-9 to no digit."""
    source = np.random.default_rng(2)
    left, _ = np.linalg.qr(source.standard_normal((40, 40)))
    right, _ = np.linalg.qr(source.standard_normal((60, 40)))
    values = np.geomspace(1e-7, 1, 40)
    found = decompose((left * values) @ right.T, both_sides=False).singular_values
    np.testing.assert_allclose(found, values, rtol=1e-3)


def test_convolutions_become_outputs_times_the_rest():
    kernel = np.arange(24).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(as_matrix(kernel), np.arange(24).reshape(2, 12))
