from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from deepspectra.data.sources.matrices import load_state, read_matrices
from deepspectra.data.sources.tables import WeightsEntry
from deepspectra.runtime.errors import UserError

from .made_weights import (
    KERAS_NAMES,
    TORCH_NAMES,
    assert_same,
    keras_entry,
    keras_file,
    torch_entry,
    torch_file,
    torch_parameters,
)


def read(path: Path, entry: dict) -> dict[str, np.ndarray]:
    return read_matrices(path, WeightsEntry.model_validate(entry))


@pytest.fixture
def refused(write):
    """What is said of a file: it must name the file, in one line."""

    def said(content: bytes, entry: dict) -> str:
        path = write(content)
        with pytest.raises(UserError) as caught:
            read(path, entry)
        message = str(caught.value)
        assert message.startswith(f"{path} does not hold the weights: expected ")
        assert "\n" not in message
        assert "weights_only" not in message  # torch advises to switch the protection off
        return message

    return said


@pytest.mark.parametrize("zipped", [True, False])
def test_torch(write, matrices, zipped):
    path = write(torch_file(torch_parameters(matrices), zipped=zipped))
    found = read(path, torch_entry())
    path.write_bytes(bytes(path.stat().st_size))  # what was read is no map of the file
    assert_same(found, matrices)


def test_rows_of_torch_are_outputs(write):
    """Against the layer's own product, with a parameter that still asks for its gradient."""
    layer = torch.nn.Linear(8, 6, bias=False)
    entry = torch_entry(layers={"dense1": {"parameter": "0.weight", "shape": [6, 8]}})
    path = write(torch_file({"0.weight": layer.weight}))
    inputs = torch.randn(8)
    found = read(path, entry)["dense1"]
    np.testing.assert_allclose(found @ inputs.numpy(), layer(inputs).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_matrix_that_lies_transposed_in_its_storage(write, matrices):
    parameters = torch_parameters(matrices)
    parameters[TORCH_NAMES["dense1"]] = torch.from_numpy(np.ascontiguousarray(matrices["dense1"].T)).T
    assert_same(read(write(torch_file(parameters)), torch_entry()), matrices)


@pytest.mark.parametrize(
    ("kernel", "bias"), [("{layer}_W_1:0", "{layer}_b_1:0"), ("{layer}/kernel:0", "{layer}/bias:0"), ("W", "b")]
)
def test_keras(write, matrices, kernel, bias):
    assert_same(read(write(keras_file(matrices, kernel, bias)), keras_entry()), matrices)


def test_the_whole_state(write, matrices):
    parameters = torch_parameters(matrices)
    state = load_state(write(torch_file(parameters)), "x")
    assert list(state) == list(parameters)
    assert all(torch.equal(state[name], value) for name, value in parameters.items())


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


class Unknown:
    """A class of the user's own: harmless, but its code would have to be imported."""


def test_a_class_that_torch_does_not_know(refused, matrices):
    """torch says so in other words than of what it blocks."""
    message = refused(torch_file({**torch_parameters(matrices), "model": Unknown()}), torch_entry())
    assert f"it asks for {Unknown.__module__}.Unknown, which is refused" in message


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_is_refused_and_not_executed(write, tmp_path, monkeypatch, matrices, zipped):
    trace = tmp_path / "executed"
    content = torch_file({**torch_parameters(matrices), "evil": Malicious(trace)}, zipped=zipped)
    path = write(content)
    # A user's environment that asks torch for no protection has no say here.
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(UserError, match=r"it asks for posix\.mkdir, which is refused"):
        read(path, torch_entry())
    assert not trace.exists()
    torch.load(path, weights_only=False)  # it would have been
    assert trace.exists()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("keep", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_truncated_torch(refused, matrices, zipped, keep):
    content = torch_file(torch_parameters(matrices), zipped=zipped)
    assert "a state dictionary saved by torch" in refused(content[: int(keep * len(content))], torch_entry())


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_truncated_keras(refused, matrices, keep):
    content = keras_file(matrices)
    assert "a whole HDF5 file" in refused(content[: int(keep * len(content))], keras_entry())


def test_something_else(refused):
    page = b"<html>Sign in to this network</html>"
    assert "saved by torch, but it is damaged or something else" in refused(page, torch_entry())
    assert "a whole HDF5 file" in refused(page, keras_entry())


def test_formats_mistaken_for_each_other(refused, matrices, torch_content):
    assert "a whole HDF5 file" in refused(torch_content, keras_entry())
    assert "a state dictionary saved by torch" in refused(keras_file(matrices), torch_entry())


def test_the_oldest_format_of_torch(refused):
    """A tar file, which torch cannot load without running what is in it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            archive.addfile(tarfile.TarInfo(name))
    assert "it has torch's oldest format (tar)" in refused(stream.getvalue(), torch_entry())


def test_no_file(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read(tmp_path / "weights", torch_entry())


def test_a_nested_state(refused, matrices):
    content = torch_file({"epoch": 3, "state_dict": torch_parameters(matrices)})
    assert refused(content, torch_entry()).endswith("but found the keys epoch, state_dict")


def test_no_state_at_all(refused):
    assert refused(torch_file([torch.ones(2)]), torch_entry()).endswith("but found a list")


def test_missing_parameter(refused, matrices):
    parameters = torch_parameters(matrices)
    del parameters["classifier.4.weight"]
    message = refused(torch_file(parameters), torch_entry())
    assert "expected a parameter classifier.4.weight, but found features.0.weight, features.0.bias, " in message


def test_missing_group(refused, matrices):
    content = keras_file({name: matrix for name, matrix in matrices.items() if name != "dense2"})
    assert refused(content, keras_entry()).endswith(
        "expected a group fc2, but found block1_conv1, fc1, flatten, predictions"
    )


@pytest.mark.parametrize(
    ("replaced", "found"),
    [
        (np.ones((8, 6), np.float32), "float32 (8, 6)"),
        (np.ones((6, 8, 1), np.float32), "float32 (6, 8, 1)"),
        (np.ones((6, 8)), "float64 (6, 8)"),
        (np.ones((6, 8), np.float16), "float16 (6, 8)"),
        (np.ones((6, 8), np.int32), "int32 (6, 8)"),
    ],
)
def test_wrong_shape_or_type_in_torch(refused, matrices, replaced, found):
    message = refused(torch_file(torch_parameters({**matrices, "dense1": replaced})), torch_entry())
    assert message.endswith(f"expected classifier.1.weight to be float32 (6, 8), but found {found}")


@pytest.mark.parametrize(
    ("replaced", "found"),
    [
        (np.ones((8, 6), np.float32), "float32 (6, 8)"),
        (np.ones((6, 8)), "float64 (8, 6)"),
        (np.ones((6, 8), ">f4"), ">f4 (8, 6)"),
    ],
)
def test_wrong_shape_or_type_in_keras(refused, matrices, replaced, found):
    message = refused(keras_file({**matrices, "dense1": replaced}), keras_entry())
    assert message.endswith(f"expected /fc1/fc1_W_1:0 to be float32 (8, 6), but found {found}")


def test_not_one_matrix_in_a_group(refused, matrices):
    flat = {**matrices, "dense3": np.ones(4, np.float32)}
    assert refused(keras_file(flat), keras_entry()).endswith("in the group predictions, but found none")
    stream = io.BytesIO(keras_file(matrices))
    with h5py.File(stream, "a") as file:
        file["fc1/other"] = matrices["dense2"]
    message = refused(stream.getvalue(), keras_entry())
    assert message.endswith("expected one matrix in the group fc1, but found /fc1/fc1_W_1:0, /fc1/other")


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
@pytest.mark.parametrize("form", ["sparse", "meta"])
def test_a_tensor_that_is_no_plain_matrix(refused, matrices, form):
    parameters = torch_parameters(matrices)
    whole = parameters["classifier.1.weight"]
    parameters["classifier.1.weight"] = whole.to_sparse() if form == "sparse" else whole.to("meta")
    assert "expected classifier.1.weight as a plain matrix" in refused(torch_file(parameters), torch_entry())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(refused, matrices, value):
    matrices["dense2"][1, 2:4] = value
    assert refused(torch_file(torch_parameters(matrices)), torch_entry()).endswith(
        "expected finite values in classifier.4.weight, but 2 are not"
    )
    assert refused(keras_file(matrices), keras_entry()).endswith("but 2 are not")


def test_a_link_out_of_the_file_is_not_followed(write, tmp_path, matrices):
    """A file must not make this one read another."""
    other = write(keras_file(matrices), "other.h5")
    path = tmp_path / "linked.h5"
    with h5py.File(path, "w") as file:
        for layer in KERAS_NAMES.values():
            file.create_group(layer)["kernel:0"] = h5py.ExternalLink(str(other), f"{layer}/{layer}_W_1:0")
    with pytest.raises(UserError, match="expected one matrix in the group fc1, but found none"):
        read(path, keras_entry())
