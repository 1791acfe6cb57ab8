"""An HDF5 file with arrays of several types and shapes."""

from __future__ import annotations

import numpy as np

from deepspectra.runtime import store

ARRAYS = {
    "values": np.array([1e-300, 0.5, 1e300]),
    "single": np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32),
    "images": np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
    "n0_48/first": np.linspace(0, 1, 4),
    "scalar": np.float64(2.5),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}


def write_example(path, **changes):
    arguments = {"arrays": ARRAYS, "parameters": {"zeta": 0.5, "sizes": [3, 4]}, "seed": 7, "dtype": "float32"}
    store.write(path, **(arguments | changes))
