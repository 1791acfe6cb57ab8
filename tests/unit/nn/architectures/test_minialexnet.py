"""miniAlexNet: shapes, images it takes, and its response normalisation."""

from __future__ import annotations

import pytest
import torch

from deepspectra.nn.architectures import architecture, matrix_shape
from deepspectra.nn.architectures.minialexnet import minialexnet, minialexnet_shapes, response_normalisation
from deepspectra.nn.networks import parameters_of


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
    """Its float32 outputs for the 2000 images of a test batch, twice."""
    assert architecture("minialexnet").megabytes(3 * 28**2) == pytest.approx(2000 * 300 * 28**2 * 4 * 2 / 1e6)


def test_response_normalisation_sums_over_eleven_channels():
    """TensorFlow's formula, which does not divide by the number of channels, written out."""
    images = torch.randn(2, 20, 3, 3, dtype=torch.float64)
    expected = torch.empty_like(images)
    for channel in range(20):
        near = images[:, max(0, channel - 5) : channel + 6]
        expected[:, channel] = images[:, channel] / torch.sqrt(1 + (near**2).sum(1))
    torch.testing.assert_close(response_normalisation()(images), expected)
