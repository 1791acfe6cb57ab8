"""Activation functions by name.

Every module in this folder but ``base`` and ``own`` (the user's functions) is one, by its file name, and defines
``ACTIVATION``. To add one, add a file; the tests run over all names. ``families`` has activations with parameters.
"""

from deepspectra.nn.activations.base import Activation
from deepspectra.runtime.registry import Registry

__all__ = ["Activation", "activation", "names"]

_REGISTRY: Registry[Activation] = Registry(__name__, "ACTIVATION", "activation", helpers=("base", "own"))
#: All names in alphabetical order, and an activation by its name.
names, activation = _REGISTRY.names, _REGISTRY.find
