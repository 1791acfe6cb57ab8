"""Eigenvalues of float32 matrices with rows that are zero or equal, against NumPy's own of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import nn

from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.dense import hessian
from deepspectra.spectra.deflation import deflate, float32_eigenvalues

CUTS = (1e-10, 1e-8, 1e-6, 1e-4)


def below(eigenvalues):
    return [float(np.mean(np.abs(eigenvalues) < cut)) for cut in CUTS]


@pytest.fixture(scope="module")
def untrained():
    """Float32 Hessian of untrained softmax regression on 64 images, as of MNIST: dark (-1) at the border and beyond."""
    source = torch.Generator().manual_seed(1)
    images = torch.full((64, 12, 12), -1.0)
    images[:, 2:10, 3:9] = 2 * torch.rand(64, 8, 6, generator=source) - 1
    images[:, 2:10, 3:9][torch.rand(64, 8, 6, generator=source) < 0.5] = -1
    model = nn.Sequential(nn.Linear(144, 10))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-1 / 12, 1 / 12, generator=source)
    labels = torch.randint(10, (64,), generator=source)
    return hessian(model, images.flatten(1), labels, "cross_entropy").numpy()


def test_shares_below_cut_offs_are_numpys(untrained):
    """The authors' cut-off curve down to 1e-10. A solver in float32 is far from it, and NumPy's is none."""
    assert untrained.dtype == np.float32
    expected = np.linalg.eigvalsh(untrained)
    found, zeros = float32_eigenvalues(untrained)
    assert below(found) == pytest.approx(below(expected), abs=2 / len(found))
    noise = below(scipy.linalg.eigvalsh(untrained, driver="evd"))
    assert max(np.abs(np.subtract(noise, below(expected)))) > 0.1
    kept = np.abs(expected) > 1e-6
    np.testing.assert_allclose(found[kept], expected[kept], rtol=1e-6)
    # A third of the rows are those of pixels that are always dark; as many eigenvalues are exactly zero here, where
    # NumPy has noise that depends on its LAPACK.
    assert zeros == np.sum(found == 0) >= 0.6 * len(found)
    assert np.abs(expected[np.abs(expected) < 1e-10]).size >= zeros
    assert (found == found.astype(np.float32)).all()


def test_equal_and_empty_rows_become_exact_zeros_and_all_else_stays():
    """Rows of the symmetrised lower triangle count: what is above the diagonal is garbage, and -0 is 0."""
    rng = np.random.default_rng(1)
    small = rng.standard_normal((300, 300)).astype(np.float32)
    small = np.tril(small) + np.tril(small, -1).T
    place = np.concatenate([np.arange(300), rng.integers(300, size=400)])
    rng.shuffle(place)
    matrix = np.pad(small[np.ix_(place, place)], (0, 50))
    order = rng.permutation(len(matrix))
    matrix = matrix[np.ix_(order, order)]
    matrix[matrix == 0] = -0.0
    spoilt = np.tril(matrix) + np.triu(rng.standard_normal(matrix.shape).astype(np.float32), 1)
    exact = np.linalg.eigvalsh(matrix.astype(np.float64))
    reduced = deflate(spoilt)
    assert (reduced.dtype, reduced.shape) == (np.float64, (300, 300))
    levels = np.linalg.eigvalsh(reduced)
    everything = np.sort(np.concatenate([levels, np.zeros(450)]))
    np.testing.assert_allclose(everything, exact, rtol=0, atol=1e-12 * np.abs(exact).max())
    found, zeros = float32_eigenvalues(spoilt)
    assert (zeros, found.dtype) == (450, np.float64)
    np.testing.assert_array_equal(found, everything.astype(np.float32))
    # One bit apart is not equal: a row and a column leave their equals.
    labels = np.concatenate([place, np.full(50, -1)])[order]
    shared = np.flatnonzero((labels >= 0) & (np.bincount(labels + 1)[labels + 1] > 1))
    row, column = shared[-1], next(other for other in shared if labels[other] != labels[shared[-1]])
    spoilt[row, column] = np.nextafter(spoilt[row, column], np.float32(np.inf))
    assert len(deflate(spoilt)) == 302


@pytest.mark.parametrize("size", [1, 3, 700])
def test_a_matrix_of_zeros_has_only_exact_zeros(size):
    found, zeros = float32_eigenvalues(np.zeros((size, size), np.float32))
    assert zeros == size
    np.testing.assert_array_equal(found, np.zeros(size))


@pytest.mark.parametrize("entry", [np.nan, np.inf])
def test_a_matrix_that_is_not_finite_is_refused(entry):
    matrix = np.ones((4, 4), np.float32)
    matrix[3, 1] = entry
    with pytest.raises(UserError, match="not finite"):
        float32_eigenvalues(matrix)
