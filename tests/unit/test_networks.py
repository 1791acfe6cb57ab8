"""Networks: shapes against torch's own count, initial weights, response normalisation, images."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from deepspectra.architectures import dense_shapes, lenet_shapes, matrix_shape, minialexnet_shapes
from deepspectra.curvature.piecewise import why_not_piecewise
from deepspectra.ensembles import generator
from deepspectra.networks import (
    INITIAL_STREAM,
    build,
    feed_forward,
    initialise_default,
    initialise_glorot,
    lenet,
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
    assert weights_of(lenet()) == lenet_shapes()
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


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    ("settings", "shape", "outputs"),
    [
        ({"data": "mnist", "architecture": "mlp", "hidden": []}, (784,), 10),
        ({"data": "mnist", "architecture": "mlp", "hidden": [10, 100]}, (784,), 10),
        ({"data": "features", "architecture": "mlp", "hidden": []}, (512,), 10),
        ({"data": "cifar10", "architecture": "mlp", "hidden": [4]}, (3, 32, 32), 10),
        ({"data": "cifar10", "architecture": "lenet", "hidden": []}, (3, 32, 32), 10),
        ({"data": "bike", "architecture": "mlp", "hidden": [5, 5]}, (13,), 1),
    ],
)
def test_networks_of_baskerville_take_their_samples(settings, shape, outputs, activation):
    model = build(settings | {"activation": activation})
    assert model(torch.zeros(2, *shape)).shape == (2, outputs)
    kinds = [type(layer).__name__ for layer in model]
    hidden = 4 if settings["architecture"] == "lenet" else len(settings["hidden"])
    assert kinds.count({"relu": "ReLU", "tanh": "Tanh"}[activation]) == hidden
    assert kinds.count({"relu": "Tanh", "tanh": "ReLU"}[activation]) == 0


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


@pytest.mark.parametrize("architecture", ["mlp", "lenet"])
def test_default_weights_are_torchs_own_whatever_was_drawn_before(architecture):
    """Equal to the bit to layers that are made while torch's global generator has the same seed."""
    settings = {"data": "cifar10", "architecture": architecture, "hidden": [7, 5], "activation": "relu"}
    with torch.random.fork_rng():
        torch.manual_seed(generator(9, INITIAL_STREAM).initial_seed())
        expected = parameters_of(build(settings))
    model, other = build(settings), build(settings)
    torch.manual_seed(123)
    before = torch.get_rng_state()
    initialise_default(model, 9)
    assert torch.equal(torch.get_rng_state(), before)
    for name, array in parameters_of(model).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)
    initialise_default(other, 10)
    assert not torch.equal(model.output.weight, other.output.weight)


def test_default_weights_and_biases_have_the_range_of_their_inputs():
    model = lenet()
    initialise_default(model, 1)
    for name, inputs in {"conv1": 75, "conv2": 150, "dense1": 400, "dense2": 35, "output": 50}.items():
        layer = getattr(model, name)
        for values in (layer.weight.detach(), layer.bias.detach()):
            assert float(values.abs().max()) <= inputs**-0.5 * (1 + 1e-6)
        assert float(layer.weight.detach().abs().max()) > 0.97 * inputs**-0.5
        assert float(layer.weight.detach().std()) == pytest.approx((3 * inputs) ** -0.5, rel=0.1)
        assert layer.bias.detach().any()
    with pytest.raises(ValueError, match="BatchNorm1d are not known"):
        initialise_default(torch.nn.BatchNorm1d(3), 1)


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
