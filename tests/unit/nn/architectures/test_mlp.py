"""Multi-layer perceptrons: shapes, parameters as published, and samples they take."""

from __future__ import annotations

import pytest
import torch

from deepspectra.nn.architectures import architecture, parameter_count
from deepspectra.nn.architectures.base import dense_shapes
from deepspectra.nn.architectures.mlp import feed_forward
from deepspectra.nn.networks import parameters_of


def test_shapes_are_those_of_the_modules():
    arrays = parameters_of(feed_forward([512, 256]))
    weights = {key.removesuffix("/weight"): array.shape for key, array in arrays.items() if "weight" in key}
    assert weights == dense_shapes(3072, [512, 256], 10)


@pytest.mark.parametrize(
    ("inputs", "hidden", "outputs", "count"),
    [
        (784, [], 10, 7850),
        (784, [10, 100], 10, 9960),
        (784, [10, 100, 100], 10, 20060),
        (512, [], 10, 5130),
        (13, [100, 100, 50], 1, 16601),
    ],
)
def test_parameters_are_as_many_as_published(inputs, hidden, outputs, count):
    """baskerville2022's networks for MNIST, features of a ResNet-34 and Bike Sharing."""
    kind, settings = architecture("mlp"), {"hidden": hidden, "activation": "relu"}
    assert parameter_count(kind.shapes(settings, inputs, outputs)) == count
    assert sum(parameter.numel() for parameter in kind.build(settings, inputs, outputs).parameters()) == count


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
@pytest.mark.parametrize(
    ("hidden", "shape", "outputs"),
    [
        ([], (784,), 10),
        ([10, 100], (784,), 10),
        ([], (512,), 10),
        ([4], (3, 32, 32), 10),
        ([8, 8], (3, 20, 20), 10),
        ([5, 5], (13,), 1),
    ],
)
def test_samples_of_any_shape_are_taken(hidden, shape, outputs, nonlinearity):
    samples = torch.zeros(2, *shape)
    model = architecture("mlp").build({"hidden": hidden, "activation": nonlinearity}, samples[0].numel(), outputs)
    assert model(samples).shape == (2, outputs)
    kinds = [type(layer).__name__ for layer in model]
    assert kinds.count({"relu": "ReLU", "tanh": "Tanh"}[nonlinearity]) == len(hidden)
    assert kinds.count({"relu": "Tanh", "tanh": "ReLU"}[nonlinearity]) == 0


def test_the_activation_is_relu_where_none_is_named():
    kinds = [type(layer).__name__ for layer in architecture("mlp").build({"hidden": [8], "crop": None}, 3072, 10)]
    assert kinds == ["Flatten", "Linear", "ReLU", "Linear"]
