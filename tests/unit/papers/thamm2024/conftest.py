"""Small matrices through the whole pipeline, from weights to the tables of a network."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepspectra.papers.thamm2024.weight_statistics import weight_tables
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.spectra.singular_values import decompose
from deepspectra.spectra.weights.nulls import null_level_statistics, null_vector_statistics

UNFOLDING = {"gaussian": 3, "staircase": 3, "polynomial": 5}
LAYERS = {"dense1": (40, 60), "dense2": (36, 36)}
DRAWS = 19


@pytest.fixture(scope="package")
def studied(tmp_path_factory):
    """A network's tables, with the arrays that they are made from."""
    folder = tmp_path_factory.mktemp("studied")
    rng = np.random.default_rng(1)
    found = {
        (layer, state): decompose(rng.standard_normal(shape))
        for layer, shape in LAYERS.items()
        for state in ("initial", "final")
    }
    values = {f"{layer}/{state}": part.singular_values for (layer, state), part in found.items()}
    vectors = {
        f"{layer}/{state}/{side}": getattr(part, f"{side}_vectors")
        for (layer, state), part in found.items()
        for side in ("output", "input")
    }
    files = {name: folder / f"{name}.h5" for name in ("values", "vectors")}
    store.write(files["values"], values, parameters={"available": True, "note": None})
    store.write(files["vectors"], vectors, parameters={})
    nulls, null = {}, {}
    for layer, shape in LAYERS.items():
        name = f"levels_{max(shape)}x{min(shape)}"
        nulls[name] = folder / f"{name}.h5"
        null[layer] = null_level_statistics(max(shape), min(shape), DRAWS, UNFOLDING, 12.0, 7)
        store.write(nulls[name], null[layer], parameters={})
    for side in (36, 40, 60):
        nulls[f"vectors_{side}"] = folder / f"vectors_{side}.h5"
        null[side] = null_vector_statistics(side, 99, 7)
        store.write(nulls[f"vectors_{side}"], {"statistics": null[side]}, parameters={})
    arguments = {**files, "nulls": nulls}
    tables = weight_tables("mlp", LAYERS, ["initial", "final"], UNFOLDING, **arguments)
    paths = {name: folder / f"{name}.csv" for name in tables}
    for name, table in tables.items():
        write_table(table, paths[name], float_format="%.10g")
    return SimpleNamespace(tables=tables, paths=paths, found=found, null=null, nulls=nulls)


@pytest.fixture(scope="package")
def without_weights(tmp_path_factory):
    """Tables of a network whose weights could not be had; no null is read."""
    folder = tmp_path_factory.mktemp("without")
    store.write(folder / "values.h5", {}, parameters={"available": False, "note": "no network"})
    arguments = {"values": folder / "values.h5", "vectors": folder / "none", "nulls": {}}
    tables = weight_tables("vgg19", {"dense1": (4096, 25088)}, ["final"], UNFOLDING, **arguments)
    write_table(tables["levels"], folder / "levels.csv", float_format="%.10g")
    return tables, folder / "levels.csv"
