"""Networks: shapes against torch's own count, initial weights, response normalisation, images."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from deepspectra.nn.activations import activation
from deepspectra.nn.architectures import dense_shapes, lenet_shapes, matrix_shape, minialexnet_shapes
from deepspectra.nn.networks import (
    INITIAL_STREAM,
    ScaledActivation,
    build,
    feed_forward,
    initialise_default,
    initialise_gaussian,
    initialise_glorot,
    kernel_network,
    lenet,
    load_parameters,
    minialexnet,
    parameters_of,
    response_normalisation,
    standardise_images,
)
from deepspectra.rmt.ensembles import generator
from deepspectra.spectra.curvature.piecewise import why_not_piecewise
from deepspectra.spectra.kernels.networks import network_kernels


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


@pytest.mark.parametrize("nonlinearity", ["relu", "tanh"])
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
def test_networks_of_baskerville_take_their_samples(settings, shape, outputs, nonlinearity):
    model = build(settings | {"activation": nonlinearity})
    assert model(torch.zeros(2, *shape)).shape == (2, outputs)
    kinds = [type(layer).__name__ for layer in model]
    hidden = 4 if settings["architecture"] == "lenet" else len(settings["hidden"])
    assert kinds.count({"relu": "ReLU", "tanh": "Tanh"}[nonlinearity]) == hidden
    assert kinds.count({"relu": "Tanh", "tanh": "ReLU"}[nonlinearity]) == 0


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


def kernels_model(inputs, hidden, name="arctan", seed=4):
    """A network of fan2020 in float64."""
    model = kernel_network(inputs, hidden, activation(name))
    initialise_gaussian(model, seed)
    return model.double()


@pytest.mark.parametrize("hidden", [(7,), (8, 5, 6)])
def test_a_kernel_network_computes_equation_1(hidden):
    """w' sigma(W_L ... sigma(W_1 x) / sqrt(d_1) ...) / sqrt(d_L) in NumPy, with the scale of arctan by quadrature."""
    square = integrate.quad(lambda x: np.arctan(x) ** 2 * stats.norm.pdf(x), -12, 12, epsabs=1e-14, epsrel=1e-13)[0]
    model = kernels_model(5, hidden)
    x = np.random.default_rng(0).standard_normal((5, 9))
    *weights, readout = (array.numpy() for array in model.state_dict().values())
    left = x
    for matrix, width in zip(weights, hidden, strict=True):
        left = np.arctan(matrix @ left) / np.sqrt(square * width)
    outputs = model(torch.from_numpy(x.T)).detach().numpy()
    assert outputs.shape == (9, 1)
    np.testing.assert_allclose(outputs, (readout @ left).T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["arctan", "cosine"])
def test_the_jacobian_of_a_kernel_network_gives_its_kernels(name):
    """What is trained is what the kernels are of: gradients by torch of the module, and the kernels by layers."""
    model = kernels_model(6, (9, 7, 8), name)
    x = torch.randn(11, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    parameters = {key: parameter.detach() for key, parameter in model.named_parameters()}

    def output(values, sample):
        return torch.func.functional_call(model, values, (sample,))[0]

    jacobian = torch.func.vmap(torch.func.jacrev(output), in_dims=(None, 0))(parameters, x)
    flat = torch.cat([jacobian[key].flatten(1) for key in parameters], 1)
    assert flat.shape == (11, 6 * 9 + 9 * 7 + 7 * 8 + 8)
    *weights, readout = parameters.values()
    kernels = network_kernels(x.T, weights, readout, activation(name))
    assert ((kernels.tangent - flat @ flat.T).abs().max() / kernels.tangent.abs().max()).item() < 1e-10
    # The output is linear in the last layer's weights, whose gradient is the last layer itself.
    last = jacobian["output.weight"].flatten(1)
    assert (kernels.conjugate - last @ last.T).abs().max().item() < 1e-10
    torch.testing.assert_close(last, model[:-1](x), rtol=1e-12, atol=1e-12)


def test_a_kernel_network_has_weights_alone():
    model = kernel_network(5, (7, 6, 4), activation("arctan"))
    shapes = {key: tuple(parameter.shape) for key, parameter in model.named_parameters()}
    assert shapes == {
        "dense1.weight": (7, 5),
        "dense2.weight": (6, 7),
        "dense3.weight": (4, 6),
        "output.weight": (1, 4),
    }
    assert {key: array.shape for key, array in parameters_of(model).items()} == {
        key.replace(".", "/"): shape for key, shape in shapes.items()
    }
    assert model(torch.zeros(2, 5)).dtype == torch.float32


def test_an_activation_is_divided_by_the_root_of_its_width():
    layer = ScaledActivation(activation("identity"), 16)
    x = torch.randn(3, 16)
    assert torch.equal(layer(x), x / 4)
    assert not list(layer.parameters())


def test_gaussian_weights_are_standard_and_independent():
    """Moments of N(0, 1) within five standard deviations, in each layer; layers of one shape are not correlated."""
    model = kernel_network(100, (150, 150, 150), activation("arctan"))
    initialise_gaussian(model, 3)
    weights = {key: array.astype(np.float64) for key, array in parameters_of(model).items()}
    for array in weights.values():
        for power, (mean, variance) in {1: (0, 1), 2: (1, 2), 3: (0, 15), 4: (3, 96)}.items():
            assert abs(np.mean(array**power) - mean) < 5 * np.sqrt(variance / array.size)
    second, third = weights["dense2/weight"], weights["dense3/weight"]
    # Place by place, transposed, and below in the order of drawing.
    for left, right in ((second, third), (second.T, third), (weights["dense1/weight"], second[:, :100])):
        assert abs(np.mean(left * right)) < 5 / np.sqrt(left.size)
    flat = [array.ravel()[:150] for array in weights.values()]
    products = (np.array(flat) @ np.transpose(flat) / 150)[np.triu_indices(4, 1)]
    assert np.abs(products).max() < 5 / np.sqrt(150)


def test_gaussian_weights_follow_the_seed_whatever_was_drawn_before():
    first, same, other = (kernel_network(6, (5, 4), activation("arctan")) for _ in range(3))
    torch.manual_seed(1)
    initialise_gaussian(first, 8)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    initialise_gaussian(same, 8)
    assert torch.equal(torch.get_rng_state(), before)
    initialise_gaussian(other, 9)
    for key, array in parameters_of(first).items():
        np.testing.assert_array_equal(array, parameters_of(same)[key])
        assert np.abs(array - parameters_of(other)[key]).min() > 0


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
