"""Scaled arctan, the activation of fan2020's experiments."""

import math

import numpy as np

from deepspectra.nn.activations.base import Activation, array_namespace
from deepspectra.nn.quadrature import gaussian_expectation

_SCALE = 1 / math.sqrt(gaussian_expectation(lambda x: np.arctan(x) ** 2))

ACTIVATION = Activation("arctan", lambda x: _SCALE * array_namespace(x).arctan(x), lambda x: _SCALE / (1 + x * x))
