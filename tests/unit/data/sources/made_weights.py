"""Small files of weights in the providers' formats, made on the spot, and entries that declare them."""

from __future__ import annotations

import hashlib
import io

import h5py
import numpy as np
import torch

# (outputs, inputs), each with sides that tell them apart where the real ones have.
SHAPES = {"dense1": (6, 8), "dense2": (6, 6), "dense3": (4, 6)}
TORCH_NAMES = {"dense1": "classifier.1.weight", "dense2": "classifier.4.weight", "dense3": "classifier.6.weight"}
KERAS_NAMES = {"dense1": "fc1", "dense2": "fc2", "dense3": "predictions"}


def torch_file(parameters: dict[str, object], *, zipped: bool = True) -> bytes:
    """What torch.save makes, in its newer (zip) or older format."""
    stream = io.BytesIO()
    torch.save(parameters, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def torch_parameters(matrices: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The state dictionary of a network with these matrices, a convolution and biases."""
    parameters = {"features.0.weight": torch.ones(2, 3, 4, 4), "features.0.bias": torch.ones(2)}
    for name, matrix in matrices.items():
        parameters[TORCH_NAMES[name]] = torch.from_numpy(matrix)
        parameters[TORCH_NAMES[name].replace("weight", "bias")] = torch.ones(len(matrix))
    return parameters


def keras_file(matrices: dict[str, np.ndarray], kernel: str = "{layer}_W_1:0", bias: str = "{layer}_b_1:0") -> bytes:
    """What Keras 1 wrote with ``save_weights``: a group for each layer, also for those without weights."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["layer_names"] = [b"block1_conv1", b"flatten", b"fc1", b"fc2", b"predictions"]
        file["block1_conv1/block1_conv1_W_1:0"] = np.ones((3, 3, 2, 2), np.float32)
        file.create_group("flatten")
        for name, matrix in matrices.items():
            group = file.create_group(KERAS_NAMES[name])
            group[kernel.format(layer=KERAS_NAMES[name])] = matrix.T
            group[bias.format(layer=KERAS_NAMES[name])] = np.ones(len(matrix), np.float32)
    return stream.getvalue()


def torch_entry(content: bytes = b"", url: str = "http://nowhere.invalid/toy-7be5be79.pth", **changes: object) -> dict:
    """The entry of a file of torch, as the table declares it."""
    return {
        "title": "Toy",
        "provider": "nobody",
        "licence": "none",
        "citation": "nobody (2001)",
        "homepage": "http://toy.invalid/",
        "url": url,
        "bytes": len(content) or 1,
        "hash": {"kind": "sha256_prefix", "value": hashlib.sha256(content).hexdigest()[:8]},
        "format": "torch",
        "layers": {
            name: {"parameter": parameter, "shape": list(SHAPES[name])} for name, parameter in TORCH_NAMES.items()
        },
        **changes,
    }


def keras_entry(content: bytes = b"", url: str = "http://nowhere.invalid/toy.h5", **changes: object) -> dict:
    """The entry of a file of Keras, as the table declares it."""
    layers = {name: {"parameter": group, "shape": list(SHAPES[name][::-1])} for name, group in KERAS_NAMES.items()}
    md5 = {"kind": "md5", "value": hashlib.md5(content).hexdigest()}
    return {**torch_entry(content, url), "hash": md5, "format": "keras", "layers": layers, **changes}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, matrix in expected.items():
        np.testing.assert_array_equal(found[name], matrix, strict=True)
        assert found[name].flags.c_contiguous
