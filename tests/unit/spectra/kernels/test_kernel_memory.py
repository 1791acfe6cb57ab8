"""Memory of kernels, by the bytes of tensors that are there at once, and what waits in scratch files."""

from __future__ import annotations

import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from deepspectra.data.samples import gaussian_samples
from deepspectra.nn.activations import activation
from deepspectra.spectra.kernels.grams import gram
from deepspectra.spectra.kernels.networks import random_network_kernels


class LargestMemory(TorchDispatchMode):
    """Counts the bytes of tensors, and remembers the most that were there at once."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.seen = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, torch.Tensor):
                self.count(value.untyped_storage())
        return result

    def count(self, storage):
        if storage not in self.seen:
            self.seen[storage] = size = storage.nbytes()
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.free, size)

    def free(self, size):
        self.now -= size


def largest_memory(layers, scratch, **options):
    x = torch.from_numpy(gaussian_samples(100, 300, seed=0)).float()
    with LargestMemory() as memory:
        kernels = random_network_kernels(x, (2100,) * layers, activation("arctan"), 0, scratch=scratch, **options)
    del kernels
    return memory.peak


def test_memory_is_that_of_the_results_and_of_one_layer(tmp_path):
    """Whatever the depth: L + 2 kernels, two arrays of a layer, a block of weights, and blocks of rows.

    Without a scratch file the derivatives of all layers come on top, which shows that they are counted.
    """
    samples, width, rows = 300, 2100, 1024
    for layers in (2, 9):
        results = (layers + 2) * samples**2
        # Blocks: of derivatives, of the Gram matrix, and what makes its diagonal symmetric.
        bound = 4 * (results + 2 * width * samples + rows * width + rows * samples + 2 * samples**2)
        assert largest_memory(layers, tmp_path) <= bound
    assert largest_memory(9, None) > bound + 4 * 5 * width * samples
    assert not list(tmp_path.iterdir())


def test_memory_of_float64_accumulation_is_that_of_its_results(tmp_path):
    """The results are twice as large; of the float32 kernels there are the tangent kernel and one Gram matrix."""
    samples, width, rows, layers = 300, 2100, 1024, 9
    results = (2 * (layers + 2) + 2) * samples**2
    bound = 4 * (results + 2 * width * samples + rows * width + rows * samples + 2 * samples**2)
    assert largest_memory(layers, tmp_path, accumulation=torch.float64) <= bound


def test_a_float64_gram_matrix_needs_no_float64_copy():
    x = torch.randn(20_000, 100, generator=torch.Generator().manual_seed(0))
    with LargestMemory() as memory:
        gram(x, torch.float64)
    # X itself; the matrix, a block of its rows and one to make that symmetric; a block of rows of X.
    assert x.nbytes < memory.peak <= x.nbytes + 8 * (3 * 100**2 + 1024 * 100)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_waits_in_a_file_comes_back_as_it_was(dtype, tmp_path):
    x, sigma = gaussian_samples(30, 20, seed=0), activation("arctan")
    here = random_network_kernels(x, (1500, 40, 1100), sigma, seed=1, dtype=dtype, outputs=2)
    there = random_network_kernels(x, (1500, 40, 1100), sigma, seed=1, dtype=dtype, outputs=2, scratch=tmp_path)
    assert torch.equal(there.tangent, here.tangent)
    assert not list(tmp_path.iterdir())
