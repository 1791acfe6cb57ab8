from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from deepspectra.nn.activations import Activation, activation
from deepspectra.rmt.distances import ks_distance
from deepspectra.rmt.laws.marchenko_pastur import MarchenkoPastur
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.rmt.limits.inputs import MarchenkoPasturInput
from deepspectra.rmt.limits.layered import tangent_kernel
from deepspectra.rmt.limits.solver import limit_law
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels import networks
from deepspectra.spectra.kernels.equivalents import lemma_tangent, linear_equivalent
from deepspectra.spectra.kernels.networks import network_kernels, random_network_kernels
from deepspectra.spectra.kernels.weights import RandomWeights


def gaussian_inputs(dimension, count, seed=0):
    return np.random.default_rng(seed).normal(size=(dimension, count)) / np.sqrt(dimension)


def random_weights(widths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    matrices = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    return matrices, torch.randn(widths[-1], generator=generator, dtype=torch.float64)


def output(parameters, x, sigma):
    """Eq. 1 or, with a readout of shape (d_L, k), eq. 16, for one sample."""
    *matrices, readout = parameters
    for matrix in matrices:
        x = sigma(matrix @ x) / matrix.shape[0] ** 0.5
    return x @ readout


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
    torch.testing.assert_close(kernels.grams[-1], last.T @ last, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("widths", [(5, 8), (4, 9, 5, 6)])
def test_outputs_and_rates_weight_the_parts_of_the_jacobian(widths, outputs):
    """Eq. 17 by brute force, flattened output by output."""
    sigma, x = activation("arctan"), torch.from_numpy(gaussian_inputs(widths[0], 7))
    matrices, _ = random_weights(widths)
    readout = torch.from_numpy(np.random.default_rng(1).normal(size=(widths[-1], outputs)))
    rates = [0.5, 2.0, 3.0, 0.25][: len(widths)]
    parameters = (*matrices, readout)
    jacobian = torch.func.vmap(torch.func.jacrev(output), in_dims=(None, 1, None))(parameters, x, sigma)
    expected = torch.zeros(7 * outputs, 7 * outputs, dtype=torch.float64)
    for rate, part in zip(rates, jacobian, strict=True):
        rows = part.transpose(0, 1).reshape(outputs * 7, -1)  # part: (sample, output, *shape of the weights)
        expected += rate * rows @ rows.T
    kernels = network_kernels(x, matrices, readout, sigma, rates=rates)
    assert kernels.tangent.shape == expected.shape
    assert ((kernels.tangent - expected).abs().max() / expected.abs().max()).item() < 1e-13
    assert torch.equal(kernels.tangent, kernels.tangent.T)
    assert kernels.grams[-1].shape == (7, 7)


@pytest.mark.parametrize("outputs", [1, 2])
def test_sensitivities_have_the_mean_entries_of_their_gram_matrices(outputs):
    """S_l by its definition, output by output."""
    sigma, x, (matrices, _) = activation("arctan"), torch.from_numpy(gaussian_inputs(5, 7)), random_weights((5, 8, 6))
    readout = torch.from_numpy(np.random.default_rng(1).normal(size=(6, outputs)))
    below = sigma(matrices[0] @ x) / 8**0.5
    expected = np.zeros((2, 2))
    for column in readout.T:
        last = column[:, None] * sigma.derivative(matrices[1] @ below) / 6**0.5
        first = sigma.derivative(matrices[0] @ x) * (matrices[1].T @ last) / 8**0.5
        for layer, sensitivity in enumerate((first, last)):
            gram = sensitivity.T @ sensitivity
            trace = gram.trace()
            expected[layer] += np.array([trace / 7, (gram.sum() - trace) / 42]) / outputs
    found = network_kernels(x, matrices, readout, sigma).sensitivities
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_outputs_of_more_samples_than_a_block():
    """Blocks of rows end with an output; each block (a, b) by polarisation of kernels of one output."""
    sigma, x, (matrices, _) = activation("arctan"), gaussian_inputs(20, 1500), random_weights((20, 30, 25))
    readout = np.random.default_rng(1).normal(size=(25, 2))

    def alone(column):
        kernels = network_kernels(x, matrices, column, sigma)
        return kernels.tangent - kernels.grams[-1]  # a quadratic form in w

    first, second = alone(readout[:, 0]), alone(readout[:, 1])
    both = network_kernels(x, matrices, readout, sigma)
    scale = both.tangent.abs().max()
    mixed = (alone(readout.sum(axis=1)) - alone(readout[:, 0] - readout[:, 1])) / 4
    assert (both.tangent[:1500, :1500] - both.grams[-1] - first).abs().max() < 1e-13 * scale
    assert (both.tangent[1500:, 1500:] - both.grams[-1] - second).abs().max() < 1e-13 * scale
    off_diagonal = both.tangent[:1500, 1500:] + both.tangent[1500:, :1500]
    assert (off_diagonal - 2 * mixed).abs().max() < 1e-13 * scale
    assert torch.equal(both.tangent, both.tangent.T)


def test_random_outputs_are_those_of_networks_with_fewer():
    x, sigma = gaussian_inputs(30, 20), activation("arctan")
    one = random_network_kernels(x, (25, 35), sigma, seed=1, dtype=torch.float64)
    three = random_network_kernels(x, (25, 35), sigma, seed=1, dtype=torch.float64, outputs=3)
    torch.testing.assert_close(three.tangent[:20, :20], one.tangent, rtol=1e-13, atol=1e-13)
    assert (three.tangent[20:40, 20:40] - one.tangent).abs().max() > 0.01
    assert (three.tangent[40:, 40:] - three.tangent[20:40, 20:40]).abs().max() > 0.01


def cosines(*shape):
    """Weights that both packages of the next test can make."""
    return np.cos(np.arange(1.0, np.prod(shape) + 1) ** 1.5).reshape(shape)


@pytest.mark.parametrize(
    ("widths", "outputs", "expected"),
    [
        (
            (4, 5, 6),
            1,
            [
                *(0.36062186360247533, -0.12861588903747626, -0.03125378800549027),
                *(0.24043291124398306, -0.12610399629302704),
                0.1973980804304061,
            ],
        ),
        (
            (4, 5, 6, 3),
            2,
            [
                *(0.1240114813374239, -0.06257508937791693, 0.008747097670419887),
                *(-0.08451460431492201, 0.032341432094203273, 0.006785421874727537),
                *(0.10595402271929438, -0.052427912988958096),
                *(0.033152769723153806, -0.06205476104236207, 0.03636851277076161),
                *(0.07057104962410517, 0.005826963537037448, 0.034541113926743125, -0.05945559110498757),
                *(0.16208781428348168, -0.06809139989755153, 0.0093419065569343),
                *(0.10370482820858308, -0.056603041920828656),
                0.07677570505761898,
            ],
        ),
    ],
)
def test_neural_tangents_finds_the_same(widths, outputs, expected):
    """Upper triangles of K_NTK by neural-tangents 0.6.5 with jax 0.4.23, in float64 (jax_enable_x64).

    Made by the lines below; its four implementations agree to 15 digits. Its first layer divides by sqrt(d_0), eq. 16
    does not.

        layers = []
        for width in widths[1:]:
            layers += [stax.Dense(width, parameterization="ntk", b_std=None), stax.Elementwise(jnp.arctan)]
        _, apply, _ = stax.serial(*layers, stax.Dense(outputs, parameterization="ntk", b_std=None))
        parameters = []
        for below, above in pairwise(widths):
            parameters += [(cosines(above, below).T, None), ()]
        parameters.append((cosines(widths[-1], outputs), None))
        kernel = neural_tangents.empirical_ntk_fn(
            lambda parameters, x: apply(parameters, x * sqrt(widths[0])), trace_axes=()
        )(cosines(widths[0], 3).T, None, parameters)
        kernel.transpose(2, 0, 3, 1).reshape(3 * outputs, 3 * outputs)[np.triu_indices(3 * outputs)]
    """
    plain = Activation("arctan alone", torch.arctan, lambda x: 1 / (1 + x * x))
    matrices = [cosines(above, below) for below, above in pairwise(widths)]
    kernels = network_kernels(cosines(widths[0], 3), matrices, cosines(widths[-1], outputs), plain)
    found = kernels.tangent.numpy()[np.triu_indices(3 * outputs)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


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
    torch.testing.assert_close(model.grams[-1], linear.grams[-1], rtol=1e-12, atol=1e-12)


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


def test_traces_of_wide_networks_are_those_of_the_limit():
    """Diagonals of X_l'X_l are near 1, so K_NTK's are near r_+ + 1 + sum q_l, for wide networks and b below 1 alike."""
    for name in ("arctan", "cosine"):
        sigma = activation(name)
        x = gaussian_inputs(2000, 100)
        kernels = random_network_kernels(x / np.linalg.norm(x, axis=0), (2000, 2000), sigma, seed=2)
        shift, coefficients = tangent_coefficients(2, sigma.b_sigma, sigma.a_sigma)
        assert kernels.grams[-1].diagonal().mean().item() == pytest.approx(1, abs=0.03)
        assert kernels.tangent.diagonal().mean().item() == pytest.approx(shift + sum(coefficients), rel=0.05)


def test_the_linear_model_without_linear_part_is_marchenko_pastur():
    """Lemma 3.5 at b = 0: independent noise, whatever the inputs; K_NTK is its translate."""
    model = linear_equivalent(gaussian_inputs(100, 400), (300, 800), 0.0, 2.5, seed=0, dtype=torch.float64)
    law = MarchenkoPastur(400 / 800)
    values = np.linalg.eigvalsh(model.grams[-1].numpy())
    assert ks_distance(values, law.cdf) < 0.01
    torch.testing.assert_close(
        model.tangent, model.grams[-1] + (2.5 + 2.5**2) * torch.eye(400, dtype=torch.float64), rtol=0, atol=1e-13
    )


def test_the_linear_model_has_the_conditional_covariance_of_the_limit():
    """E[X_1'X_1 | X_0] = (1 - b^2) Id + b^2 X_0'X_0, within the noise of a wide layer."""
    x, b = gaussian_inputs(8, 5), 0.8
    model = linear_equivalent(x, (200_000,), b, 1.3, seed=1, dtype=torch.float64)
    expected = (1 - b**2) * np.eye(5) + b**2 * x.T @ x
    np.testing.assert_allclose(model.grams[-1].numpy(), expected, atol=0.02)


def by_numpy(x, source, sigma, layers):
    """X_0, ..., X_L in float32 as the library has them, and S_1, ..., S_L, for Gram matrices in float64."""
    activations, slopes = [x.float()], []
    for layer in range(1, layers + 1):
        matrix = torch.cat([values for _, values in source.blocks(layer)])
        root = matrix.shape[0] ** 0.5
        preactivation = matrix @ activations[-1]
        activations.append(sigma(preactivation) / root)
        slopes.append(sigma.derivative(preactivation) / root)
    sensitivities = [slopes[-1] * source.readout()]
    for layer in range(layers, 1, -1):
        matrix = torch.cat([values for _, values in source.blocks(layer)])
        sensitivities.insert(0, (matrix.T @ sensitivities[0]) * slopes[layer - 2])
    return [a.double().numpy() for a in activations], [s.double().numpy() for s in sensitivities]


@pytest.mark.parametrize("scratch", [False, True])
def test_float64_accumulation_is_that_of_the_float32_arrays(scratch, tmp_path):
    """More rows and samples than a block has; the differences are those from the plain float32 kernels."""
    widths, sigma = (40, 1100, 300), activation("arctan")
    x = torch.from_numpy(gaussian_inputs(40, 1100))
    options = {"scratch": tmp_path if scratch else None}
    kernels = random_network_kernels(x, widths[1:], sigma, 4, accumulation=torch.float64, **options)
    plain = random_network_kernels(x, widths[1:], sigma, 4)
    source = RandomWeights(widths, 4, torch.device("cpu"), torch.float32)
    layers, sensitivities = by_numpy(x, source, sigma, 2)
    grams = [layer.T @ layer for layer in layers]
    tangent = grams[-1] + sum((s.T @ s) * gram for s, gram in zip(sensitivities, grams[:-1], strict=True))
    for found, expected in zip((*kernels.grams, kernels.tangent), (*grams, tangent), strict=True):
        assert found.dtype == torch.float64
        assert torch.equal(found, found.T)
        # Products W X in blocks and in the whole may differ in their last bits, but Gram matrices do not add to that.
        assert np.linalg.norm(found.numpy() - expected) < 1e-7 * np.linalg.norm(expected)
    # Of X_0 itself the arrays are the same to the last bit.
    np.testing.assert_allclose(kernels.grams[0].numpy(), grams[0], rtol=0, atol=1e-14)

    pairs = [
        *zip(plain.grams, kernels.grams, kernels.gram_differences, strict=True),
        (plain.tangent, kernels.tangent, kernels.tangent_difference),
    ]
    for lower, higher, stated in pairs:
        change = (lower.double() - higher).numpy()
        assert stated.largest_entry == pytest.approx(np.abs(change).max(), rel=1e-12)
        assert stated.relative_norm == pytest.approx(np.linalg.norm(change) / np.linalg.norm(higher.numpy()), rel=1e-9)
        # Of the order of float32's rounding: neither nothing nor an error.
        assert 1e-9 < stated.relative_norm < 1e-5
    assert json.loads(json.dumps(asdict(kernels.tangent_difference))) == asdict(kernels.tangent_difference)
    assert plain.gram_differences is None
    assert plain.tangent_difference is None


def test_accumulation_of_outputs_and_of_the_linear_model_is_compared_likewise():
    x, sigma, rates = gaussian_inputs(40, 70), activation("arctan"), (0.5, 2.0, 3.0)
    options = {"accumulation": torch.float64, "rates": rates}
    kernels = random_network_kernels(x, (50, 60), sigma, 4, outputs=2, **options)
    plain = random_network_kernels(x, (50, 60), sigma, 4, outputs=2, rates=rates)
    model = linear_equivalent(x, (50, 60), sigma.b_sigma, sigma.a_sigma, 4, **options)
    plain_model = linear_equivalent(x, (50, 60), sigma.b_sigma, sigma.a_sigma, 4, rates=rates)
    for rough, exact in ((plain, kernels), (plain_model, model)):
        found = (rough.tangent.double() - exact.tangent).abs().max().item()
        assert exact.tangent_difference.largest_entry == pytest.approx(found, rel=1e-12)
        assert 0 < found < 1e-4
        found = (rough.grams[-1].double() - exact.grams[-1]).abs().max().item()
        assert exact.gram_differences[-1].largest_entry == pytest.approx(found, rel=1e-12)


def tangent_distances(count, ratios, laws, rates, seed):
    """KS distances of the spectra of K_NTK, for two outputs, and of the lemma's matrix, from limit laws."""
    sigma, widths = activation("arctan"), [round(count / ratio) for ratio in ratios]
    x = gaussian_inputs(2 * count, count, seed)
    kernels = random_network_kernels(x, widths, sigma, seed, outputs=2, rates=rates, dtype=torch.float64)
    lemma = lemma_tangent(kernels.grams, sigma.b_sigma, sigma.a_sigma, rates)
    spectra = np.linalg.eigvalsh(kernels.tangent.numpy()), np.linalg.eigvalsh(lemma.numpy())
    return [[ks_distance(values, law.cdf, law.atoms, 1e-9) for law in laws] for values in spectra]


@pytest.mark.parametrize("ratios", [(0.5, 0.5), (0.5, 2.0)])
def test_spectra_at_other_rates_and_two_outputs_approach_theorem_3_8(ratios):
    """Means over seeds fall as n grows, and stay away from the laws of other rates.

    A network's own kernel moves with |w|^2/d_L and the like, so that it comes closer as n^(-1/2) only, the lemma's
    matrix as n^(-1): at 16 times the samples factors of 4 and 16 are expected, less at sizes this small, and half is
    asked for. Seen at n = 50, 100, 200, 400, 800, ratios (0.5, 0.5): 0.048, 0.030, 0.014, 0.013, 0.007 and, of the
    lemma's matrix, 0.042, 0.024, 0.013, 0.007, 0.004.
    """
    sigma, rates = activation("arctan"), (0.5, 2.0, 3.0)
    spectrum = MarchenkoPasturInput(0.5)
    laws = [
        limit_law(tangent_kernel(spectrum, ratios, sigma.b_sigma, sigma.a_sigma, other))
        for other in (rates, None, rates[::-1])
    ]
    few = np.mean([tangent_distances(32, ratios, laws, rates, seed) for seed in range(8)], axis=0)
    many = np.mean([tangent_distances(512, ratios, laws, rates, seed) for seed in range(8, 12)], axis=0)
    assert (many[:, 0] < few[:, 0] / 2).all(), (few, many)
    assert many[0, 0] < 0.03, many
    assert many[1, 0] < 0.01, many
    assert (many[:, 1:] > 0.1).all(), many


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
    with pytest.raises(UserError, match="do not match"):
        network_kernels(x, [np.ones((4, 3))], np.ones(4), sigma)
    with pytest.raises(UserError, match="do not match"):
        network_kernels(x, [np.ones((4, 5))], np.ones(3), sigma)
    with pytest.raises(UserError, match="finite"):
        network_kernels(np.full((5, 6), np.nan), [np.ones((4, 5))], np.ones(4), sigma)
    with pytest.raises(UserError, match="at least one hidden layer"):
        random_network_kernels(x, (), sigma, seed=0)
    with pytest.raises(UserError, match="b_sigma"):
        linear_equivalent(x, (4,), 0.5, 0.5, seed=0)
    with pytest.raises(UserError, match="do not match"):
        network_kernels(x, [np.ones((4, 5))], np.ones((3, 2)), sigma)


def test_parameters_that_make_no_sense_are_refused():
    x, sigma = gaussian_inputs(5, 6), activation("arctan")
    with pytest.raises(UserError, match="at least one output"):
        random_network_kernels(x, (4,), sigma, 0, outputs=0)
    with pytest.raises(UserError, match="2 positive rates"):
        random_network_kernels(x, (4,), sigma, 0, rates=(1.0,))
    with pytest.raises(UserError, match="positive rates"):
        linear_equivalent(x, (4,), 0.5, 1.5, 0, rates=(1.0, -1.0))
    with pytest.raises(UserError, match="less precise"):
        random_network_kernels(x, (4,), sigma, 0, dtype=torch.float64, accumulation=torch.float32)


def test_no_tensor_of_the_host_meets_one_of_a_gpu(monkeypatch):
    """By torch's tensors without values, which refuse to mix devices and need no GPU."""
    # What is read off as a number has no value here.
    monkeypatch.setattr(networks, "kernel_difference", lambda lower, higher: (lower.device.type, higher.device.type))
    monkeypatch.setattr(networks, "_mean_entries", lambda sensitivity: (0.0, 0.0))
    device = torch.device("cuda")
    with FakeTensorMode(allow_non_fake_inputs=True):
        x = torch.empty(60, 1100, device=device)
        weights = RandomWeights((60, 1500, 40, 30), 1, device, torch.float32, outputs=2)
        options = {"rates": (1.0, 2.0, 3.0, 4.0), "accumulation": torch.float64}
        kernels = networks._kernels(x, weights, activation("arctan"), options)
    assert kernels.tangent.device.type == "cuda"
    assert kernels.tangent.shape == (2200, 2200)
    assert {*kernels.gram_differences, kernels.tangent_difference} == {("cuda", "cuda")}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_network(tmp_path):
    x, sigma = gaussian_inputs(300, 200), activation("arctan")
    here = random_network_kernels(x, (1500, 400), sigma, seed=0, dtype=torch.float64)
    there = random_network_kernels(x, (1500, 400), sigma, seed=0, dtype=torch.float64, device="cuda")
    torch.testing.assert_close(there.tangent.cpu(), here.tangent, rtol=1e-10, atol=1e-12)
    options = {"outputs": 2, "accumulation": torch.float64, "scratch": tmp_path}
    here = random_network_kernels(x, (1500, 400), sigma, 0, **options)
    there = random_network_kernels(x, (1500, 400), sigma, 0, device="cuda", **options)
    torch.testing.assert_close(there.tangent.cpu(), here.tangent, rtol=1e-4, atol=1e-5)
    options.pop("outputs")
    assert linear_equivalent(x, (1500, 400), 0.5, 1.5, 0, device="cuda", **options).tangent.is_cuda
