"""Rounding errors against those that casts make."""

import numpy as np
import pytest
import torch

from deepspectra.analysis.rounding import rounding_error

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
