"""What stands in for a network in the limit (fan2020, lemma 3.5): a sum of conjugate kernels, and a linear model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.spectra.kernels.grams import difference, gram
from deepspectra.spectra.kernels.networks import Kernels, Report, checked_accumulation, checked_matrix, say
from deepspectra.spectra.kernels.waiting import waiting_room
from deepspectra.spectra.kernels.weights import RandomWeights, checked_widths


@torch.no_grad()
def linear_equivalent(
    inputs: np.ndarray | torch.Tensor,
    widths: Sequence[int],
    b_sigma: float,
    a_sigma: float,
    seed: int,
    *,
    rates: Sequence[float] | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    accumulation: torch.dtype | None = None,
    scratch: Path | None = None,
    report: Report | None = None,
) -> Kernels:
    """Kernels of the limit's own model at finite size: a linear network with independent noise in every layer.

    X_l = (b W_l X_{l-1} + sqrt(1 - b^2) G_l) / sqrt(d_l), all entries of W_l and G_l independent N(0, 1): given
    X_{l-1}, the rows of sqrt(d_l) X_l are Gaussian with covariance (1 - b^2) Id + b^2 X_{l-1}'X_{l-1}, whose
    Marchenko-Pastur map is eq. 8. ``tangent`` is that of :func:`lemma_tangent`, shape (n, n): for k outputs the limit
    is k copies of it, with the same spectrum.

    The spectra have the limit laws of a network with these constants, and the distance of one such sample to the law
    is what finite size alone costs: the measure for a network's own distance. ``seed`` gives W_l the numbers it gives
    the network of :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`.

    :param inputs: X_0, shape (d_0, n).
    :param widths: d_1, ..., d_L.

    Further parameters are those of :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`; what waits in
    ``scratch`` are Gram matrices of lower precision, where both kernels are made.

    :raises UserError: as that function, or if not b_sigma^2 <= 1 <= a_sigma.
    """
    x = checked_matrix(inputs, device, dtype)
    weights = RandomWeights(checked_widths(x.shape[0], widths), seed, x.device, dtype)
    layers = len(weights.widths) - 1
    tangent_coefficients(layers, b_sigma, a_sigma, rates)  # refused before the work rather than after
    accumulation = checked_accumulation(dtype, accumulation)
    compared = accumulation != dtype

    grams, gram_differences, tangent_difference = [], [], None
    with waiting_room(scratch) as room:
        for layer in range(layers + 1):
            if layer > 0:
                x = _following_layer(x, weights, layer, b_sigma)
            grams.append(gram(x, accumulation))
            if compared:
                plain = gram(x, dtype)
                gram_differences.append(difference(plain, grams[-1]))
                room.put("grams", plain)
                del plain
            if layer > 0:
                say(report, f"layer {layer} of {layers}: linear model")
        tangent = lemma_tangent(grams, b_sigma, a_sigma, rates)
        if compared:
            plain_grams = (plain.to(x.device) for _, plain in room.take("grams"))
            plain_tangent = _weighted_sum(plain_grams, *tangent_coefficients(layers, b_sigma, a_sigma, rates))
            tangent_difference = difference(plain_tangent, tangent)
    return Kernels(tuple(grams), tangent, tuple(gram_differences) if compared else None, tangent_difference)


def lemma_tangent(
    grams: Sequence[torch.Tensor], b_sigma: float, a_sigma: float, rates: Sequence[float] | None = None
) -> torch.Tensor:
    """r_+ Id + X_L'X_L + sum_l q_l X_l'X_l, shape (n, n): what lemma 3.5 puts in the place of K_NTK.

    Theorem 3.7 is about this matrix; theorem 3.8 about the one with each layer's term, and its share of r_+, weighted
    by its rate. How far its spectrum is from K_NTK's at finite size is the lemma's own error, apart from that of the
    limit.

    :param grams: X_l'X_l for l = 0, ..., L.
    :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :raises UserError: if there are not L + 1 positive rates, or not b_sigma^2 <= 1 <= a_sigma.
    """
    return _weighted_sum(grams, *tangent_coefficients(len(grams) - 1, b_sigma, a_sigma, rates))


def _weighted_sum(grams: Iterable[torch.Tensor], shift: float, coefficients: Sequence[float]) -> torch.Tensor:
    """z_{-1} Id + sum_l z_l X_l'X_l; of the matrices, one at a time."""
    total = None
    for coefficient, matrix in zip(coefficients, grams, strict=True):
        total = coefficient * matrix if total is None else total.add_(matrix, alpha=coefficient)
    total.diagonal().add_(shift)
    return total


def _following_layer(x: torch.Tensor, weights: RandomWeights, layer: int, b_sigma: float) -> torch.Tensor:
    """X_l of X_{l-1}, shape (d_l, n)."""
    level = math.sqrt(max(1 - b_sigma**2, 0.0))
    following = x.new_empty(weights.widths[layer], x.shape[1])
    for block, (rows, values) in enumerate(weights.blocks(layer)):
        part = torch.matmul(values, x, out=following[rows])
        part *= b_sigma
        part += weights.noise(layer, block, part.shape).mul_(level)
        del values
    return following.div_(math.sqrt(weights.widths[layer]))
