"""Both kernels of a network, from the means of a given Gram matrix, for :mod:`deepspectra.rmt.limits.gram`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deepspectra.nn.activations import Activation
from deepspectra.nn.quadrature import gaussian_expectation
from deepspectra.rmt.limits.gram import GramKernel, Noise
from deepspectra.spectra.gram_means import GramMeans

__all__ = ["conjugate_gram_kernel", "tangent_gram_kernel"]

# Nodes of a quadrature over the common part of a neuron's entries, and groups of jumps of about equal size.
_NODES, _GROUPS = 12, 24
# Noise below this share of the tangent kernel is rounding.
_ROUNDING = 1e-7


def conjugate_gram_kernel(means: GramMeans, ratios: Sequence[float], layer: int | None = None) -> GramKernel:
    """The conjugate kernel X_l'X_l, of the last layer unless ``layer`` (1 to L) names another.

    :param ratios: gamma_1, ..., gamma_L.
    """
    layer = len(ratios) if layer is None else layer
    return _kernel(means, ratios[:layer], np.zeros(means.kernels.shape[1]), (0.0,) * (layer - 1) + (1.0,), Noise())


def tangent_gram_kernel(
    means: GramMeans, ratios: Sequence[float], sigma: Activation, own: np.ndarray | None = None
) -> GramKernel:
    """The tangent kernel of wide networks or, with ``own``, of one network with its own scale.

    :param ratios: gamma_1, ..., gamma_L. :param own: mean diagonal and off-diagonal entry of its S_l'S_l, shape (L, 2),
        in the place of their means at infinite width; entries of P_l are scaled accordingly.
    """
    layers, samples = len(ratios), means.kernels.shape[1]
    scales = means.sensitivities if own is None else np.asarray(own, dtype=np.float64)
    diagonal, common = means.sensitivities.T
    # Below that share, what is off the diagonal does not matter, and the quotient is noise.
    factors = np.ones(layers)
    np.divide(scales[:, 1], common, out=factors, where=common > diagonal / samples)
    weights = np.append(np.maximum(factors * common, 0)[1:], 1.0) * means.rates[1:]
    rates = means.rates[:-1]
    rest = means.rates[-1] * means.kernels[-1] + (rates * factors) @ means.products
    rest += (rates * scales[:, 0] / diagonal) @ means.norms - weights @ means.kernels[1:]
    # Above layer L the readout is the same for all samples.
    above = np.append(scales[1:], [[1.0, 1.0]], axis=0)
    return _kernel(means, ratios, rest, tuple(weights), _noise(means, np.asarray(ratios) / samples, sigma, above))


def _kernel(
    means: GramMeans, ratios: Sequence[float], rest: np.ndarray, weights: tuple[float, ...], noise: Noise
) -> GramKernel:
    layers = len(ratios)
    # A mean of products of two odd functions can be below zero by chance where b_sigma = 0.
    slopes = np.maximum(means.slopes[:layers, 1], 0)
    excess = means.kernels[1 : layers + 1] - slopes[:, None] * means.kernels[:layers]
    return GramKernel(means.kernels[0], excess, tuple(slopes), tuple(ratios), rest, weights, noise)


class _Moments(NamedTuple):
    """Expectations of a standard Gaussian xi that the noise depends on: s = sigma(xi), d = sigma'(xi)."""

    slope: float  # d
    squared_slope: float  # d^2
    fourth: float  # (d - b)^4
    mixed: float  # (d - b)^2 d^2
    fourth_slope: float  # d^4
    norm: float  # s^4 - 1
    bend: float  # d (xi^2 - 1) / 2, the derivative of E sigma'(sqrt(q) xi) by q at one
    growth: float  # s d xi, the same of E sigma(sqrt(q) xi)^2
    norm_slope: float  # (d - b) (s^2 - 1)
    square_bend: float  # d^2 (xi^2 - 1) / 2, the same of E sigma'(sqrt(q) xi)^2
    norm_fourth: float  # (d - b)^2 (s^2 - 1)
    norm_square: float  # d^2 (s^2 - 1)
    skew: float  # d xi
    product: float  # s d

    @classmethod
    def of(cls, sigma: Activation) -> "_Moments":
        s, d, b, a = sigma.function, sigma.derivative, sigma.b_sigma, sigma.a_sigma
        functions = [
            lambda x: (d(x) - b) ** 4,
            lambda x: (d(x) - b) ** 2 * d(x) ** 2,
            lambda x: d(x) ** 4,
            lambda x: s(x) ** 4 - 1,
            lambda x: d(x) * (x * x - 1) / 2,
            lambda x: s(x) * d(x) * x,
            lambda x: (d(x) - b) * (s(x) ** 2 - 1),
            lambda x: d(x) ** 2 * (x * x - 1) / 2,
            lambda x: (d(x) - b) ** 2 * (s(x) ** 2 - 1),
            lambda x: d(x) ** 2 * (s(x) ** 2 - 1),
            lambda x: d(x) * x,
            lambda x: s(x) * d(x),
        ]
        return cls(
            b, a, *(gaussian_expectation(each, sigma.breakpoints, f"a moment of {sigma.name!r}") for each in functions)
        )


def _noise(means: GramMeans, over_width: np.ndarray, sigma: Activation, above: np.ndarray) -> Noise:
    """Noise of the layers' finite widths.

    :param over_width: 1/d_l. :param above: mean diagonal and off-diagonal entry of S_{l+1}'S_{l+1}, l = 1, ..., L.
    """
    of, kernels, rates = _Moments.of(sigma), means.kernels, means.rates
    layers, shared = len(over_width), np.maximum(above[:, 1], 0)
    alone = np.maximum(above[:, 0] - shared, 0)
    # Theta_l in the basis, from means of Phi'(K_l) on the diagonal and off it.
    tangents, diagonals = [rates[0] * kernels[0]], [rates[0] * float(kernels[0].mean())]
    for layer, (diagonal, slope) in enumerate(means.slopes[:-1]):
        following = rates[layer + 1] * kernels[layer + 1]
        tangents.append(following + slope * (tangents[-1] - diagonals[-1]) + diagonal * diagonals[-1])
        diagonals.append(float(following.mean()) + diagonal * diagonals[-1])
    slope_b, curvatures = of.slope, _curvatures(means, of.skew**2)
    own_norms = _norm_effects(means, of, diagonals)
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()

    variance, rows, jumps, spread = 0.0, np.zeros(kernels.shape[1]), [], means.tangents[0] / rates[0] ** 2
    for layer, (width, p, s) in enumerate(zip(over_width, shared, alone, strict=True)):
        diagonal, slope = means.slopes[layer]
        own, common, tangent = diagonal * s, (diagonal - slope) * p, tangents[layer]
        # Independent between samples: a jump for every neuron and eigenvector of Theta_l, and what diagonals have more.
        jumps.append(_jumps(width, tangent, own + common * points**2, weights))
        square = own**2 + 2 * own * common + 3 * common**2
        fourth = 3 * p**2 * of.fourth + 6 * p * s * of.mixed + 3 * s**2 * of.fourth_slope
        variance += width * (fourth - 2 * square) * diagonals[layer] ** 2
        # Common to a row and a column: by the sensitivities, and by the norms of the activations of the same neurons.
        norms = np.zeros_like(rows)
        for j in range(layer + 1, layers):
            norms += of.growth ** (j - layer - 1) * shared[j] * (kernels[j] + tangents[j]) * of.bend * slope_b
        rows += width * (slope * p * (own + 3 * common) * tangent**2 + of.norm * norms**2)
        rows += width * 2 * slope_b * p * of.norm_slope * tangent * norms
        # Inner products of activations, to the second order, and what their norms do to diagonals beyond that.
        if layer < layers - 1:
            single = own_norms[layer]
            for j in range(layer + 1, layers):
                single -= 2 * of.growth ** (j - layer - 1) * shared[j] * (1 + diagonals[j]) * of.bend * slope_b
            variance += width * single**2 * of.norm
            variance += width * 2 * single * diagonals[layer] * (p * of.norm_fourth + s * of.norm_square)
            second = curvatures[layer]
            variance += width * second**2 * spread
            variance += width * 2 * of.product**2 * p * second * np.sqrt(spread * means.tangents[layer])
    sizes, counts = np.concatenate(jumps, axis=1)
    # A linear network has none but for rounding.
    least = _ROUNDING * float(np.abs(tangents[-1]).max())
    rows = np.where(rows > least**2, rows, 0)
    variance = variance if variance > least**2 else 0.0
    return Noise(variance, np.sqrt(rows), *_grouped(sizes[sizes > least], counts[sizes > least]))


def _curvatures(means: GramMeans, bend: float) -> np.ndarray:
    """How the tangent kernel's derivative by X_l'X_l, l = 1, ..., L - 1, changes with an inner product of inputs.

    Off the diagonal, and to first order. :param bend: of Phi', E[sigma''(xi)]^2.
    """
    slopes, rates, layers = means.slopes[:, 1], means.rates, len(means.slopes)
    inputs = np.concatenate([[1.0], np.cumprod(slopes)])
    tangents = [rates[0]]
    for layer in range(layers):
        tangents.append(rates[layer + 1] * inputs[layer + 1] + slopes[layer] * tangents[-1])
    # Derivatives by K_l and Theta_l, and their change with an inner product.
    kernel, kernel_change, tangent, tangent_change, found = 0.0, 0.0, 1.0, 0.0, []
    for layer in reversed(range(1, layers)):
        slope, rate, change = slopes[layer], rates[layer + 1], bend * inputs[layer]
        kernel_change = slope * kernel_change + change * kernel + rate * (slope * tangent_change + change * tangent)
        kernel_change += bend * tangents[layer] * tangent
        kernel = slope * (kernel + rate * tangent)
        tangent_change, tangent = slope * tangent_change + change * tangent, slope * tangent
        found.append(kernel_change + rates[layer] * tangent_change)
    return np.array(found[::-1])


def _norm_effects(means: GramMeans, of: _Moments, diagonals: Sequence[float]) -> np.ndarray:
    """Change of a tangent kernel's diagonal with that of X_l'X_l, l = 1, ..., L - 1, less what the law has of it."""
    rates, layers, sensitivities = means.rates, len(means.slopes), means.sensitivities[:, 1]
    squared, norm, tangent, known, found = means.slopes[:, 0], 0.0, 1.0, rates[-1], []
    for layer in reversed(range(1, layers)):
        norm = of.growth * (norm + rates[layer + 1] * tangent) + of.square_bend * diagonals[layer] * tangent
        tangent *= squared[layer]
        known = rates[layer] * sensitivities[layer] + means.slopes[layer, 1] * known
        found.append(norm + rates[layer] * tangent - known)
    return np.array(found[::-1])


def _jumps(width: float, tangent: np.ndarray, variances: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sizes of jumps, theta f / d, and how many there are of each for every sample; shape (2, jumps)."""
    sizes = width * np.outer(np.abs(tangent), variances)
    counts = np.broadcast_to(weights / (width * tangent.size), sizes.shape)
    return np.stack([sizes.ravel(), counts.ravel()])


def _grouped(sizes: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fewer jumps with the same second and third moments."""
    if not sizes.size:
        return np.zeros(0), np.zeros(0)
    edges = np.geomspace(sizes.min(), sizes.max(), _GROUPS + 1)[1:-1]
    group = np.searchsorted(edges, sizes)
    second, third = (np.bincount(group, counts * sizes**k, _GROUPS) for k in (2, 3))
    kept = second > 0
    grouped = third[kept] / second[kept]
    return grouped, second[kept] / grouped**2
