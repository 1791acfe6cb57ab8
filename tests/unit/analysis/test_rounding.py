"""Rounding errors against those that casts make."""

import numpy as np
import pytest
import torch

from deepspectra.analysis.rounding import rounding_error, rounding_floor

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@pytest.mark.parametrize("scale", [1.0, 1e-5, 300.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_errors_are_those_of_casts(dtype, scale):
    """At a scale of 1e-5 half precision has subnormal numbers alone."""
    exact = scale * np.random.default_rng(1).standard_normal((300, 400))
    stored = torch.from_numpy(exact).to(DTYPES[dtype]).double().numpy()
    found = rounding_error(stored, dtype)
    assert found == pytest.approx(np.sqrt(np.mean((stored - exact) ** 2)), rel=0.03)


def test_zeros_are_exact():
    matrix = np.zeros((4, 5))
    assert rounding_error(matrix, "float16") == 0
    matrix[0, 0] = 1.0
    assert rounding_error(matrix, "float64") == pytest.approx(2.0**-52 / (12 * 20) ** 0.5)


@pytest.mark.parametrize("rank", [1, 10, 40, 200])
def test_a_product_has_the_rank_of_its_factors(rank):
    """Its sums are rounded on the way: the entries' own rounding would make 180 of 40."""
    rng = np.random.default_rng(rank)
    left, right = (rng.standard_normal(shape).astype(np.float32) for shape in ((384, rank), (rank, 300)))
    product = (left @ right).astype(np.float64)
    values = np.linalg.svd(product, compute_uv=False)[::-1]
    assert np.sum(values > rounding_floor(values, 384, rounding_error(product, "float32"))) == rank


def test_small_values_of_a_random_matrix_are_no_rounding():
    matrix = np.random.default_rng(2).standard_normal((300, 300)).astype(np.float32).astype(np.float64)
    values = np.linalg.svd(matrix, compute_uv=False)[::-1]
    assert rounding_floor(values, 300, rounding_error(matrix, "float32")) < values[0]
