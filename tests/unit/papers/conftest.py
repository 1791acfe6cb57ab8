"""What tests of several papers share."""

from __future__ import annotations

import h5py
import numpy as np
import pytest


@pytest.fixture
def cifar10(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "cifar10.h5"
    with h5py.File(path, "w") as file:
        for part, count in (("train", 20), ("test", 12)):
            file[f"{part}_images"] = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
            file[f"{part}_labels"] = rng.integers(0, 10, count, np.uint8)
    return path
