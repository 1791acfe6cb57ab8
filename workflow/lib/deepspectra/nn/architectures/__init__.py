"""Architectures of the networks that are trained here, by name.

Every module in this folder but ``base`` is one, named as in the configuration, and defines ``ARCHITECTURE``. To add
one, add a file; the tests run over all names. Nothing here imports torch before a network is built.
"""

from deepspectra.nn.architectures.base import Architecture, matrix_shape, parameter_count
from deepspectra.runtime.registry import Registry

__all__ = ["Architecture", "architecture", "matrix_shape", "names", "parameter_count"]

_REGISTRY: Registry[Architecture] = Registry(__name__, "ARCHITECTURE", "architecture")
#: All names in alphabetical order, and an architecture by its name.
names, architecture = _REGISTRY.names, _REGISTRY.find
