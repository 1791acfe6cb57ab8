"""Gauss-Newton matrices of a batch by their Gram matrix: exact for networks of any size, without any P x P matrix.

The Gauss-Newton matrix is F F' with F = J' A, P x (batch x rank): J the Jacobian of the outputs, A from
:func:`deepspectra.nn.losses.curvature_factor`. Its non-zero eigenvalues are those of F' F, which is summed layer
by layer. Of a linear model with a loss that is convex in the outputs (softmax regression) it is the Hessian itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError

# Entries of a layer's factor that are held at once.
_BLOCK = 1 << 25
# Products that are summed in a row: BLAS adds a few hundred at a time to what it has, and over the millions of a large
# layer the roundings of these sums grow to a hundred times float64's epsilon.
_SUMMED = 1 << 12

_WITH_PARAMETERS = (nn.Linear, nn.Conv2d, nn.BatchNorm2d)


def gauss_newton_gram(
    model: nn.Module,
    inputs: torch.Tensor,
    loss: Loss,
    progress: Callable[[list[nn.Module]], Iterable[nn.Module]] = iter,
) -> torch.Tensor:
    """F' F, shape (batch x rank, batch x rank), in the precision of the inputs and of the model.

    :param model: in evaluation mode, so that samples do not mix. Parameters may be in linear layers, in
        two-dimensional convolutions (one group, zero padding) and in batch normalisation; what else there is has none.
    :param inputs: shape (batch, ...).
    :param progress: gives the layers back one by one, such as a progress bar over them: a large network takes minutes.
    :raises UserError: if the model is in training mode or has parameters elsewhere.
    """
    layers = _layers(model)
    recorded: dict[nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}

    def record(layer: nn.Module, arguments: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        if layer in recorded:
            raise UserError(
                f"layer {layers[layer]} is used twice in one pass, which its Gram matrix does not allow for."
            )
        if isinstance(layer, nn.Linear) and arguments[0].dim() != 2:
            raise UserError(f"layer {layers[layer]} takes inputs of shape (batch, features), not {arguments[0].shape}.")
        recorded[layer] = (arguments[0].detach().clone(), output)
        # What comes next may work in place: on a copy.
        return output.clone()

    handles = [layer.register_forward_hook(record) for layer in layers]
    try:
        with torch.enable_grad():
            # The graph has to begin at the inputs: a hook's output would else have no gradient where weights have none.
            outputs = model(inputs.detach().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    factor = curvature_factor(loss, outputs.detach())
    batch, rank = len(outputs), factor.shape[2]
    used = list(recorded)
    gradients: dict[nn.Module, list[torch.Tensor]] = {layer: [] for layer in used}
    for column in range(rank):
        found = torch.autograd.grad(
            outputs, [recorded[layer][1] for layer in used], factor[:, :, column], retain_graph=column < rank - 1
        )
        for layer, gradient in zip(used, found, strict=True):
            gradients[layer].append(gradient)
    gram = outputs.new_zeros(batch * rank, batch * rank)
    for layer in progress(used):
        _add_layer(gram, layer, recorded[layer][0], torch.stack(gradients.pop(layer), dim=1))
    return gram


def is_plain_convolution(layer: nn.Conv2d) -> bool:
    """Whether a convolution is one product with the patches that ``unfold`` gives."""
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _layers(model: nn.Module) -> dict[nn.Module, str]:
    """The layers with parameters, by name.

    :raises UserError: if parameters are elsewhere, or the model is in training mode.
    """
    if any(module.training for module in model.modules()):
        raise UserError("curvature is that of a network in evaluation mode; call its eval() first.")
    layers = {}
    for name, layer in model.named_modules():
        if not list(layer.parameters(recurse=False)):
            continue
        odd = isinstance(layer, nn.Conv2d) and not is_plain_convolution(layer)
        if not isinstance(layer, _WITH_PARAMETERS) or odd:
            raise UserError(
                f"no Gram matrix of layer {name} ({type(layer).__name__}): parameters may be in linear layers, in "
                "convolutions of one group with zero padding given in numbers and in batch normalisation."
            )
        layers[layer] = name or type(layer).__name__
    return layers


def _add_layer(gram: torch.Tensor, layer: nn.Module, entered: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add one layer's part of F' F, in place.

    :param entered: the layer's input, (batch, ...).
    :param gradients: of the outputs' combinations in the layer's output, (batch, rank, ...).
    """
    rows = gram.shape[0]
    if isinstance(layer, nn.Linear):
        flat = gradients.reshape(rows, -1)
        likeness = entered @ entered.T + (0 if layer.bias is None else 1)
        rank = gradients.shape[1]
        gram += (flat @ flat.T) * likeness.repeat_interleave(rank, 0).repeat_interleave(rank, 1)
    elif isinstance(layer, nn.BatchNorm2d):
        normalised = functional.batch_norm(entered, layer.running_mean, layer.running_var, eps=layer.eps)
        if layer.affine:
            for part in ((gradients * normalised[:, None]).sum((3, 4)), gradients.sum((3, 4))):
                flat = part.reshape(rows, -1)
                gram.addmm_(flat, flat.T)
    else:
        patches = functional.unfold(entered, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
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
    """Inner products of long rows, shape (rows, rows), by sums of short sums."""
    total = rows.new_zeros(len(rows), len(rows))
    for part in rows.split(_SUMMED, dim=1):
        total += part @ part.T
    return total


def _add_pairs_of_places(gram: torch.Tensor, patches: torch.Tensor, gradients: torch.Tensor) -> None:
    """Add a convolution's part without its factor, in place: where the output has few places that is far less work.

    A row of the factor is a sum over places of outer products, and the inner product of two outer products is the
    product of the inner products of their sides.

    :param patches: shape (batch, entries of a patch, places).
    :param gradients: in the layer's output, shape (batch x rank, channels, places).
    """
    rank = gradients.shape[0] // patches.shape[0]
    for place in range(patches.shape[2]):
        for other in range(place + 1):
            likeness = patches[:, :, place] @ patches[:, :, other].T
            part = gradients[:, :, place] @ gradients[:, :, other].T
            part *= likeness.repeat_interleave(rank, 0).repeat_interleave(rank, 1)
            gram += part
            if other < place:
                gram += part.T
