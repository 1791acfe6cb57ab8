r"""Conjugate kernel and neural tangent kernel of a network, layer by layer (fan2020, eq. 1, 2, 16 and 17).

With inputs X_0, one sample a column, the network of eq. 16 has post-activations X_l = sigma(W_l X_{l-1}) / sqrt(d_l)
and the k outputs W_{L+1}' X_L (NTK parametrisation, no biases); eq. 1 is k = 1 with W_{L+1} = w. The gradient of one
output for one sample with respect to W_l is an outer product, so that the kernel matrices are Gram matrices multiplied
entry by entry (fan2020, section 3.3). The tangent kernel has an n x n block for each pair of outputs a and b:

    K_CK       = X_L'X_L
    K_NTK^{ab} = delta_ab tau_{L+1} X_L'X_L + sum_l tau_l (S_l^a' S_l^b) o (X_{l-1}'X_{l-1})
    S_L^a      = diag(w_a) sigma'(W_L X_{L-1}) / sqrt(d_L),    w_a column a of W_{L+1}
    S_l^a      = sigma'(W_l X_{l-1}) o (W_{l+1}' S_{l+1}^a) / sqrt(d_l),    l < L.

Matrix products take nearly all of the time. Memory holds the results, at most three matrices of the size of one layer's
X_l or of its S_l^1, ..., S_l^k, and blocks of rows. The derivatives sigma', which the forward pass leaves for the
backward pass, wait elsewhere (see :mod:`deepspectra.spectra.kernels.waiting`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.coefficients import checked_rates
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.grams import KernelDifference, add_gram_times, difference, gram, mirror
from deepspectra.spectra.kernels.waiting import WaitingRoom, waiting_room
from deepspectra.spectra.kernels.weights import GivenWeights, RandomWeights, Weights, checked_widths

__all__ = ["Kernels", "LayerReport", "checked_accumulation", "checked_matrix", "network_kernels"]
__all__ += ["random_network_kernels", "silent"]

# Entries that the activation is applied to at once: on a CPU, as many as stay in its cache.
_CACHED_ENTRIES = {"cpu": 2**16}
_ENTRIES = 2**24

LayerReport = Callable[[str], None]


def silent(line: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Kernels:
    """Kernel matrices of one network, on the device they were computed on; exactly symmetric.

    Their dtype is that of the accumulation. Where the dtype of the arithmetic is another, differences say how far off
    the same network's kernels are if the sums are done in it too.

    :ivar grams: X_l'X_l for l = 0, ..., L, each of shape (n, n).
    :ivar tangent: K_NTK, shape (n k, n k) for k outputs: block (a, b) is output a against output b. None without the
        backward pass.
    :ivar gram_differences: of X_l'X_l for l = 0, ..., L.
    :ivar tangent_difference: of K_NTK.
    """

    grams: tuple[torch.Tensor, ...]
    tangent: torch.Tensor | None
    gram_differences: tuple[KernelDifference, ...] | None = None
    tangent_difference: KernelDifference | None = None

    @property
    def conjugate(self) -> torch.Tensor:
        """K_CK, the Gram matrix of the last layer."""
        return self.grams[-1]


def random_network_kernels(
    inputs: np.ndarray | torch.Tensor,
    widths: Sequence[int],
    activation: Activation,
    seed: int,
    *,
    outputs: int = 1,
    rates: Sequence[float] | None = None,
    tangent: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    accumulation: torch.dtype | None = None,
    scratch: Path | None = None,
    report: LayerReport = silent,
) -> Kernels:
    """Kernels of a network with independent N(0, 1) weights.

    Weights are drawn in float32 whatever the dtype, so that a float64 run computes the same network more exactly.

    :param inputs: X_0, shape (d_0, n): one sample a column, columns of norm about one (eq. 1 does not divide W_1 x by
        sqrt(d_0)).
    :param widths: d_1, ..., d_L.
    :param outputs: k of eq. 16. Output a is the same function in networks of more and of fewer outputs.
    :param rates: tau_1, ..., tau_{L+1} of eq. 17; all one where None.
    :param tangent: whether to do the backward pass, which makes K_NTK.
    :param dtype: of weights, activations and their products W X.
    :param accumulation: dtype of the Gram matrices, their products and sums; by default that of the arithmetic. If it
        is another, both kernels are computed and compared.
    :param scratch: a folder for what waits for the backward pass, L d_l n numbers; host memory by default. A killed
        process leaves a folder ``kernels-*`` in it.
    :param report: called with a line of text after each layer.
    :raises UserError: if the inputs are not a finite matrix, a width or a rate is not positive, there is no output, the
        accumulation is less precise than the arithmetic, or the scratch folder cannot be written.
    """
    if outputs < 1:
        raise UserError(f"a network needs at least one output, not {outputs}.")
    x = checked_matrix(inputs, device, dtype)
    weights = RandomWeights(checked_widths(x.shape[0], widths), seed, x.device, dtype, outputs)
    return _kernels(x, weights, activation, rates, tangent, accumulation, scratch, report)


def network_kernels(
    inputs: np.ndarray | torch.Tensor,
    weights: Sequence[np.ndarray | torch.Tensor],
    readout: np.ndarray | torch.Tensor,
    activation: Activation,
    *,
    rates: Sequence[float] | None = None,
    tangent: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float64,
    accumulation: torch.dtype | None = None,
    scratch: Path | None = None,
    report: LayerReport = silent,
) -> Kernels:
    """Kernels of a network with given weights, such as trained ones, in the parametrisation of eq. 16.

    :param inputs: X_0, shape (d_0, n).
    :param weights: W_1, ..., W_L, W_l of shape (d_l, d_{l-1}).
    :param readout: W_{L+1}, shape (d_L, k); or w, d_L numbers of any shape, for one output.

    Further parameters are those of :func:`random_network_kernels`.

    :raises UserError: if shapes do not match or a value is not finite, or as :func:`random_network_kernels`.
    """
    x = checked_matrix(inputs, device, dtype)
    matrices = tuple(checked_matrix(matrix, device, dtype) for matrix in weights)
    last = torch.as_tensor(readout)
    width = matrices[-1].shape[0] if matrices else 0
    last = checked_matrix(last.reshape(-1, 1) if last.ndim < 2 or last.numel() == width else last, device, dtype)
    shapes = [tuple(x.shape), *(tuple(matrix.shape) for matrix in matrices), tuple(last.shape)]
    outer = [x.shape[0], *(matrix.shape[0] for matrix in matrices)]
    if not matrices or outer != [*(matrix.shape[1] for matrix in matrices), last.shape[0]]:
        raise UserError(f"the shapes of inputs, weights and readout do not match: {shapes}.")
    return _kernels(x, GivenWeights(matrices, last), activation, rates, tangent, accumulation, scratch, report)


@torch.no_grad()
def _kernels(
    x: torch.Tensor,
    weights: Weights,
    activation: Activation,
    rates: Sequence[float] | None,
    tangent: bool,
    accumulation: torch.dtype | None,
    scratch: Path | None,
    report: LayerReport,
) -> Kernels:
    """Forward pass, which makes the Gram matrices; then the backward pass."""
    layers = len(weights.widths) - 1
    rates = checked_rates(layers, rates)
    accumulation = checked_accumulation(x.dtype, accumulation)
    compared = accumulation != x.dtype
    grams, gram_differences = [], []
    with waiting_room(scratch) as room:
        for layer in range(layers + 1):
            if layer > 0:
                x = _following_layer(x, weights, layer, activation, room if tangent else None)
            grams.append(gram(x, accumulation))
            if compared:
                plain = gram(x, x.dtype)
                gram_differences.append(difference(plain, grams[-1]))
                if tangent:
                    room.put(f"gram {layer}", plain)
                del plain
            if layer > 0:
                report(f"layer {layer} of {layers}: forward")
        differences = tuple(gram_differences) if compared else None
        if not tangent:
            return Kernels(tuple(grams), None, differences)

        dtype, device = x.dtype, x.device
        del x  # the backward pass needs the memory
        readout = weights.readout()
        outputs = readout.shape[1]
        kernel = _last_term(grams[-1], outputs, rates[-1])
        plain_kernel = None
        if compared:
            plain_kernel = _last_term(_whole(room, f"gram {layers}", device), outputs, rates[-1])
        sensitivity = _last_sensitivity(weights, readout, grams[-1].shape[0], room)
        for layer in range(layers, 0, -1):
            add_gram_times(kernel, sensitivity, grams[layer - 1], rates[layer - 1], accumulation)
            if plain_kernel is not None:
                factor = _whole(room, f"gram {layer - 1}", device)
                add_gram_times(plain_kernel, sensitivity, factor, rates[layer - 1], dtype)
                del factor
            if layer > 1:
                sensitivity = _preceding_layer(sensitivity, weights, layer, outputs, room)
            report(f"layer {layer} of {layers}: backward")
    del sensitivity
    samples, tangent_difference = grams[-1].shape[0], None
    mirror(kernel, samples)
    if plain_kernel is not None:
        tangent_difference = difference(mirror(plain_kernel, samples), kernel)
    return Kernels(tuple(grams), kernel, differences, tangent_difference)


def _following_layer(
    x: torch.Tensor, weights: Weights, layer: int, activation: Activation, room: WaitingRoom | None
) -> torch.Tensor:
    """X_l, shape (d_l, n), of X_{l-1}; the slopes sigma'(W_l X_{l-1}) / sqrt(d_l) go to the room, if any."""
    root = math.sqrt(weights.widths[layer])
    following = x.new_empty(weights.widths[layer], x.shape[1])
    step = max(1, _CACHED_ENTRIES.get(x.device.type, _ENTRIES) // x.shape[1])
    for rows, values in weights.blocks(layer):
        block = torch.matmul(values, x, out=following[rows])
        slope = None if room is None else torch.empty_like(block)
        for start in range(0, block.shape[0], step):
            part = block[start : start + step]
            activated = activation.function(part)
            if slope is not None:
                torch.div(activation.derivative(part), root, out=slope[start : start + step])
            torch.div(activated, root, out=part)
        if room is not None and slope is not None:
            room.put(f"slope {layer}", slope)
        del values, slope  # before the next block is drawn
    return following


def _last_term(last_gram: torch.Tensor, outputs: int, rate: float) -> torch.Tensor:
    """tau_{L+1} X_L'X_L in the block of each output with itself, shape (n k, n k)."""
    samples = last_gram.shape[0]
    kernel = last_gram.new_zeros(samples * outputs, samples * outputs)
    for start in range(0, kernel.shape[0], samples):
        torch.mul(last_gram, rate, out=kernel[start : start + samples, start : start + samples])
    return kernel


def _last_sensitivity(weights: Weights, readout: torch.Tensor, samples: int, room: WaitingRoom) -> torch.Tensor:
    """S_L^1, ..., S_L^k side by side, shape (d_L, n k)."""
    width, outputs = readout.shape
    sensitivity = readout.new_empty(width, outputs, samples)
    for rows, slope in room.take(f"slope {len(weights.widths) - 1}"):
        torch.mul(slope.to(readout.device)[:, None, :], readout[rows, :, None], out=sensitivity[rows])
        del slope
    return sensitivity.view(width, -1)


def _preceding_layer(
    sensitivity: torch.Tensor, weights: Weights, layer: int, outputs: int, room: WaitingRoom
) -> torch.Tensor:
    """S_{l-1}^1, ..., S_{l-1}^k side by side, shape (d_{l-1}, n k), from those of layer l."""
    product = sensitivity.new_empty(weights.widths[layer - 1], sensitivity.shape[1])
    for rows, values in weights.blocks(layer):
        # The first rows overwrite uninitialised memory.
        product.addmm_(values.T, sensitivity[rows], beta=1 if rows.start else 0)
        del values
    by_output = product.view(product.shape[0], outputs, -1)
    for rows, slope in room.take(f"slope {layer - 1}"):
        by_output[rows].mul_(slope.to(product.device)[:, None, :])
        del slope
    return product


def _whole(room: WaitingRoom, name: str, device: torch.device) -> torch.Tensor:
    """A matrix that was put in one block, on the device."""
    ((_, matrix),) = room.take(name)
    return matrix.to(device)


def checked_matrix(values: np.ndarray | torch.Tensor, device: str | torch.device, dtype: torch.dtype) -> torch.Tensor:
    """A finite, non-empty matrix on the device.

    :raises UserError: if it is not.
    """
    tensor = torch.as_tensor(values).detach().to(device=device, dtype=dtype)
    # A finite sum is fast and proof enough; a sum of finite numbers may overflow.
    if tensor.ndim != 2 or tensor.numel() == 0 or not (tensor.sum().isfinite() or tensor.isfinite().all()):
        raise UserError(f"kernels need finite matrices; one of shape {tuple(tensor.shape)} is not.")
    return tensor


def checked_accumulation(dtype: torch.dtype, accumulation: torch.dtype | None) -> torch.dtype:
    """The dtype of Gram matrices: by default that of the arithmetic.

    :raises UserError: if it is less precise than that of the arithmetic.
    """
    if accumulation is None:
        return dtype
    if not accumulation.is_floating_point or torch.finfo(accumulation).eps > torch.finfo(dtype).eps:
        raise UserError(f"the accumulation, {accumulation}, must not be less precise than the arithmetic, {dtype}.")
    return accumulation
