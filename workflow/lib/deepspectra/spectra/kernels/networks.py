r"""Conjugate kernel and neural tangent kernel of a network, layer by layer (fan2020, eq. 1, 2, 16 and 17).

With inputs X_0, one sample a column, the network of eq. 16 has post-activations X_l = sigma(W_l X_{l-1}) / sqrt(d_l)
and the k outputs W_{L+1}' X_L (NTK parametrisation, no biases); eq. 1 is k = 1 with W_{L+1} = w. Kernels are Gram
matrices multiplied entry by entry (section 3.3), K_NTK with an n x n block for each pair of outputs a and b:

    K_CK       = X_L'X_L
    K_NTK^{ab} = delta_ab tau_{L+1} X_L'X_L + sum_l tau_l (S_l^a' S_l^b) o (X_{l-1}'X_{l-1})
    S_L^a      = diag(w_a) sigma'(W_L X_{L-1}) / sqrt(d_L),    w_a column a of W_{L+1}
    S_l^a      = sigma'(W_l X_{l-1}) o (W_{l+1}' S_{l+1}^a) / sqrt(d_l),    l < L.

Memory holds the results, at most three matrices of the size of one layer's X_l or of its S_l^1, ..., S_l^k, and blocks
of rows. The derivatives sigma' wait for the backward pass in :mod:`deepspectra.spectra.kernels.waiting`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import torch

from deepspectra.nn.activations import Activation
from deepspectra.rmt.limits.coefficients import checked_rates
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.kernels.grams import KernelDifference, add_gram_times, gram, kernel_difference, mirror
from deepspectra.spectra.kernels.waiting import WaitingRoom, waiting_room
from deepspectra.spectra.kernels.weights import GivenWeights, RandomWeights, Weights

__all__ = ["KernelOptions", "Kernels", "Matrix", "checked_matrix", "forward_pass", "network_kernels"]
__all__ += ["random_network_kernels"]

# Entries that the activation is applied to at once: on a CPU, as many as stay in its cache.
_CACHED_ENTRIES, _ENTRIES = 2**16, 2**24

_Layer = Callable[[torch.Tensor, int], torch.Tensor]
Matrix = np.ndarray | torch.Tensor


class KernelOptions(TypedDict, total=False):
    """How kernels are computed.

    :ivar rates: tau_1, ..., tau_{L+1} of eq. 17; by default all one. :ivar device: by default the CPU.
    :ivar dtype: of weights, activations and their products W X; by default float32, of given weights float64.
    :ivar accumulation: dtype of Gram matrices, products and sums; if not the default, dtype, kernels are compared.
    :ivar scratch: a folder for what waits for the backward pass, L d_l n numbers; by default host memory.
    :ivar report: called with a line of text after each layer.
    """

    rates: Sequence[float] | None
    device: str | torch.device
    dtype: torch.dtype
    accumulation: torch.dtype | None
    scratch: Path | None
    report: Callable[[str], None]


@dataclass(frozen=True)
class Kernels:
    """Kernel matrices of one network, on the device they were computed on; exactly symmetric.

    Differences say how far off they are if sums are done in the dtype of the arithmetic, where that is another.

    :ivar grams: X_l'X_l for l = 0, ..., L, each of shape (n, n); the last is K_CK.
    :ivar tangent: K_NTK, shape (n k, n k) for k outputs: block (a, b) is output a against output b.
    :ivar sensitivities: float64, shape (L, 2): mean diagonal and off-diagonal entry of S_l'S_l for l = 1, ..., L, over
        the outputs; a network's own scale. Empty for models without sensitivities.
    :ivar gram_differences: of X_l'X_l for l = 0, ..., L. :ivar tangent_difference: of K_NTK.
    """

    grams: tuple[torch.Tensor, ...]
    tangent: torch.Tensor
    gram_differences: tuple[KernelDifference, ...] | None = None
    tangent_difference: KernelDifference | None = None
    sensitivities: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))

    def arrays(self) -> dict[str, np.ndarray]:
        """The kernels on the host, under their names in files: ``conjugate_1``, ..., and ``tangent``."""
        named = {f"conjugate_{layer}": matrix for layer, matrix in enumerate(self.grams[1:], 1)}
        return {name: matrix.cpu().numpy() for name, matrix in (named | {"tangent": self.tangent}).items()}


def random_network_kernels(
    inputs: Matrix,
    widths: Sequence[int],
    activation: Activation,
    seed: int,
    outputs: int = 1,
    **options: Unpack[KernelOptions],
) -> Kernels:
    """Kernels of a network with independent N(0, 1) weights.

    Weights are drawn in float32 whatever the dtype, so that a float64 run computes the same network more exactly.

    :param inputs: X_0, shape (d_0, n), columns of norm about one. :param widths: d_1, ..., d_L.
    :param outputs: k of eq. 16. Output a is the same function in networks of more and of fewer outputs.
    :raises UserError: if the inputs are not a finite matrix, a width or a rate is not positive, there is no output, or
        the accumulation is less precise than the arithmetic.
    """
    if outputs < 1:
        raise UserError(f"a network needs at least one output, not {outputs}.")
    x = checked_matrix(inputs, options)
    weights = RandomWeights((x.shape[0], *widths), seed, x.device, x.dtype, outputs)
    return _kernels(x, weights, activation, options)


def network_kernels(
    inputs: Matrix, weights: Sequence[Matrix], readout: Matrix, activation: Activation, **options: Unpack[KernelOptions]
) -> Kernels:
    """Kernels of a network with given weights, such as trained ones, in the parametrisation of eq. 16.

    :param inputs: X_0, shape (d_0, n). :param weights: W_1, ..., W_L, W_l of shape (d_l, d_{l-1}).
    :param readout: W_{L+1}, shape (d_L, k); or w, d_L numbers of any shape, for one output.
    :raises UserError: if shapes do not match or a value is not finite, or as :func:`random_network_kernels`.
    """
    options.setdefault("dtype", torch.float64)
    x, *matrices = (checked_matrix(matrix, options) for matrix in (inputs, *weights))
    last = torch.as_tensor(readout)
    if last.ndim < 2 or (matrices and last.numel() == matrices[-1].shape[0]):
        last = last.reshape(-1, 1)
    last = checked_matrix(last, options)
    factors = [x, *matrices, last.T]
    if not matrices or any(below.shape[0] != above.shape[1] for below, above in pairwise(factors)):
        shapes = [tuple(matrix.shape) for matrix in (x, *matrices, last)]
        raise UserError(f"the shapes of inputs, weights and readout do not match: {shapes}.")
    return _kernels(x, GivenWeights(tuple(matrices), last), activation, options)


@torch.no_grad()
def _kernels(x: torch.Tensor, weights: Weights, activation: Activation, options: KernelOptions) -> Kernels:
    layers, samples, report = len(weights.widths) - 1, x.shape[1], options.get("report", lambda line: None)
    rates = checked_rates(layers, options.get("rates"))
    with waiting_room(options.get("scratch")) as room:
        following = partial(_following_layer, weights, activation, room)
        grams, differences = forward_pass(x, layers, following, room, options)
        readout = weights.readout()
        outputs = readout.shape[1]

        def factors(layer: int) -> Iterator[torch.Tensor]:
            yield grams[layer]
            if differences:
                yield room.take_whole(f"gram {layer}").to(x.device)

        # K_NTK and, where sums in x's own dtype are compared, what they make of it.
        kernels = [torch.block_diag(*[rates[-1] * factor] * outputs) for factor in factors(layers)]
        sensitivity, means = readout[:, :, None].repeat(1, 1, samples), []
        for layer in range(layers, 0, -1):
            for rows, slope in room.take(f"slope {layer}"):
                sensitivity[rows].mul_(slope.to(x.device)[:, None])
                del slope
            means.append(_mean_entries(sensitivity))
            for kernel, factor in zip(kernels, factors(layer - 1), strict=True):
                add_gram_times(kernel, sensitivity.flatten(1), factor, rates[layer - 1])
            if layer > 1:
                sensitivity = _preceding_layer(sensitivity, weights, layer)
            report(f"layer {layer} of {layers}: backward")
    del sensitivity  # before the kernels are compared
    tangent, *plain = (mirror(kernel, samples) for kernel in kernels)
    difference = kernel_difference(plain[0], tangent) if plain else None
    return Kernels(grams, tangent, differences, difference, np.array(means[::-1]))


def _mean_entries(sensitivity: torch.Tensor) -> tuple[float, float]:
    """Mean diagonal and off-diagonal entry of S'S over outputs, for S of shape (d, k, n)."""
    _, outputs, samples = sensitivity.shape
    squares = torch.linalg.vector_norm(sensitivity, dtype=torch.float64).item() ** 2 / outputs
    whole = torch.linalg.vector_norm(sensitivity.sum(dim=2, dtype=torch.float64)).item() ** 2 / outputs
    return squares / samples, (whole - squares) / max(samples * (samples - 1), 1)


def forward_pass(
    x: torch.Tensor, layers: int, following: _Layer, room: WaitingRoom, options: KernelOptions, what: str = "forward"
) -> tuple[tuple[torch.Tensor, ...], tuple[KernelDifference, ...] | None]:
    """X_l'X_l for l = 0, ..., L and, if the accumulation is not in the dtype of X_l, what sums in it would change.

    :param following: X_l from X_{l-1} and l. :param room: where Gram matrices in X_l's dtype wait as ``gram 0``, ....
    :raises UserError: if the accumulation is less precise than X_l.
    """
    accumulation, report = options.get("accumulation") or x.dtype, options.get("report", lambda line: None)
    if not accumulation.is_floating_point or torch.finfo(accumulation).eps > torch.finfo(x.dtype).eps:
        raise UserError(f"the accumulation, {accumulation}, must not be less precise than the arithmetic, {x.dtype}.")
    grams, differences = [], []
    for layer in range(layers + 1):
        if layer > 0:
            x = following(x, layer)
        grams.append(gram(x, accumulation))
        if accumulation != x.dtype:
            plain = gram(x, x.dtype)
            differences.append(kernel_difference(plain, grams[-1]))
            room.put(f"gram {layer}", plain)
            del plain
        if layer > 0:
            report(f"layer {layer} of {layers}: {what}")
    return tuple(grams), tuple(differences) or None


def _following_layer(
    weights: Weights, activation: Activation, room: WaitingRoom, x: torch.Tensor, layer: int
) -> torch.Tensor:
    """X_l, shape (d_l, n), of X_{l-1}; the slopes sigma'(W_l X_{l-1}) / sqrt(d_l) go to the room."""
    root = math.sqrt(weights.widths[layer])
    following = x.new_empty(weights.widths[layer], x.shape[1])
    step = max(1, (_CACHED_ENTRIES if x.is_cpu else _ENTRIES) // x.shape[1])
    for rows, values in weights.blocks(layer):
        block = torch.matmul(values, x, out=following[rows])
        slope = torch.empty_like(block)
        for start in range(0, block.shape[0], step):
            part = block[start : start + step]
            activated = activation.function(part)
            torch.div(activation.derivative(part), root, out=slope[start : start + step])
            torch.div(activated, root, out=part)
        room.put(f"slope {layer}", slope)
        del values, slope  # before the next block is drawn
    return following


def _preceding_layer(sensitivity: torch.Tensor, weights: Weights, layer: int) -> torch.Tensor:
    """W_l' S_l^1, ..., W_l' S_l^k, shape (d_{l-1}, k, n), which the slopes of layer l - 1 turn into its S."""
    flat = sensitivity.flatten(1)
    product = flat.new_empty(weights.widths[layer - 1], flat.shape[1])
    for rows, values in weights.blocks(layer):
        # The first rows overwrite uninitialised memory.
        product.addmm_(values.T, flat[rows], beta=1 if rows.start else 0)
        del values
    return product.view(-1, *sensitivity.shape[1:])


def checked_matrix(values: Matrix, options: KernelOptions) -> torch.Tensor:
    """A finite, non-empty matrix in the dtype and on the device of the options.

    :raises UserError: if it is not.
    """
    tensor = torch.as_tensor(values).detach()
    tensor = tensor.to(device=options.get("device", "cpu"), dtype=options.get("dtype", torch.float32))
    if tensor.ndim != 2 or tensor.numel() == 0 or not (tensor.sum().isfinite() or tensor.isfinite().all()):
        raise UserError(f"kernels need finite matrices; one of shape {tuple(tensor.shape)} is not.")
    return tensor
