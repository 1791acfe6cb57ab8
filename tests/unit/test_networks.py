"""Networks: shapes against torch's own count, initial weights, response normalisation, images."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deepspectra.architectures import dense_shapes, matrix_shape, minialexnet_shapes
from deepspectra.networks import (
    build,
    feed_forward,
    initialise_glorot,
    load_parameters,
    minialexnet,
    parameters_of,
    response_normalisation,
    standardise_images,
)


def weights_of(model):
    return {
        name.removesuffix("/weight"): array.shape for name, array in parameters_of(model).items() if "weight" in name
    }


def test_shapes_are_those_of_the_modules():
    """The rules size jobs by shapes that nothing has computed yet."""
    assert weights_of(feed_forward([512, 256])) == dense_shapes(3072, [512, 256], 10)
    for side in (28, 32):
        assert weights_of(minialexnet(side)) == minialexnet_shapes(side)
    assert minialexnet_shapes(28)["dense1"] == (384, 5400)
    assert matrix_shape(minialexnet_shapes(28)["conv2"]) == (150, 7500)
    with pytest.raises(ValueError, match="at least 7 pixels"):
        minialexnet_shapes(6)


@pytest.mark.parametrize(
    ("settings", "side"),
    [
        ({"architecture": "mlp", "hidden": [8], "crop": None}, 32),
        ({"architecture": "mlp", "hidden": [8, 8], "crop": 20}, 20),
        ({"architecture": "minialexnet", "crop": 28}, 28),
        ({"architecture": "minialexnet", "crop": None}, 32),
    ],
)
def test_networks_of_the_configuration_take_their_images(settings, side):
    assert build(settings)(torch.zeros(2, 3, side, side)).shape == (2, 10)


def test_glorot_weights_have_the_right_range_and_biases_are_zero():
    model = minialexnet(28)
    initialise_glorot(model, 1)
    for name, array in parameters_of(model).items():
        if name.endswith("bias"):
            assert not array.any()
            continue
        outputs, inputs, *window = array.shape
        bound = math.sqrt(6 / ((outputs + inputs) * math.prod(window)))
        assert abs(array).max() <= bound
        assert array.std() == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert abs(array).max() > 0.99 * bound


def test_initial_weights_follow_the_seed():
    first, same, other = (feed_forward([6]) for _ in range(3))
    for model, seed in ((first, 1), (same, 1), (other, 2)):
        initialise_glorot(model, seed)
    assert torch.equal(first.dense1.weight, same.dense1.weight)
    assert not torch.equal(first.dense1.weight, other.dense1.weight)


def test_response_normalisation_sums_over_eleven_channels():
    """TensorFlow's formula, which does not divide by the number of channels, written out."""
    images = torch.randn(2, 20, 3, 3, dtype=torch.float64)
    expected = torch.empty_like(images)
    for channel in range(20):
        near = images[:, max(0, channel - 5) : channel + 6]
        expected[:, channel] = images[:, channel] / torch.sqrt(1 + (near**2).sum(1))
    torch.testing.assert_close(response_normalisation()(images), expected)


def test_each_image_is_standardised_by_itself():
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    images[3] = 7
    result = standardise_images(images)
    assert result.shape == (4, 3, 5, 6)
    assert result.dtype == torch.float32
    values = images[:3].astype(np.float64)
    expected = (values - values.mean((1, 2, 3), keepdims=True)) / values.std((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(result[:3].numpy().transpose(0, 2, 3, 1), expected, atol=1e-5)
    assert not result[3].any()


def test_parameters_go_out_and_in_again():
    first, second = feed_forward([6]), feed_forward([6])
    load_parameters(second, parameters_of(first))
    images = torch.randn(3, 3, 32, 32)
    assert torch.equal(first(images), second(images))
    with pytest.raises(KeyError):
        load_parameters(second, {})
