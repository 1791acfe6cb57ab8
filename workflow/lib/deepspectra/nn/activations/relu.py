"""Normalised ReLU, max(x, 0). At the kink its derivative is the mean of both sides."""

from deepspectra.nn.activations.base import array_namespace, normalised

ACTIVATION = normalised("relu", lambda x: 0.5 * (x + abs(x)), lambda x: 0.5 + 0.5 * array_namespace(x).sign(x), (0.0,))
