"""Streams of random numbers from one seed."""

from __future__ import annotations

import numpy as np
import torch

from deepspectra.runtime.seeds import generator


def normal(rng, *shape):
    return torch.randn(*shape, generator=rng).double().numpy()


def test_streams_are_reproducible_and_unlike_each_other():
    streams = [(), (0,), (1,), (0, 1), (1, 0), (0, 0)]
    drawn = [normal(generator(5, *stream), 1000) for stream in streams] + [normal(generator(6), 1000)]
    np.testing.assert_array_equal(drawn[3], normal(generator(5, 0, 1), 1000))
    correlations = np.corrcoef(drawn)[np.triu_indices(len(drawn), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(1000)
