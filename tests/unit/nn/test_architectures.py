"""Shapes of layers without torch: counts of parameters as published, and torch's own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deepspectra.nn.architectures import hessian_network_shapes, parameter_count
from deepspectra.nn.architectures.lenet import lenet_shapes
from deepspectra.nn.networks import build


@pytest.mark.parametrize(
    ("data", "architecture", "hidden", "count"),
    [
        ("mnist", "mlp", [], 7850),
        ("mnist", "mlp", [10, 100], 9960),
        ("mnist", "mlp", [10, 100, 100], 20060),
        ("features", "mlp", [], 5130),
        ("cifar10", "lenet", [], 19217),
        ("bike", "mlp", [100, 100, 50], 16601),
    ],
)
def test_parameters_are_as_many_as_published(data, architecture, hidden, count):
    assert parameter_count(hessian_network_shapes(data, architecture, hidden)) == count
    model = build({"data": data, "architecture": architecture, "hidden": hidden, "activation": "relu"})
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_lenets_layers_have_their_names():
    assert list(lenet_shapes()) == ["conv1", "conv2", "dense1", "dense2", "output"]
    assert lenet_shapes()["dense1"] == (35, 400)


def test_the_rules_can_have_shapes_without_torch():
    code = "import sys, deepspectra.nn.architectures; assert not {'torch', 'numpy'} & set(sys.modules)"
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
