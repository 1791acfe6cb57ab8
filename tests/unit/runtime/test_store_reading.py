"""Every damage to an HDF5 file is named, and nothing else than what was written is read."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from deepspectra.runtime import store
from deepspectra.runtime.store import StoreError

from .example import SHAPES, write_example


def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path):
    path = tmp_path / "a.h5"
    with pytest.raises(StoreError, match="does not exist") as caught:
        store.read(path, {})
    assert f"snakemake --cores 1 {path}" in str(caught.value)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_cut_short_is_refused(tmp_path, share):
    path = tmp_path / "a.h5"
    write_example(path, arrays={"values": np.ones(5000)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(StoreError, match=r"a\.h5 is not a whole HDF5 file.*Delete it"):
        store.read(path, {"values": (5000,)})


def test_a_file_cut_by_one_byte_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    write_example(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="not a whole HDF5 file"):
        store.read(path, SHAPES)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.h5").write_text("<html>404 Not Found</html>" * 100)
    with pytest.raises(StoreError, match=r"a\.h5 is not a whole HDF5 file.*Delete it"):
        store.read(tmp_path / "a.h5", {})


@pytest.mark.parametrize("signature", [b"HEAP", b"TREE", b"SNOD"])
def test_damage_inside_is_refused(tmp_path, signature):
    """Zeros where HDF5 keeps its names and links, as of a lost block; h5py reports these in several ways."""
    path = tmp_path / "a.h5"
    write_example(path)
    damaged = bytearray(path.read_bytes())
    start = damaged.index(signature)
    damaged[start : start + 8] = bytes(8)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="not a whole HDF5 file"):
        store.read(path, SHAPES)


def test_attributes_that_are_no_json_are_refused(tmp_path):
    write_example(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs["parameters"] = '{"cut": '
    with pytest.raises(StoreError, match=r"a\.h5"):
        store.read(tmp_path / "a.h5", {})


def test_a_missing_array_is_named_beside_those_that_are_there(tmp_path):
    store.write(tmp_path / "a.h5", {"one": np.ones(1), "two": np.ones(2)}, parameters={})
    with pytest.raises(StoreError, match=r"a\.h5 has no array 'three'; it holds \['one', 'two'\].*delete it"):
        store.read(tmp_path / "a.h5", {"one": (1,), "three": (3,)})


@pytest.mark.parametrize("expected", [(3,), (3, 2), (2, 3, 1), (), ("n", "n")])
def test_a_wrong_shape_is_refused(tmp_path, expected):
    write_example(tmp_path / "a.h5")
    with pytest.raises(StoreError, match=r"a\.h5: array 'single' has shape \(2, 3\), expected .*Delete it"):
        store.read(tmp_path / "a.h5", {"single": expected})


def test_symbolic_lengths_must_agree(tmp_path):
    path = tmp_path / "a.h5"
    store.write(path, {"weights": np.ones((4, 3)), "bias": np.ones(4), "short": np.ones(3)}, parameters={})
    store.read(path, {"weights": ("out", "in"), "bias": ("out",), "short": ("in",)})
    store.read(path, {"weights": ("out", 3), "bias": (4,)})
    with pytest.raises(StoreError, match=r"array 'short' has shape \(3,\), expected \(4,\)"):
        store.read(path, {"weights": ("out", "in"), "short": ("out",)})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_values_that_are_not_finite_are_refused(tmp_path, bad, dtype):
    array = np.ones((3, 2), dtype=dtype)
    array[1] = bad
    store.write(tmp_path / "a.h5", {"x": array, "other": np.ones(1)}, parameters={})
    with pytest.raises(StoreError, match=r"a\.h5: array 'x' has 2 values that are not finite. Delete it"):
        store.read(tmp_path / "a.h5", {"x": (3, 2)})
    store.read(tmp_path / "a.h5", {"other": (1,)})


def _alter(path, name, change):
    with h5py.File(path, "r+") as file:
        values = file[name][()]
        change(values)
        file[name][...] = values


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_one_altered_value_is_refused(tmp_path, dtype):
    """The shape is right and every value finite: the checksum alone tells."""
    store.write(tmp_path / "a.h5", {"x": np.arange(6, dtype=dtype).reshape(2, 3), "y": np.ones(2)}, parameters={})

    def change(values):
        values[1, 2] += 1

    _alter(tmp_path / "a.h5", "x", change)
    with pytest.raises(StoreError, match=r"a\.h5: array 'x' is not the one that was written .* Delete it"):
        store.read(tmp_path / "a.h5", {"x": (2, 3)})
    assert store.read(tmp_path / "a.h5", {"y": (2,)})["y"].tolist() == [1, 1]


def test_an_array_that_was_put_in_later_is_refused(tmp_path):
    store.write(tmp_path / "a.h5", {"x": np.ones(2)}, parameters={})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["z"] = np.ones(3)
    with pytest.raises(StoreError, match="array 'z' is not the one that was written"):
        store.read(tmp_path / "a.h5", {"z": (3,)})


def test_all_arrays_of_a_file_are_checked(tmp_path):
    write_example(tmp_path / "a.h5")
    assert store.check(tmp_path / "a.h5") == store.read(tmp_path / "a.h5", {}).attributes
    _alter(tmp_path / "a.h5", "n0_48/first", lambda values: values.__setitem__(0, 7))
    with pytest.raises(StoreError, match="array 'n0_48/first' is not the one that was written"):
        store.check(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["n0_48/first"]
    with pytest.raises(StoreError, match="has no array 'n0_48/first'"):
        store.check(tmp_path / "a.h5")


def test_a_file_without_provenance_is_not_checked_as_whole(tmp_path):
    h5py.File(tmp_path / "a.h5", "w").close()
    with pytest.raises(StoreError, match="has no attribute 'arrays'"):
        store.check(tmp_path / "a.h5")


def test_files_of_older_versions_without_checksums_are_read(tmp_path):
    store.write(tmp_path / "a.h5", {"x": np.ones(2)}, parameters={})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file.attrs["arrays"]
    assert store.read(tmp_path / "a.h5", {"x": (2,)})["x"].tolist() == [1, 1]


def test_text_in_place_of_numbers_groups_and_files_without_provenance_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x/below"] = np.ones(2)
        file["text"] = ["a", "b"]
        file["y"] = np.ones(2)
    with pytest.raises(StoreError, match=r"a\.h5 has no attribute 'seed'. Something else wrote it"):
        store.read(tmp_path / "a.h5", {"y": (2,)}).attributes["seed"]
    with pytest.raises(StoreError, match=r"a\.h5 has no array 'x'"):
        store.read(tmp_path / "a.h5", {"x": (2,)})
    with pytest.raises(StoreError, match=r"array 'text' is of type object, expected numbers"):
        store.read(tmp_path / "a.h5", {"text": (2,)})
