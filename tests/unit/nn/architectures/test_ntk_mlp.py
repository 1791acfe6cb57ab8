"""The network of fan2020: equation 1, its kernels, and Gaussian weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network, scaled_activation
from deepspectra.nn.networks import initialise_gaussian, parameters_of
from deepspectra.spectra.kernels.networks import network_kernels


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
    """The module that is trained has the kernels that are computed layer by layer: gradients by torch agree."""
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
    assert (kernels.grams[-1] - last @ last.T).abs().max().item() < 1e-10
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
    layer = scaled_activation(activation("identity"), 16)
    x = torch.randn(3, 16)
    assert torch.equal(layer(x), x / 4)
    assert not list(layer.parameters())
