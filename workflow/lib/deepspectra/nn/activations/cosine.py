"""Normalised cosine: even, so b_sigma = 0 and the limit laws are Marchenko-Pastur (fan2020, theorem 3.4)."""

import math

from deepspectra.nn.activations.base import Activation
from deepspectra.nn.special import array_namespace

__all__ = ["ACTIVATION"]

_MEAN = math.exp(-1 / 2)
_SCALE = 1 / math.sqrt((1 + math.exp(-2)) / 2 - math.exp(-1))

ACTIVATION = Activation(
    "cosine",
    function=lambda x: _SCALE * (array_namespace(x).cos(x) - _MEAN),
    derivative=lambda x: -_SCALE * array_namespace(x).sin(x),
)
