"""Scaled arctan, the activation of fan2020's experiments."""

import math

import numpy as np

from deepspectra.nn.activations.base import Activation
from deepspectra.nn.quadrature import gaussian_expectation
from deepspectra.nn.special import array_namespace

__all__ = ["ACTIVATION"]

_SCALE = 1 / math.sqrt(gaussian_expectation(lambda x: np.arctan(x) ** 2))

ACTIVATION = Activation(
    "arctan",
    function=lambda x: _SCALE * array_namespace(x).arctan(x),
    derivative=lambda x: _SCALE / (1 + x * x),
)
