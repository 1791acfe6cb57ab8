r"""Conjugate kernel and neural tangent kernel of a feed-forward network (fan2020, eq. 1 and 2), without a Jacobian.

With inputs X_0, one sample a column, the network of eq. 1 has post-activations X_l = sigma(W_l X_{l-1}) / sqrt(d_l) and
the scalar output w' X_L (NTK parametrisation, no biases). Its gradient with respect to W_l for one sample is an outer
product, so that the kernel matrices are Gram matrices multiplied entry by entry (fan2020, section 3.3):

    K_CK  = X_L'X_L
    K_NTK = X_L'X_L + sum_l (S_l'S_l) o (X_{l-1}'X_{l-1})
    S_L   = diag(w) sigma'(W_L X_{L-1}) / sqrt(d_L)
    S_l   = sigma'(W_l X_{l-1}) o (W_{l+1}' S_{l+1}) / sqrt(d_l),    l < L.

The time goes into matrix products. Random weights are drawn in blocks of rows, each block from a generator of its own
on the CPU, used and forgotten, and drawn again for the backward pass: the same numbers on every device, and no weight
matrix is ever held as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from deepspectra.activations import Activation
from deepspectra.errors import UserError
from deepspectra.limits.layered import tangent_coefficients

# Rows of a weight matrix drawn at once. Part of the definition of a random network: another value, other weights.
_ROWS = 1024
# First words of the seed sequences, so that weights and noise never share numbers.
_WEIGHTS, _NOISE = 0, 1

Report = Callable[[str], None]


@dataclass(frozen=True)
class Kernels:
    """Kernel matrices of one network, on the device and in the dtype they were computed in; exactly symmetric.

    :ivar grams: X_l'X_l for l = 0, ..., L, each of shape (n, n).
    :ivar tangent: K_NTK, shape (n, n); None where it was not asked for.
    """

    grams: tuple[torch.Tensor, ...]
    tangent: torch.Tensor | None

    @property
    def conjugate(self) -> torch.Tensor:
        """K_CK, the Gram matrix of the last layer."""
        return self.grams[-1]


class _Weights(Protocol):
    """Weight matrices by blocks of rows, the same at every request."""

    widths: tuple[int, ...]

    def blocks(self, layer: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and values of W_layer (1 to L), values of shape (rows, d_{layer-1})."""

    def readout(self) -> torch.Tensor:
        """w, shape (d_L,)."""


@dataclass(frozen=True)
class _GivenWeights:
    matrices: tuple[torch.Tensor, ...]
    last: torch.Tensor

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.matrices[0].shape[1], *(matrix.shape[0] for matrix in self.matrices))

    def blocks(self, layer: int) -> Iterator[tuple[slice, torch.Tensor]]:
        yield slice(None), self.matrices[layer - 1]

    def readout(self) -> torch.Tensor:
        return self.last


@dataclass(frozen=True)
class _RandomWeights:
    """Independent N(0, 1) weights, a function of the seed and the widths alone (and of torch's generator)."""

    widths: tuple[int, ...]
    seed: int
    device: torch.device
    dtype: torch.dtype

    def blocks(self, layer: int) -> Iterator[tuple[slice, torch.Tensor]]:
        rows, columns = self.widths[layer], self.widths[layer - 1]
        for block, start in enumerate(range(0, rows, _ROWS)):
            stop = min(start + _ROWS, rows)
            values = _draw((stop - start, columns), (_WEIGHTS, self.seed, layer, block), self.device, self.dtype)
            yield slice(start, stop), values

    def readout(self) -> torch.Tensor:
        return _draw((self.widths[-1],), (_WEIGHTS, self.seed, len(self.widths), 0), self.device, self.dtype)


def random_network_kernels(
    inputs: np.ndarray | torch.Tensor,
    widths: Sequence[int],
    activation: Activation,
    seed: int,
    *,
    tangent: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    report: Report | None = None,
) -> Kernels:
    """Kernels of a network with independent N(0, 1) weights.

    Weights are drawn in float32 whatever the dtype, so that a float64 run is the same network more exactly.

    :param inputs: X_0, shape (d_0, n): one sample a column, columns of norm about one (eq. 1 does not divide W_1 x by
        sqrt(d_0)).
    :param widths: d_1, ..., d_L.
    :param tangent: whether to make the backward pass and K_NTK.
    :param report: called with a line of text after each layer.
    :raises UserError: if the inputs are not a finite matrix or a width is not positive.
    """
    x = _matrix(inputs, device, dtype)
    weights = _RandomWeights(_checked_widths(x, widths), seed, x.device, dtype)
    return _kernels(x, weights, activation, tangent, report)


def network_kernels(
    inputs: np.ndarray | torch.Tensor,
    weights: Sequence[np.ndarray | torch.Tensor],
    readout: np.ndarray | torch.Tensor,
    activation: Activation,
    *,
    tangent: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float64,
    report: Report | None = None,
) -> Kernels:
    """Kernels of a network with given weights, say after training. Same parametrisation: eq. 1.

    :param inputs: X_0, shape (d_0, n).
    :param weights: W_1, ..., W_L, W_l of shape (d_l, d_{l-1}).
    :param readout: w, d_L numbers of any shape.
    :raises UserError: if a shape does not fit or a value is not finite.
    """
    x = _matrix(inputs, device, dtype)
    matrices = tuple(_matrix(matrix, device, dtype) for matrix in weights)
    last = _matrix(torch.as_tensor(readout).reshape(1, -1), device, dtype)
    shapes = [tuple(x.shape), *(tuple(matrix.shape) for matrix in matrices), tuple(last.shape)]
    outer = [x.shape[0], *(matrix.shape[0] for matrix in matrices)]
    if not matrices or outer != [*(matrix.shape[1] for matrix in matrices), last.shape[1]]:
        raise UserError(f"inputs, weights and readout do not fit together; their shapes are {shapes}.")
    return _kernels(x, _GivenWeights(matrices, last[0]), activation, tangent, report)


def linear_equivalent(
    inputs: np.ndarray | torch.Tensor,
    widths: Sequence[int],
    b_sigma: float,
    a_sigma: float,
    seed: int,
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    report: Report | None = None,
) -> Kernels:
    """Kernels of the limit's own model at finite size: a linear network with independent noise in every layer.

    X_l = (b W_l X_{l-1} + sqrt(1 - b^2) G_l) / sqrt(d_l), all entries of W_l and G_l independent N(0, 1): given
    X_{l-1}, the rows of sqrt(d_l) X_l are Gaussian with covariance (1 - b^2) Id + b^2 X_{l-1}'X_{l-1}, whose
    Marchenko-Pastur map is eq. 8. ``tangent`` is r_+ Id + X_L'X_L + sum_l q_l X_l'X_l (lemma 3.5).

    The spectra have the limit laws of a network with these constants, and the distance of one such sample to the law
    is what finite size alone costs: the measure for a network's own distance. ``seed`` gives W_l the numbers it gives
    the network of :func:`random_network_kernels`.

    :param inputs: X_0, shape (d_0, n).
    :param widths: d_1, ..., d_L.
    :raises UserError: as :func:`random_network_kernels`, or if not b_sigma^2 <= 1 <= a_sigma.
    """
    x = _matrix(inputs, device, dtype)
    weights = _RandomWeights(_checked_widths(x, widths), seed, x.device, dtype)
    layers = len(weights.widths) - 1
    noise = math.sqrt(max(1 - b_sigma**2, 0.0))

    grams = [_gram(x)]
    for layer in range(1, layers + 1):
        following = x.new_empty(weights.widths[layer], x.shape[1])
        for block, (rows, values) in enumerate(weights.blocks(layer)):
            torch.matmul(values, x, out=following[rows])
            following[rows] *= b_sigma
            shape = following[rows].shape
            following[rows] += noise * _draw(shape, (_NOISE, seed, layer, block), x.device, dtype)
        x = following.div_(math.sqrt(weights.widths[layer]))
        grams.append(_gram(x))
        _say(report, f"layer {layer} of {layers}: linear model")
    return Kernels(tuple(grams), lemma_tangent(grams, b_sigma, a_sigma))


def lemma_tangent(grams: Sequence[torch.Tensor], b_sigma: float, a_sigma: float) -> torch.Tensor:
    """r_+ Id + X_L'X_L + sum_l q_l X_l'X_l, shape (n, n): what lemma 3.5 puts in the place of K_NTK.

    Theorem 3.7 is about this matrix. How far its spectrum is from K_NTK's at finite size is the lemma's own error,
    apart from that of the limit.

    :param grams: X_l'X_l for l = 0, ..., L.
    """
    shift, coefficients = tangent_coefficients(len(grams) - 1, b_sigma, a_sigma)
    tangent = coefficients[0] * grams[0]
    for coefficient, gram in zip(coefficients[1:], grams[1:], strict=True):
        tangent.add_(gram, alpha=coefficient)
    tangent.diagonal().add_(shift)
    return tangent


@torch.no_grad()
def _kernels(
    x: torch.Tensor, weights: _Weights, activation: Activation, tangent: bool, report: Report | None
) -> Kernels:
    """Forward pass, keeping Gram matrices and derivatives; then the backward pass."""
    layers = len(weights.widths) - 1
    grams, slopes = [_gram(x)], []
    for layer in range(1, layers + 1):
        width = weights.widths[layer]
        following = x.new_empty(width, x.shape[1])
        slope = torch.empty_like(following) if tangent else None
        for rows, values in weights.blocks(layer):
            preactivation = values @ x
            following[rows] = activation.function(preactivation)
            if slope is not None:
                slope[rows] = activation.derivative(preactivation)
        x = following.div_(math.sqrt(width))
        grams.append(_gram(x))
        if slope is not None:
            slopes.append(slope.div_(math.sqrt(width)))
        _say(report, f"layer {layer} of {layers}: forward")
    if not tangent:
        return Kernels(tuple(grams), None)

    del x, following, preactivation, slope  # the backward pass needs the memory
    kernel = grams[-1].clone()
    sensitivity = slopes.pop().mul_(weights.readout()[:, None])
    for layer in range(layers, 0, -1):
        kernel.addcmul_(_gram(sensitivity), grams[layer - 1])
        _say(report, f"layer {layer} of {layers}: backward")
        if layer > 1:
            product = torch.zeros_like(slopes[-1])
            for rows, values in weights.blocks(layer):
                product.addmm_(values.T, sensitivity[rows])
            sensitivity = product.mul_(slopes.pop())
    return Kernels(tuple(grams), kernel)


def _gram(x: torch.Tensor) -> torch.Tensor:
    """X'X, shape (n, n), exactly symmetric: a matrix product need not be, to rounding."""
    product = x.T @ x
    # In blocks of rows: the transpose of the whole would be a second n x n matrix, and slow to read.
    for start in range(0, product.shape[0], _ROWS):
        stop = start + _ROWS
        diagonal = product[start:stop, start:stop]
        diagonal.copy_((diagonal + diagonal.T) / 2)
        product[stop:, start:stop] = product[start:stop, stop:].T
    return product


def _draw(shape: Sequence[int], key: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Independent N(0, 1) float32 numbers from a CPU generator of their own, then moved and converted."""
    # 32 bits: torch's CPU generator ignores the higher ones.
    (state,) = np.random.SeedSequence(key).generate_state(1, dtype=np.uint32)
    generator = torch.Generator().manual_seed(int(state))
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32).to(device=device, dtype=dtype)


def _matrix(values: np.ndarray | torch.Tensor, device: str | torch.device, dtype: torch.dtype) -> torch.Tensor:
    """A finite, non-empty matrix on the device.

    :raises UserError: if it is not.
    """
    tensor = torch.as_tensor(values).detach().to(device=device, dtype=dtype)
    if tensor.ndim != 2 or tensor.numel() == 0 or not torch.isfinite(tensor).all():
        raise UserError(f"kernels need finite matrices; one of shape {tuple(tensor.shape)} is not.")
    return tensor


def _checked_widths(x: torch.Tensor, widths: Sequence[int]) -> tuple[int, ...]:
    """d_0, d_1, ..., d_L.

    :raises UserError: if there is no layer or a width is not positive.
    """
    if not widths or min(widths) < 1:
        raise UserError(f"a network needs at least one hidden layer, all widths positive; got {tuple(widths)}.")
    return (x.shape[0], *(int(width) for width in widths))


def _say(report: Report | None, line: str) -> None:
    if report is not None:
        report(line)
