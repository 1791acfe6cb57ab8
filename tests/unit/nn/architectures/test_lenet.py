"""The small LeNet: layers, parameters as published, and what it computes."""

from __future__ import annotations

import pytest
import torch

from deepspectra.nn.architectures import architecture, parameter_count
from deepspectra.nn.architectures.lenet import lenet, lenet_shapes
from deepspectra.spectra.curvature.piecewise import why_not_piecewise


def test_parameters_are_as_many_as_published():
    kind = architecture("lenet")
    assert parameter_count(kind.shapes({}, 3072, 10)) == 19217
    assert sum(parameter.numel() for parameter in kind.build({}, 3072, 10).parameters()) == 19217


def test_layers_have_their_names():
    assert list(lenet_shapes()) == ["conv1", "conv2", "dense1", "dense2", "output"]
    assert lenet_shapes()["dense1"] == (35, 400)


@pytest.mark.parametrize(("name", "layer"), [("relu", "ReLU"), ("tanh", "Tanh")])
def test_four_layers_have_the_activation(name, layer):
    model = architecture("lenet").build({"hidden": [], "activation": name}, 3072, 10)
    kinds = [type(module).__name__ for module in model]
    assert kinds.count(layer) == kinds.count("ReLU") + kinds.count("Tanh") == 4


def test_lenet_can_be_reduced_and_computes_what_its_layers_do():
    model = lenet()
    assert why_not_piecewise(model) is None
    assert why_not_piecewise(lenet("tanh")) is not None
    images = torch.randn(3, 3, 32, 32)
    left = images
    for layer in (model.conv1, model.conv2):
        left = torch.nn.functional.max_pool2d(torch.relu(layer(left)), 2)
    left = torch.relu(model.dense1(left.reshape(3, 400)))
    torch.testing.assert_close(model(images), model.output(torch.relu(model.dense2(left))))


@pytest.mark.parametrize("inputs", [784, 512, 13, 0])
def test_other_data_than_square_images_of_three_channels_are_refused(inputs):
    with pytest.raises(ValueError, match=f"3 channels does not have {inputs} numbers"):
        architecture("lenet").shapes({}, inputs, 10)
    with pytest.raises(ValueError, match="at least 16 pixels a side, found 15"):
        lenet_shapes(15)
    assert lenet_shapes(16)["dense1"] == (35, 16)
