"""HDF5 files: whole or absent, equal when their content is, with provenance, and every damage named."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from deepspectra.runtime import store
from deepspectra.runtime.store import StoreError

from .example import ARRAYS, SHAPES, write_example


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, which may be killed or limited."""
    environment = os.environ | {"PYTHONPATH": str(Path(store.__file__).parents[2])}
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_arrays_come_back_as_they_were(tmp_path):
    write_example(tmp_path / "new" / "folder" / "a.h5")
    contents = store.read(tmp_path / "new" / "folder" / "a.h5", SHAPES)
    assert contents.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(contents[name], array, strict=True)


def test_any_hdf5_reader_finds_the_arrays(tmp_path):
    write_example(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["n0_48"]["first"], ARRAYS["n0_48/first"])
        assert json.loads(file.attrs["parameters"]) == {"zeta": 0.5, "sizes": [3, 4]}


def test_only_the_wanted_arrays_are_read(tmp_path):
    write_example(tmp_path / "a.h5")
    assert store.read(tmp_path / "a.h5", {"values": (3,)}).arrays.keys() == {"values"}


def test_equal_arguments_give_equal_bytes(tmp_path):
    """Also in another process, where hashes of text are salted differently, and whatever the order of parameters."""
    write_example(tmp_path / "a.h5", parameters={"b": 1, "a": 2}, noise_floor={"y": 1.0, "x": 2.0})
    write_example(tmp_path / "b.h5", parameters={"a": 2, "b": 1}, noise_floor={"x": 2.0, "y": 1.0})
    run_python(
        """
        import sys
        sys.path.insert(0, sys.argv[2])
        import example
        example.write_example(sys.argv[1], parameters={"b": 1, "a": 2}, noise_floor={"x": 2.0, "y": 1.0})
        """,
        tmp_path / "c.h5",
        Path(__file__).parent,
    ).check_returncode()
    first = (tmp_path / "a.h5").read_bytes()
    assert (tmp_path / "b.h5").read_bytes() == first
    assert (tmp_path / "c.h5").read_bytes() == first
    write_example(tmp_path / "d.h5", seed=8)
    assert (tmp_path / "d.h5").read_bytes() != first


def test_provenance_is_kept(tmp_path):
    (tmp_path / "input.txt").write_bytes(b"abc")
    write_example(tmp_path / "a.h5", inputs=[tmp_path / "input.txt"], noise_floor=1e-9)
    attributes = store.read(tmp_path / "a.h5", {}).attributes
    # The SHA-256 of "abc" is the example of FIPS 180-2.
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert attributes["inputs"] == {(tmp_path / "input.txt").as_posix(): abc}
    assert attributes["parameters"] == {"zeta": 0.5, "sizes": [3, 4]}
    assert attributes["software"]["numpy"] == np.__version__
    assert attributes["software"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert (attributes["seed"], attributes["dtype"], attributes["noise_floor"]) == (7, "float32", 1e-9)
    assert type(attributes["seed"]) is int
    assert type(attributes["noise_floor"]) is float


def test_several_arrays_may_have_noise_floors_of_their_own(tmp_path):
    write_example(tmp_path / "a.h5", noise_floor={"values": 1e-9, "single": 1e-5})
    assert store.read(tmp_path / "a.h5", {}).attributes["noise_floor"] == {"values": 1e-9, "single": 1e-5}


def test_what_does_not_apply_is_left_out(tmp_path):
    store.write(tmp_path / "a.h5", ARRAYS, parameters={})
    assert store.read(tmp_path / "a.h5", {}).attributes.keys() == {"parameters", "inputs", "software", "arrays"}


@pytest.mark.parametrize("count", [0, 1, 3, 40])
@pytest.mark.parametrize("length", [1, 5000])
def test_the_reserved_space_is_enough_and_what_is_left_is_cut_off(tmp_path, monkeypatch, count, length):
    """Otherwise a full disk could still crash HDF5, or files would be longer than their content."""
    reserved, reserve = [], store._reserve
    monkeypatch.setattr(store, "_reserve", lambda path, size: (reserve(path, size), reserved.append(size)))
    arrays = {f"a long name of a group {i}/inner/x{j}": np.ones(length) for i in range(count) for j in range(3)}
    parameters = {f"name {number}": "value" * 10 for number in range(10 * count)}
    store.write(tmp_path / "a.h5", arrays, parameters=parameters, seed=1, dtype="float32", noise_floor=1e-9)
    size = (tmp_path / "a.h5").stat().st_size
    assert reserved[0] == reserved[1] > size
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.id.get_filesize() == size


def test_without_a_way_to_reserve_space_the_free_space_is_compared(tmp_path, monkeypatch):
    """As on macOS."""
    monkeypatch.delattr(os, "posix_fallocate")
    write_example(tmp_path / "a.h5")
    store.read(tmp_path / "a.h5", SHAPES)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(StoreError, match=r"no space left on the disk .*b\.h5"):
        write_example(tmp_path / "b.h5")
    assert files_in(tmp_path) == ["a.h5"]


def test_an_absent_package_is_left_out_of_the_versions(monkeypatch):
    known = metadata.version

    def version(name):
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(metadata, "version", version)
    assert store.software_versions().keys() == {"python", "numpy", "scipy", "h5py"}


def test_array_hash_is_of_the_bytes_in_c_order():
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert store.array_hash(array) == hashlib.sha256(bytes(range(6))).hexdigest()
    assert store.array_hash(np.asfortranarray(array)) == store.array_hash(array)
    assert store.array_hash(array.T) == hashlib.sha256(bytes([0, 3, 1, 4, 2, 5])).hexdigest()


def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    """And not those of a temporary one, which nobody else can read."""
    (tmp_path / "ordinary").touch()
    write_example(tmp_path / "a.h5")
    assert (tmp_path / "a.h5").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def no_space(*_, **__):
    raise OSError(28, "No space left on device")


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("there_before", [False, True])
@pytest.mark.parametrize(
    ("place", "failure", "error"),
    [
        ((h5py.File, "create_dataset"), no_space, StoreError),
        ((h5py.AttributeManager, "__setitem__"), no_space, StoreError),
        ((os, "fsync"), no_space, StoreError),
        ((os, "replace"), no_space, StoreError),
        ((h5py.File, "create_dataset"), interrupted, KeyboardInterrupt),
    ],
    ids=["array", "attribute", "flush", "rename", "interrupt"],
)
def test_a_write_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch, place, failure, error, there_before):
    path = tmp_path / "a.h5"
    if there_before:
        write_example(path)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    monkeypatch.setattr(*place, failure)
    with pytest.raises(error) as caught:
        write_example(path, seed=8)
    monkeypatch.undo()
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == before
    if error is StoreError:
        assert "a.h5" in str(caught.value)
        assert str(caught.value).startswith("no space left on the disk")
        assert "free some space and give the same command again" in str(caught.value)


def test_arrays_that_hdf5_cannot_hold_leave_nothing_behind(tmp_path):
    with pytest.raises(TypeError):
        store.write(tmp_path / "a.h5", {"good": np.ones(3), "bad": np.array([object()])}, parameters={})
    assert files_in(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path):
    """A real one, by a limit on the size of files."""
    result = run_python(
        """
        import resource, signal, sys
        import numpy as np
        from deepspectra.runtime import store
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        try:
            store.write(sys.argv[1], {"x": np.ones(100_000)}, parameters={})
        except store.StoreError as error:
            print(error)
        """,
        tmp_path / "a.h5",
    )
    assert result.stdout.startswith("no space left on the disk"), result.stderr
    assert "a.h5" in result.stdout
    assert files_in(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("size", [100, 3_000, 30_000, 90_000, 200_000, 300_000])
def test_a_disk_that_is_full_at_any_moment_does_not_end_the_process(tmp_path, size):
    """HDF5 writes the entries of arrays and groups when it closes, and crashes by a segmentation fault if it cannot."""
    result = run_python(
        f"""
        import resource, signal, sys
        import numpy as np
        from deepspectra.runtime import store
        arrays = {{f"group{{i}}/x{{j}}": np.ones(3200) for i in range(4) for j in range(3)}}
        store.write(sys.argv[1], arrays, parameters={{}})
        before = open(sys.argv[1], "rb").read()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
        try:
            store.write(sys.argv[1], arrays | {{"history": np.ones((3, 5))}}, parameters={{}})
        except store.StoreError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert open(sys.argv[1], "rb").read() == before
        """,
        tmp_path / "a.h5",
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("no space left on the disk")
    assert files_in(tmp_path) == ["a.h5"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_job_leaves_no_file_that_could_be_taken_for_a_result(tmp_path):
    """Killed when all is written but the name: only a hidden file remains, and the next run is not in its way."""
    result = run_python(
        """
        import os, signal, sys
        import numpy as np
        from deepspectra.runtime import store
        os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        store.write(sys.argv[1], {"x": np.ones(10)}, parameters={})
        """,
        tmp_path / "a.h5",
    )
    assert result.returncode == -signal.SIGKILL
    (left,) = files_in(tmp_path)
    assert left.startswith(".")
    assert left.endswith(".part")
    with pytest.raises(StoreError, match="does not exist"):
        store.read(tmp_path / "a.h5", {"x": (10,)})
    store.write(tmp_path / "a.h5", {"x": np.zeros(10)}, parameters={})
    assert store.read(tmp_path / "a.h5", {"x": (10,)})["x"].tolist() == [0] * 10


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write .*a\.h5"):
        write_example(tmp_path / "file" / "a.h5")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match=r"cannot write .*a\.h5: Permission denied"):
        write_example(tmp_path / "a.h5")
    tmp_path.chmod(0o700)


def test_an_input_that_is_gone_is_no_success(tmp_path):
    with pytest.raises(FileNotFoundError, match="input"):
        write_example(tmp_path / "a.h5", inputs=[tmp_path / "input"])
    assert files_in(tmp_path) == []
