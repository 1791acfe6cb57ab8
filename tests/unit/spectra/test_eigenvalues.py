"""Noise floors of real rounding, and eigenvalues whichever solver finds them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.eigenvalues import noise_floor, symmetric_eigenvalues


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_noise_floor_is_what_rounding_makes_of_zeros(dtype):
    """A Gram matrix of rank 20, rounded once: its zeros come out below the floor, which lies far below the rest."""
    x = np.random.default_rng(0).normal(size=(20, 400))
    exact = x.T @ x
    rounded = exact.astype(dtype) if dtype == "float32" else exact
    values = np.linalg.eigvalsh(rounded.astype(np.float64))
    floor = noise_floor(values, dtype)
    assert np.abs(values[:380]).max() < floor
    assert floor < 1e-3 * values[380]


def test_eigenvalues_are_those_of_the_lower_triangle_in_double_precision():
    """Rounding leaves a float32 Hessian not quite symmetric."""
    source = torch.Generator().manual_seed(1)
    lower = torch.randn(30, 30, generator=source).tril()
    expected = torch.linalg.eigvalsh((lower + lower.tril(-1).T).double()).numpy()
    found = symmetric_eigenvalues(lower + torch.full((30, 30), 7.0).triu(1))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("seed", range(12))
def test_low_rank_and_rows_of_zeros_have_eigenvalues(seed):
    """As Hessians of networks with dead units: torch's own solver fails on several of these in float32."""
    source = np.random.default_rng(seed)
    factor = source.standard_normal((311, 6))
    factor[source.random(311) < 0.7] = 0
    matrix = (factor @ factor.T).astype(np.float32)
    exact = np.linalg.eigvalsh(matrix.astype(np.float64))
    np.testing.assert_allclose(symmetric_eigenvalues(torch.from_numpy(matrix)), exact, rtol=0, atol=1e-13 * exact[-1])


def test_a_solver_that_fails_is_named(monkeypatch):
    def gives_up(matrix):
        raise torch.linalg.LinAlgError("the algorithm failed to converge")

    for solver in (gives_up, lambda matrix: torch.full((3,), torch.nan)):
        monkeypatch.setattr(torch.linalg, "eigvalsh", solver)
        with pytest.raises(UserError, match="does not converge for a matrix of size 3"):
            symmetric_eigenvalues(torch.eye(3))


@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_a_matrix_that_is_not_finite_is_refused(entry):
    matrix = torch.eye(3)
    matrix[1, 0] = entry
    with pytest.raises(UserError, match="not finite"):
        symmetric_eigenvalues(matrix)
