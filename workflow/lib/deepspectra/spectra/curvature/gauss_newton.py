"""Gauss-Newton spectra of a batch from its Gram matrix: exact for networks of any size, without any P x P matrix.

The Gauss-Newton matrix is F F' with F = J' A, P x (batch x rank): J the Jacobian of the outputs, A from
:func:`deepspectra.nn.losses.curvature_factor`. Its non-zero eigenvalues are those of F' F, which is summed layer
by layer. For a linear model with a loss that is convex in the outputs (softmax regression) F F' is the Hessian itself.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.coupling import convolution_patches, is_plain_convolution
from deepspectra.spectra.curvature.dense import gauss_newton_factor
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum, keep_resolved
from deepspectra.spectra.curvature.sizes import require_feasible

__all__ = ["check_batch", "gauss_newton_gram", "gram_spectrum"]

# Entries of a layer's factor held at once.
_BLOCK = 1 << 25
# Products summed in one go. BLAS adds a few hundred at a time to its running sum, and over the millions of a large
# layer the rounding errors of that sum grow to a hundred times float64's epsilon.
_SUMMED = 1 << 12

Progress = Callable[[list[nn.Module]], Iterable[nn.Module]]


def _require_evaluation(model: nn.Module) -> None:
    if any(module.training for module in model.modules()):
        raise UserError("curvature is that of a network in evaluation mode; call its eval() first.")


def check_batch(model: nn.Module, inputs: torch.Tensor) -> None:
    """:raises UserError: if a resolved spectrum of this batch would be wrong: dtype, training mode, no samples."""
    _require_evaluation(model)
    if {parameter.dtype for parameter in model.parameters()} | {inputs.dtype} != {torch.float64}:
        raise UserError("a resolved spectrum needs weights and inputs in float64: float32 is full of rounding noise.")
    if len(inputs) == 0:
        raise UserError("a batch needs samples; there are 0.")


def gram_spectrum(
    model: nn.Module, inputs: torch.Tensor, loss: Loss, reason: str = "", progress: Progress = iter
) -> ResolvedSpectrum:
    """The non-zero spectrum of the Gauss-Newton matrix of a batch's loss, from F F' or F' F, the smaller one.

    :param model: in float64 and evaluation mode, see :func:`gauss_newton_gram`.
    :param inputs: float64, shape (batch, ...). :param reason: why this method was chosen, for the record.
    :raises UserError: if the precision is not float64, the batch is empty, or the matrix would be too large.
    """
    check_batch(model, inputs)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    with torch.no_grad():
        outputs = model(inputs)
    rows = len(inputs) * curvature_factor(loss, outputs[:1]).shape[2]
    require_feasible(min(rows, parameters), f"the Gram matrix of {len(inputs)} samples")
    if rows > parameters:
        factor = gauss_newton_factor(model, inputs, loss)
        matrix = factor @ factor.T
    else:
        matrix = gauss_newton_gram(model, inputs, loss, progress)
    return keep_resolved(matrix, outputs, parameters, "gram", reason)


def gauss_newton_gram(model: nn.Module, inputs: torch.Tensor, loss: Loss, progress: Progress = iter) -> torch.Tensor:
    """F' F, shape (batch x rank, batch x rank), in the precision of the inputs and the model.

    :param model: in evaluation mode, so that samples do not mix. Parameters may be in linear layers, in
        two-dimensional convolutions (one group, zero padding) and in batch normalisation; nothing else may have any.
    :param inputs: shape (batch, ...). :param progress: yields the layers one by one, such as a progress bar.
    :raises UserError: if the model is in training mode, has parameters elsewhere, or uses a layer twice.
    """
    _require_evaluation(model)
    layers = {layer: name for name, layer in model.named_modules() if list(layer.parameters(recurse=False))}
    for layer, name in layers.items():
        odd = isinstance(layer, nn.Conv2d) and not is_plain_convolution(layer)
        if odd or not isinstance(layer, nn.Linear | nn.Conv2d | nn.BatchNorm2d):
            raise UserError(
                f"no Gram matrix of layer {name} ({type(layer).__name__}): parameters may be in linear layers, in "
                "convolutions of one group with zero padding given in numbers and in batch normalisation."
            )
    recorded: dict[nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}

    def record(layer: nn.Module, arguments: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        if layer in recorded:
            raise UserError(f"layer {layers[layer]} is used twice in one pass, which its Gram matrix does not allow.")
        if isinstance(layer, nn.Linear) and arguments[0].dim() != 2:
            raise UserError(f"layer {layers[layer]} takes inputs of shape (batch, features), not {arguments[0].shape}.")
        recorded[layer] = (arguments[0].detach().clone(), output)
        # The next layer may work in place, so it gets a copy.
        return output.clone()

    handles = [layer.register_forward_hook(record) for layer in layers]
    try:
        # The graph begins at the inputs; otherwise a hook's output has no gradient where weights are frozen.
        outputs = model(inputs.detach().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    factor = curvature_factor(loss, outputs.detach())
    left, rank = [output for _, output in recorded.values()], factor.shape[2]
    # Gradients of the outputs' combinations, column by column, in every layer's output.
    columns = zip(factor.unbind(2), [True] * (rank - 1) + [False], strict=True)
    back = [torch.autograd.grad(outputs, left, column, retain_graph=more) for column, more in columns]
    gradients = dict(zip(recorded, zip(*back, strict=True), strict=True))
    del back
    gram = outputs.new_zeros([len(outputs) * rank] * 2)
    for layer in progress(list(recorded)):
        _add_layer(gram, layer, recorded[layer][0], torch.stack(gradients.pop(layer), dim=1))
    return gram


def _add_layer(gram: torch.Tensor, layer: nn.Module, entered: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add one layer's part of F' F, in place.

    :param entered: the layer's input, (batch, ...).
    :param gradients: of the outputs' combinations in the layer's output, (batch, rank, ...).
    """
    rows = gram.shape[0]
    if isinstance(layer, nn.Linear):
        flat = gradients.reshape(rows, -1)
        gram += (flat @ flat.T) * _for_each_column(entered @ entered.T + (layer.bias is not None), gradients.shape[1])
    elif isinstance(layer, nn.BatchNorm2d):
        normalised = functional.batch_norm(entered, layer.running_mean, layer.running_var, eps=layer.eps)
        for part in ((gradients * normalised[:, None]).sum((3, 4)), gradients.sum((3, 4))):
            flat = part.reshape(rows, -1)
            gram.addmm_(flat, flat.T)
    elif isinstance(layer, nn.Conv2d):
        patches = convolution_patches(layer, entered)
        if layer.bias is not None:
            patches = torch.cat([patches, torch.ones_like(patches[:, :1])], dim=1)
        batch, size, places = patches.shape
        channels = gradients.shape[2]
        if places**2 * (channels + size) < channels * size:
            _add_pairs_of_places(gram, patches, gradients.reshape(rows, channels, places))
            return
        at_once = max(1, _BLOCK // (rows * size))
        flat = gradients.reshape(batch, -1, channels, places)
        for start in range(0, channels, at_once):
            part = flat[:, :, start : start + at_once]
            weights = part.reshape(batch, -1, places) @ patches.transpose(1, 2)
            gram += _products(weights.reshape(rows, -1))


def _products(rows: torch.Tensor) -> torch.Tensor:
    """Inner products of long rows, shape (rows, rows), as sums of short sums."""
    total = rows.new_zeros(len(rows), len(rows))
    for part in rows.split(_SUMMED, dim=1):
        total += part @ part.T
    return total


def _add_pairs_of_places(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add a convolution's part without its factor, in place: far less work where the output has few places.

    A row of the factor is a sum over places of outer products, and the inner product of two outer products is the
    product of the inner products of their sides.

    :param patches: (batch, entries of a patch, places). :param gradients: (batch x rank, channels, places).
    """
    rank = gradients.shape[0] // patches.shape[0]
    for place in range(patches.shape[2]):
        for other in range(place + 1):
            likeness = patches[:, :, place] @ patches[:, :, other].T
            part = (gradients[:, :, place] @ gradients[:, :, other].T) * _for_each_column(likeness, rank)
            gram += part
            if other < place:
                gram += part.T


def _for_each_column(likeness: torch.Tensor, rank: int) -> torch.Tensor:
    return likeness.repeat_interleave(rank, 0).repeat_interleave(rank, 1)
