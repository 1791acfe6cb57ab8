"""Normalised cosine: even, so b_sigma = 0 and the limit laws are Marchenko-Pastur (fan2020, theorem 3.4)."""

import math

from deepspectra.nn.activations.base import Activation, array_namespace

_MEAN = math.exp(-1 / 2)
_SCALE = 1 / math.sqrt((1 + math.exp(-2)) / 2 - math.exp(-1))

ACTIVATION = Activation(
    "cosine", lambda x: _SCALE * (array_namespace(x).cos(x) - _MEAN), lambda x: -_SCALE * array_namespace(x).sin(x)
)
