"""Stand-ins for a network in the limit (fan2020, lemma 3.5), and all matrices at initialisation under their names."""

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from functools import partial
from typing import Unpack

import numpy as np
import torch

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.runtime.shapes import check_shapes
from deepspectra.spectra.kernels import networks
from deepspectra.spectra.kernels.grams import kernel_difference
from deepspectra.spectra.kernels.means import mean_tangent
from deepspectra.spectra.kernels.networks import KernelOptions, Kernels, Matrix
from deepspectra.spectra.kernels.waiting import waiting_room
from deepspectra.spectra.kernels.weights import RandomWeights

__all__ = ["initial_matrices", "lemma_tangent", "linear_equivalent"]

logger = logging.getLogger(__name__)


def initial_matrices(
    x: np.ndarray, widths: Sequence[int], activation: Activation, seed: int, **options: Unpack[KernelOptions]
) -> dict[str, np.ndarray]:
    """Kernels at initialisation, each of shape (n, n) and in the dtype of the accumulation.

    Parameters are those of :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`.

    :returns: ``conjugate_1``, ..., ``tangent``; ``lemma_tangent`` and ``mean_tangent``, its stand-ins; the linear
        equivalent's ``equivalent_conjugate_1``, ..., ``equivalent_tangent``; ``input`` and, of
        shape (L, 2), ``sensitivities``, always float64. Where kernels are compared, also ``difference/{kernel}``,
        shape (2,): largest entry and relative norm.
    """
    network = networks.random_network_kernels(x, widths, activation, seed, **options)
    matrices, differences, sensitivities = network.arrays(), {}, network.sensitivities
    if network.tangent_difference and network.gram_differences:
        found = zip(matrices, (*network.gram_differences[1:], network.tangent_difference), strict=True)
        differences = {f"difference/{name}": np.array(astuple(each)) for name, each in found}
    lemma = lemma_tangent(network.grams, activation.b_sigma, activation.a_sigma)
    mean, cut_off = mean_tangent(network.grams, activation)
    matrices |= {"lemma_tangent": lemma.cpu().numpy(), "mean_tangent": mean.cpu().numpy()}
    logger.info("mean sensitivities: entries are accurate to %.2g", cut_off)
    del network, lemma, mean  # the linear equivalent needs the memory
    linear = linear_equivalent(x, widths, activation.b_sigma, activation.a_sigma, seed, **options)
    matrices |= {f"equivalent_{name}": matrix for name, matrix in linear.arrays().items()}
    # In float64, whatever dtype is, zero eigenvalues of X'X can be told from small ones.
    return matrices | {"input": x.T @ x, "sensitivities": sensitivities} | differences


@torch.no_grad()
def linear_equivalent(
    inputs: Matrix, widths: Sequence[int], b_sigma: float, a_sigma: float, seed: int, **options: Unpack[KernelOptions]
) -> Kernels:
    """Kernels of the limit's own model at finite size: a linear network with independent noise in every layer.

    X_l = (b W_l X_{l-1} + sqrt(1 - b^2) G_l) / sqrt(d_l), all entries of W_l and G_l independent N(0, 1): given
    X_{l-1}, the rows of sqrt(d_l) X_l are Gaussian with covariance (1 - b^2) Id + b^2 X_{l-1}'X_{l-1}, whose
    Marchenko-Pastur map is eq. 8. ``tangent`` is that of :func:`lemma_tangent`, shape (n, n). The spectra have the
    limit laws of a network with these constants, and their distance to them is due to finite size alone. W_l is that of
    :func:`~deepspectra.spectra.kernels.networks.random_network_kernels` with this seed.

    :param inputs: X_0, shape (d_0, n). :param widths: d_1, ..., d_L.
    :raises UserError: as that function, or if not b_sigma^2 <= 1 <= a_sigma.
    """
    x = networks.checked_matrix(inputs, options)
    weights = RandomWeights((x.shape[0], *widths), seed, x.device, x.dtype)
    layers = len(widths)
    shift, coefficients = tangent_coefficients(layers, b_sigma, a_sigma, options.get("rates"))
    with waiting_room(options.get("scratch")) as room:
        following = partial(_following_layer, weights, b_sigma)
        grams, differences = networks.forward_pass(x, layers, following, room, options, "linear model")
        tangent, tangent_difference = _weighted_sum(grams, shift, coefficients), None
        if differences:
            plain = (room.take_whole(f"gram {layer}").to(x.device) for layer in range(layers + 1))
            tangent_difference = kernel_difference(_weighted_sum(plain, shift, coefficients), tangent)
    return Kernels(grams, tangent, differences, tangent_difference)


def lemma_tangent(
    grams: Sequence[torch.Tensor], b_sigma: float, a_sigma: float, rates: Sequence[float] | None = None
) -> torch.Tensor:
    """r_+ Id + X_L'X_L + sum_l q_l X_l'X_l, shape (n, n): lemma 3.5's approximation of K_NTK.

    In theorem 3.8 each layer's term, and its share of r_+, are weighted by its rate.

    :param grams: X_l'X_l for l = 0, ..., L. :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :raises UserError: if the kernels differ in shape, there are not L + 1 positive rates, or not b_sigma^2 <= 1 <=
        a_sigma.
    """
    check_shapes(**{f"kernel {layer}": (matrix, "n n") for layer, matrix in enumerate(grams)})
    return _weighted_sum(grams, *tangent_coefficients(len(grams) - 1, b_sigma, a_sigma, rates))


def _weighted_sum(grams: Iterable[torch.Tensor], shift: float, coefficients: Sequence[float]) -> torch.Tensor:
    """z_{-1} Id + sum_l z_l X_l'X_l, taking one matrix at a time."""
    pairs = zip(coefficients, grams, strict=True)
    first, matrix = next(pairs)
    total = first * matrix
    for coefficient, matrix in pairs:
        total.add_(matrix, alpha=coefficient)
    total.diagonal().add_(shift)
    return total


def _following_layer(weights: RandomWeights, b_sigma: float, x: torch.Tensor, layer: int) -> torch.Tensor:
    level = math.sqrt(max(1 - b_sigma**2, 0.0))
    following = x.new_empty(weights.widths[layer], x.shape[1])
    for block, (rows, values) in enumerate(weights.blocks(layer)):
        part = torch.matmul(values, x, out=following[rows])
        part *= b_sigma
        part += weights.noise(layer, block, part.shape).mul_(level)
        del values
    return following.div_(math.sqrt(weights.widths[layer]))
