"""What layer ``runtime`` writes and draws, compared with files that are kept: no rerun digest sees its code.

After raising ``deepspectra.runtime.FORMAT``, make the files of the new format from the top of the project:

    PYTHONPATH=workflow/lib python -m tests.unit.runtime.test_golden
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from deepspectra.runtime import FORMAT, store
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.seeds import generator, keyed_generator, stream_seed
from deepspectra.runtime.tables import markdown, number, read_csv

GOLDEN = Path(__file__).parent / "golden" / f"format_{FORMAT}"
ADVICE = (
    "deepspectra.runtime writes or draws something else than before, and no rerun digest sees it. "
    "If that is on purpose, raise FORMAT in deepspectra/runtime/__init__.py (see this module's docstring)."
)
ARRAYS = {
    "values": np.array([-1.5, 1e-300, 0.5, 1e300]),
    "single/matrix": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "images": np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
    "scalar": np.array(2.5),
    "complex": np.array([1 + 2j]),
}
PARAMETERS = {"name": "π", "widths": (3, 4), "limit": float("inf"), "nested": {"b": None, "a": True}, "x": 0.1}
TABLE = pd.DataFrame(
    {
        "panel": ["a", "b, c", None],
        "layer": [1, 2, 3],
        "x": [0.1, 1e-17, float("nan")],
        "y": np.array([1 / 3, 2, -1e9], np.float32),
        "told": [True, False, True],
        "note": ['"quoted"', "two\nlines", "π"],
    }
)


def write_arrays(path: Path) -> None:
    Path("input.txt").write_text("abc")
    store.write(
        path, ARRAYS, parameters=PARAMETERS, inputs=["input.txt"], seed=7, dtype="float32", noise_floor={"values": 1e-9}
    )


def write_page(path: Path) -> None:
    cells = TABLE[["panel", "note"]].assign(x=TABLE.x.map(number), y=TABLE.y.map(lambda value: number(value, 1)))
    write_text(markdown(cells, "Table π", ["One note.", "Another | note."]), path)


def write_streams(path: Path) -> None:
    """Seeds of random streams, and numbers of the first."""
    keys = [(5,), (5, 0), (5, 0, 1), (2**40, 3)]
    seeds = {str(key): [stream_seed(*key), keyed_generator(*key).initial_seed()] for key in keys}
    assert all(generator(*key).initial_seed() == stream_seed(*key) for key in keys)
    drawn = torch.randint(2**31, (3,), generator=generator(*keys[0])).tolist()
    path.write_text(json.dumps({"seeds": seeds, "drawn": drawn}, indent=1) + "\n")


#: Files that are compared byte for byte.
WRITERS: dict[str, Callable[[Path], None]] = {
    "table.csv": lambda path: write_table(TABLE, path),
    "table_short.csv": lambda path: write_table(TABLE, path, float_format="%.10g"),
    "table.md": write_page,
    "streams.json": write_streams,
}


def described(path: Path) -> dict[str, object]:
    """All that an HDF5 file says except versions of packages; the bytes between arrays belong to the HDF5 library."""
    found: dict[str, object] = {}

    def describe(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = (item.dtype, item.shape, item.chunks, item.compression, len(item.attrs), item[()].tobytes())

    with h5py.File(path) as file:
        file.visititems(describe)
        attributes = dict(file.attrs)
    assert json.loads(attributes.pop("software")).keys() == {"python", "numpy", "scipy", "torch", "h5py"}
    return found | {"attributes": attributes}


@pytest.mark.parametrize("name", WRITERS)
def test_text_files_have_the_bytes_that_were_kept(tmp_path, name):
    WRITERS[name](tmp_path / name)
    assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes(), ADVICE


def test_hdf5_files_have_the_arrays_and_attributes_that_were_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_arrays(tmp_path / "arrays.h5")
    assert described(tmp_path / "arrays.h5") == described(GOLDEN / "arrays.h5"), ADVICE


def test_the_hdf5_file_that_was_kept_is_read():
    contents = store.read(GOLDEN / "arrays.h5", {name: array.shape for name, array in ARRAYS.items()})
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(contents[name], array, strict=True)
    found = {name: contents.attributes[name] for name in ("parameters", "seed", "dtype", "noise_floor")}
    parameters = PARAMETERS | {"widths": [3, 4], "limit": "inf"}
    assert found == {"parameters": parameters, "seed": 7, "dtype": "float32", "noise_floor": {"values": 1e-9}}


def test_the_table_that_was_kept_is_read_to_the_last_digit():
    table = read_csv(GOLDEN / "table.csv", list(TABLE), numbers=("layer", "x", "y"))
    assert table.x.tolist()[:2] == TABLE.x.tolist()[:2]
    for name in ("layer", "told", "note"):
        assert table[name].tolist() == TABLE[name].tolist()


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        write(GOLDEN / name)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_arrays(GOLDEN / "arrays.h5")
