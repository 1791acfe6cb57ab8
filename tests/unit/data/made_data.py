"""Made-up data files."""

from __future__ import annotations

import datetime
import json

import h5py
import numpy as np

from deepspectra.data.sets.bike import BIKE_FEATURES

COUNTS = {"train": 30, "test": 20}
COLUMNS = [*BIKE_FEATURES, "casual", "registered", "cnt"]


def made(name, shape=None, dtype=np.uint8, **extra):
    """Arrays of a file with labels."""
    source = np.random.default_rng(0)
    arrays = {}
    for part, count in COUNTS.items():
        size = (count, *shape)
        draw = source.integers(0, 256, size) if dtype == np.uint8 else source.standard_normal(size)
        arrays[f"{part}_{name}"] = draw.astype(dtype)
        arrays[f"{part}_labels"] = source.integers(0, 10, count).astype(np.int64 if name == "features" else np.uint8)
    return arrays | extra


def write(path, arrays, **parameters):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
        file.attrs["parameters"] = json.dumps(parameters)
    return path


def bike_table(hours=2):
    days = [datetime.date(2011, 1, 1) + datetime.timedelta(number) for number in range(731) for _ in range(hours)]
    source = np.random.default_rng(1)
    data = {name: source.uniform(size=len(days)) for name in COLUMNS}
    data["yr"], data["mnth"], data["weekday"] = np.array(
        [(day.year - 2011, day.month, day.isoweekday() % 7) for day in days]
    ).T
    data["cnt"] = source.integers(1, 900, len(days))
    return np.column_stack([data[name] for name in COLUMNS]).astype(np.float64)
