"""Torch generators for independent streams of random numbers.

Everything random is drawn on the CPU from one of these, whatever device computes, so that a seed gives the same numbers
everywhere. Other numbers from the same seed need a new :data:`deepspectra.runtime.FORMAT`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepspectra.runtime.errors import UserError

if TYPE_CHECKING:
    import torch

__all__ = ["check_seed", "generator", "keyed_generator", "stream_seed"]


def check_seed(seed: int) -> None:
    """:raises UserError: if it is negative."""
    if seed < 0:
        raise UserError(f"a seed is a whole number from 0 on, not {seed}.")


def stream_seed(seed: int, *stream: int) -> int:
    """A seed of 63 bits for one stream of a seed, such as (activation, width, realisation).

    Torch's CPU generator uses only the lower 32 bits: two streams collide with probability 2^-32.
    """
    state = np.random.SeedSequence(entropy=seed, spawn_key=stream).generate_state(1, np.uint64)[0]
    return int(state >> np.uint64(1))


def generator(seed: int, *stream: int) -> torch.Generator:
    """A torch generator on the CPU for one stream of a seed."""
    import torch

    return torch.Generator().manual_seed(stream_seed(seed, *stream))


def keyed_generator(*key: int) -> torch.Generator:
    """A torch generator on the CPU for a key that contains the seed: (kind, seed, layer, block) in fan2020.

    Keys must have one length, since zeros at their end do not count; :func:`generator` has no such trap.
    """
    import torch

    return torch.Generator().manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint32)[0]))
