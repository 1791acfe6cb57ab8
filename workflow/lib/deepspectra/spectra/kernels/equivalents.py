"""Stand-ins for a network in the limit (fan2020, lemma 3.5): a sum of conjugate kernels, and a linear model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from deepspectra.rmt.limits.coefficients import tangent_coefficients
from deepspectra.spectra.kernels.grams import difference, gram
from deepspectra.spectra.kernels.networks import Kernels, LayerReport, checked_accumulation, checked_matrix, silent
from deepspectra.spectra.kernels.waiting import waiting_room
from deepspectra.spectra.kernels.weights import RandomWeights, checked_widths

__all__ = ["lemma_tangent", "linear_equivalent"]


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
    report: LayerReport = silent,
) -> Kernels:
    """Kernels of the limit's own model at finite size: a linear network with independent noise in every layer.

    X_l = (b W_l X_{l-1} + sqrt(1 - b^2) G_l) / sqrt(d_l), all entries of W_l and G_l independent N(0, 1): given
    X_{l-1}, the rows of sqrt(d_l) X_l are Gaussian with covariance (1 - b^2) Id + b^2 X_{l-1}'X_{l-1}, whose
    Marchenko-Pastur map is eq. 8. ``tangent`` is that of :func:`lemma_tangent`, shape (n, n): for k outputs the limit
    is k copies of it, with the same spectrum.

    The spectra have the limit laws of a network with these constants. The distance of one such sample to the law is due
    to finite size alone, and a network's own distance is judged by it. W_l has the same numbers as in the network that
    :func:`~deepspectra.spectra.kernels.networks.random_network_kernels` draws from this seed.

    :param inputs: X_0, shape (d_0, n).
    :param widths: d_1, ..., d_L.

    Further parameters are those of :func:`~deepspectra.spectra.kernels.networks.random_network_kernels`. Only Gram
    matrices of lower precision wait in ``scratch``, where both kernels are computed.

    :raises UserError: as that function, or if not b_sigma^2 <= 1 <= a_sigma.
    """
    x = checked_matrix(inputs, device, dtype)
    weights = RandomWeights(checked_widths(x.shape[0], widths), seed, x.device, dtype)
    layers = len(weights.widths) - 1
    tangent_coefficients(layers, b_sigma, a_sigma, rates)  # fail before the work
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
                report(f"layer {layer} of {layers}: linear model")
        tangent = lemma_tangent(grams, b_sigma, a_sigma, rates)
        if compared:
            plain_grams = (plain.to(x.device) for _, plain in room.take("grams"))
            plain_tangent = _weighted_sum(plain_grams, *tangent_coefficients(layers, b_sigma, a_sigma, rates))
            tangent_difference = difference(plain_tangent, tangent)
    return Kernels(tuple(grams), tangent, tuple(gram_differences) if compared else None, tangent_difference)


def lemma_tangent(
    grams: Sequence[torch.Tensor], b_sigma: float, a_sigma: float, rates: Sequence[float] | None = None
) -> torch.Tensor:
    """r_+ Id + X_L'X_L + sum_l q_l X_l'X_l, shape (n, n): lemma 3.5's approximation of K_NTK.

    Theorem 3.7 is about this matrix; in theorem 3.8 each layer's term, and its share of r_+, are weighted by its rate.
    At finite size, the distance of its spectrum to that of K_NTK is the lemma's own error, separate from the limit's.

    :param grams: X_l'X_l for l = 0, ..., L.
    :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :raises UserError: if there are not L + 1 positive rates, or not b_sigma^2 <= 1 <= a_sigma.
    """
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


def _following_layer(x: torch.Tensor, weights: RandomWeights, layer: int, b_sigma: float) -> torch.Tensor:
    """X_l from X_{l-1}, shape (d_l, n)."""
    level = math.sqrt(max(1 - b_sigma**2, 0.0))
    following = x.new_empty(weights.widths[layer], x.shape[1])
    for block, (rows, values) in enumerate(weights.blocks(layer)):
        part = torch.matmul(values, x, out=following[rows])
        part *= b_sigma
        part += weights.noise(layer, block, part.shape).mul_(level)
        del values
    return following.div_(math.sqrt(weights.widths[layer]))
