"""miniAlexNet: shapes, images it takes, and outputs and gradients beside the plain layers of torch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from deepspectra.nn.architectures import architecture, matrix_shape
from deepspectra.nn.architectures.minialexnet import minialexnet, minialexnet_shapes
from deepspectra.nn.networks import initialise_glorot, parameters_of


@pytest.mark.parametrize("side", [28, 32])
def test_shapes_are_those_of_the_modules(side):
    arrays = parameters_of(minialexnet(side))
    weights = {key.removesuffix("/weight"): array.shape for key, array in arrays.items() if "weight" in key}
    assert weights == minialexnet_shapes(side)


def test_shapes_are_those_of_the_paper():
    assert minialexnet_shapes(28)["dense1"] == (384, 5400)
    assert matrix_shape(minialexnet_shapes(28)["conv2"]) == (150, 7500)
    with pytest.raises(ValueError, match="at least 7 pixels"):
        minialexnet_shapes(6)


@pytest.mark.parametrize("side", [28, 32])
def test_it_takes_images_of_the_side_that_it_is_built_for(side):
    model = architecture("minialexnet").build({"crop": side}, 3 * side**2, 10)
    assert model(torch.zeros(2, 3, side, side)).shape == (2, 10)


def test_the_memory_is_that_of_the_first_convolution():
    """Its float32 outputs for the 500 images of a test batch, twice."""
    assert architecture("minialexnet").megabytes(3 * 28**2) == pytest.approx(500 * 300 * 28**2 * 4 * 2 / 1e6)


@pytest.mark.parametrize("side", [7, 16])
def test_it_is_the_plain_sequence_of_torchs_layers(side):
    """ReLU before pooling, torch's response normalisation and its sum over the window, in float64."""
    model = minialexnet(side, 4).double()
    initialise_glorot(model, 2)
    layers: list[nn.Module] = []
    for place in (1, 2):
        given = model.get_submodule(f"conv{place}")
        convolution = nn.Conv2d(given.in_channels, given.out_channels, 5, padding="same").double()
        convolution.load_state_dict(given.state_dict())
        response = nn.LocalResponseNorm(size=11, alpha=11.0, beta=0.5, k=1.0)
        layers += [convolution, nn.ReLU(), nn.MaxPool2d(3, stride=2), response]
    names = ("flatten", "dense1", "dense1_relu", "dense2", "dense2_relu", "output")
    plain = nn.Sequential(*layers, *map(model.get_submodule, names))
    images = torch.randn(3, 3, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found, expected = model(images), plain(images)
    torch.testing.assert_close(found, expected)
    gradients = (
        torch.autograd.grad(outputs[:, 1].sum(), net.parameters())
        for net, outputs in ((model, found), (plain, expected))
    )
    for own, others in zip(*gradients, strict=True):
        torch.testing.assert_close(own, others)
