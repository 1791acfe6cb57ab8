"""Noise floors of real rounding, and shares of planted targets."""

from __future__ import annotations

import numpy as np
import pytest

from deepspectra.eigenvalues import label_shares, noise_floor


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


def test_shares_on_eigenvectors_are_those_of_planted_targets():
    vectors = np.linalg.qr(np.random.default_rng(3).normal(size=(30, 30)))[0]
    shares = label_shares(vectors, 3 * vectors[:, 29] - 4 * vectors[:, 5])
    assert shares.sum() == pytest.approx(1)
    assert shares[[29, 5]] == pytest.approx([9 / 25, 16 / 25])
