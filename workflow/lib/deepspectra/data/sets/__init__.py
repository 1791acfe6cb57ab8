"""Data sets of the networks of baskerville2022, by name.

Every module in this folder but ``base`` is one, named as in the configuration, and defines ``DATA_SET``. To add one,
add a file here and an entry in resources/datasets.yaml. Sizes can be read without importing NumPy or torch.
"""

from deepspectra.data.sets.base import DataSet
from deepspectra.runtime.registry import Registry

__all__ = ["DataSet", "data_set", "names"]

_REGISTRY: Registry[DataSet] = Registry(__name__, "DATA_SET", "data set")
#: All names in alphabetical order, and a data set by its name.
names, data_set = _REGISTRY.names, _REGISTRY.find
