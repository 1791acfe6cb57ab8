"""A seeded generator for each stream of random numbers."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["generator"]


def generator(seed: int, *stream: int) -> torch.Generator:
    """A torch generator for one stream of a seed, such as (activation, width, realisation).

    torch's generator takes 32 bits: streams with different indices differ but for a chance of one in four thousand
    million a pair.
    """
    state = np.random.SeedSequence(entropy=seed, spawn_key=stream).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))
