from __future__ import annotations

import numpy as np
import pytest
import torch

from deepspectra.activations import activation
from deepspectra.errors import UserError
from deepspectra.kernels import linear_equivalent, network_kernels, random_network_kernels
from deepspectra.kernels.weights import RandomWeights
from deepspectra.laws import MarchenkoPastur
from deepspectra.limits.layered import tangent_coefficients
from deepspectra.statistics import ks_distance


def gaussian_inputs(dimension, count, seed=0):
    return np.random.default_rng(seed).normal(size=(dimension, count)) / np.sqrt(dimension)


def random_weights(widths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    matrices = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return matrices, torch.randn(widths[-1], generator=generator, dtype=torch.float64)


def output(parameters, x, sigma):
    """Eq. 1, for one sample."""
    *matrices, readout = parameters
    for matrix in matrices:
        x = sigma(matrix @ x) / matrix.shape[0] ** 0.5
    return readout @ x


@pytest.mark.parametrize("name", ["arctan", "cosine", "identity"])
@pytest.mark.parametrize("widths", [(5, 8), (6, 7, 4), (4, 9, 5, 6)])
def test_the_tangent_kernel_is_the_gram_matrix_of_the_jacobian(name, widths):
    sigma = activation(name)
    x = torch.from_numpy(gaussian_inputs(widths[0], 11))
    matrices, readout = random_weights(widths)
    parameters = (*matrices, readout)
    jacobian = torch.func.vmap(torch.func.jacrev(output), in_dims=(None, 1, None))(parameters, x, sigma)
    flat = torch.cat([part.flatten(1) for part in jacobian], dim=1)
    expected = flat @ flat.T
    kernels = network_kernels(x, matrices, readout, sigma)
    assert ((kernels.tangent - expected).abs().max() / expected.abs().max()).item() < 1e-13
    for layer in range(len(widths)):
        assert kernels.grams[layer].shape == (11, 11)
    last = x
    for matrix in matrices:
        last = sigma(matrix @ last) / matrix.shape[0] ** 0.5
    torch.testing.assert_close(kernels.conjugate, last.T @ last, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_kernels_are_exactly_symmetric(dtype):
    kernels = random_network_kernels(gaussian_inputs(60, 1100), (40, 50), activation("arctan"), seed=3, dtype=dtype)
    for matrix in (*kernels.grams, kernels.tangent):
        assert matrix.dtype == dtype
        assert torch.equal(matrix, matrix.T)


def test_random_weights_are_drawn_again_alike_and_in_blocks():
    """Widths beyond one block of rows; the same weights in the forward pass, the backward pass and another dtype."""
    sigma, x, widths = activation("arctan"), gaussian_inputs(30, 20), (1030, 1500)
    exact = random_network_kernels(x, widths, sigma, seed=5, dtype=torch.float64)
    rough = random_network_kernels(x, widths, sigma, seed=5)
    other = random_network_kernels(x, widths, sigma, seed=6)
    torch.testing.assert_close(rough.tangent.double(), exact.tangent, rtol=1e-4, atol=1e-5)
    assert (other.tangent - rough.tangent).abs().max() > 0.01

    # The linear model without noise (b = 1) is the linear network on the same W.
    linear = random_network_kernels(x, widths, activation("identity"), seed=5, dtype=torch.float64)
    model = linear_equivalent(x, widths, 1.0, 1.0, seed=5, dtype=torch.float64)
    torch.testing.assert_close(model.conjugate, linear.conjugate, rtol=1e-12, atol=1e-12)


def test_random_weights_are_the_same_in_both_passes():
    """Widths of more than one block; the weights put together from the blocks and given explicitly."""
    x, widths = gaussian_inputs(12, 9), (12, 1040, 1050)
    source = RandomWeights(widths, 4, torch.device("cpu"), torch.float64)
    matrices = [torch.cat([values for _, values in source.blocks(layer)]) for layer in (1, 2)]
    given = network_kernels(x, matrices, source.readout(), activation("arctan"))
    drawn = random_network_kernels(x, widths[1:], activation("arctan"), seed=4, dtype=torch.float64)
    torch.testing.assert_close(drawn.tangent, given.tangent, rtol=1e-12, atol=1e-12)
    everything = torch.cat([matrix.flatten() for matrix in matrices])
    assert abs(everything.mean().item()) < 4 / everything.numel() ** 0.5
    assert everything.var().item() == pytest.approx(1, abs=0.01)
    assert everything.unique().numel() > 0.9 * everything.numel()


def test_the_conjugate_kernel_alone_is_the_same():
    x, sigma = gaussian_inputs(30, 20), activation("arctan")
    both = random_network_kernels(x, (25, 35), sigma, seed=1)
    alone = random_network_kernels(x, (25, 35), sigma, seed=1, tangent=False)
    assert alone.tangent is None
    assert torch.equal(alone.conjugate, both.conjugate)


def test_traces_of_wide_networks_are_those_of_the_limit():
    """Diagonals of X_l'X_l are near 1, so K_NTK's are near r_+ + 1 + sum q_l, for wide networks and b below 1 alike."""
    for name in ("arctan", "cosine"):
        sigma = activation(name)
        x = gaussian_inputs(2000, 100)
        kernels = random_network_kernels(x / np.linalg.norm(x, axis=0), (2000, 2000), sigma, seed=2)
        shift, coefficients = tangent_coefficients(2, sigma.b_sigma, sigma.a_sigma)
        assert kernels.conjugate.diagonal().mean().item() == pytest.approx(1, abs=0.03)
        assert kernels.tangent.diagonal().mean().item() == pytest.approx(shift + sum(coefficients), rel=0.05)


def test_the_linear_model_without_linear_part_is_marchenko_pastur():
    """Lemma 3.5 at b = 0: independent noise, whatever the inputs; K_NTK is its translate."""
    model = linear_equivalent(gaussian_inputs(100, 400), (300, 800), 0.0, 2.5, seed=0, dtype=torch.float64)
    law = MarchenkoPastur(400 / 800)
    values = np.linalg.eigvalsh(model.conjugate.numpy())
    assert ks_distance(values, law.cdf) < 0.01
    torch.testing.assert_close(
        model.tangent, model.conjugate + (2.5 + 2.5**2) * torch.eye(400, dtype=torch.float64), rtol=0, atol=1e-13
    )


def test_the_linear_model_has_the_conditional_covariance_of_the_limit():
    """E[X_1'X_1 | X_0] = (1 - b^2) Id + b^2 X_0'X_0, within the noise of a wide layer."""
    x, b = gaussian_inputs(8, 5), 0.8
    model = linear_equivalent(x, (200_000,), b, 1.3, seed=1, dtype=torch.float64)
    expected = (1 - b**2) * np.eye(5) + b**2 * x.T @ x
    np.testing.assert_allclose(model.conjugate.numpy(), expected, atol=0.02)


def test_progress_is_reported_by_layer():
    lines = []
    random_network_kernels(gaussian_inputs(5, 6), (4, 3), activation("arctan"), seed=0, report=lines.append)
    assert lines == [
        "layer 1 of 2: forward",
        "layer 2 of 2: forward",
        "layer 2 of 2: backward",
        "layer 1 of 2: backward",
    ]


def test_shapes_that_do_not_fit_are_refused():
    x, sigma = gaussian_inputs(5, 6), activation("arctan")
    with pytest.raises(UserError, match="do not fit"):
        network_kernels(x, [np.ones((4, 3))], np.ones(4), sigma)
    with pytest.raises(UserError, match="do not fit"):
        network_kernels(x, [np.ones((4, 5))], np.ones(3), sigma)
    with pytest.raises(UserError, match="finite"):
        network_kernels(np.full((5, 6), np.nan), [np.ones((4, 5))], np.ones(4), sigma)
    with pytest.raises(UserError, match="at least one hidden layer"):
        random_network_kernels(x, (), sigma, seed=0)
    with pytest.raises(UserError, match="b_sigma"):
        linear_equivalent(x, (4,), 0.5, 0.5, seed=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_network():
    x, sigma = gaussian_inputs(300, 200), activation("arctan")
    here = random_network_kernels(x, (1500, 400), sigma, seed=0, dtype=torch.float64)
    there = random_network_kernels(x, (1500, 400), sigma, seed=0, dtype=torch.float64, device="cuda")
    torch.testing.assert_close(there.tangent.cpu(), here.tangent, rtol=1e-10, atol=1e-12)
