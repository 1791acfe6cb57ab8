"""Hessians of networks that are piecewise linear, reduced to a small matrix with the same non-zero eigenvalues.

Given the activation pattern of a batch, a network of linear layers, convolutions, ReLU and pooling is linear in the
parameters of each one layer. Three exact steps follow:

1. The first layer, if linear, sees its weights through the span of the batch's inputs alone: on an orthonormal basis of
   it (the bias counts as an input of 1) there are at most as many inputs as samples. Not so for later layers, whose
   inputs move with the weights before them.
2. Rows and columns of parameters that no sample feels are zero: weights between units that no sample has alive at the
   same time, such as all of a unit that is dead on the whole batch.
3. Of a layer's own diagonal block only the Gauss-Newton part F F' is left, of rank at most batch x rank; all else
   couples it to the other layers, C. With the R of a QR factorisation [F, C] = Q (R_F, R_C) the matrix
   ((F F', C), (C', H)) becomes ((R_F R_F', R_C), (R_C', H)), in which neither Q nor the block itself is needed. It pays
   for the largest layer, if that has more parameters than [F, C] has columns.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.coupling import LINEAR, couplings, factor_rows, record
from deepspectra.spectra.curvature.gauss_newton import is_plain_convolution
from deepspectra.spectra.curvature.sizes import require_feasible

_PIECEWISE = (*LINEAR, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Identity)


@dataclass(frozen=True)
class ReducedHessian:
    """A symmetric matrix whose non-zero eigenvalues are those of a batch's Hessian.

    ``matrix``: shape (k, k). ``sizes``: parameters of the network (P), with the first layer on the batch's basis, that
    some sample feels, and k, by the name of the step.
    """

    matrix: torch.Tensor
    sizes: dict[str, int]


def why_not_piecewise(model: nn.Module) -> str | None:
    """What keeps a model from being reduced here, in words; None if nothing does."""
    if not isinstance(model, nn.Sequential):
        return f"it is a {type(model).__name__}, not a plain sequence of layers"
    for name, layer in _modules(model):
        if not isinstance(layer, _PIECEWISE):
            return f"layer {name} ({type(layer).__name__}) is not piecewise linear, or is not known to be"
        if isinstance(layer, nn.Conv2d) and not is_plain_convolution(layer):
            return f"convolution {name} has groups or a padding other than zeros in numbers"
    parameters = [parameter for _, layer in _modules(model) for parameter in layer.parameters()]
    if len({id(parameter) for parameter in parameters}) < len(parameters):
        return "layers share parameters, in which it is not linear"
    return None


def reduced_hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> ReducedHessian:
    """Reduce the Hessian of a batch's loss (sum over samples), in the precision of model and inputs.

    Memory: the rows of all layers but the projected one, twice, and the reduced matrix.

    :param model: a plain sequence of layers.
    :param inputs: shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :raises UserError: if the model is not of the kind, see :func:`why_not_piecewise`.
    """
    reason = why_not_piecewise(model)
    if reason:
        raise UserError(f"this network's Hessian cannot be reduced exactly: {reason}.")
    if any(module.training for module in model.modules()):
        raise UserError("curvature is that of a network in evaluation mode; call its eval() first.")
    sizes = {"network": sum(parameter.numel() for parameter in model.parameters())}
    model, inputs = on_input_basis(model, inputs)
    sizes["on the basis of the inputs"] = sum(parameter.numel() for parameter in model.parameters())
    felt = felt_parameters(model, inputs)
    sizes["felt by the batch"] = sum(int(mask.sum()) for mask in felt.values())

    by_layer: dict[str, int] = {}
    for name, mask in felt.items():
        layer = name.rpartition(".")[0]
        by_layer[layer] = by_layer.get(layer, 0) + int(mask.sum())
    largest = max(by_layer, key=by_layer.__getitem__)
    with torch.no_grad():
        rank = curvature_factor(loss, model(inputs[:1])).shape[2]
    columns = len(inputs) * rank
    others = sizes["felt by the batch"] - by_layer[largest]
    require_feasible(others + min(columns + others, by_layer[largest]), "the reduced Hessian")
    first = sum(count for layer, count in islice(by_layer.items(), list(by_layer).index(largest)))
    big = slice(first, first + by_layer[largest] * (columns + others < by_layer[largest]))

    rows, own = _rows_but(big, model, inputs, targets, loss, felt)
    matrix = torch.cat([rows[:, : big.start], rows[:, big.stop :]], dim=1)
    if len(own):
        triangle = torch.linalg.qr(torch.cat([own, rows[:, big].T], dim=1), mode="r").R
        del rows, own
        left, right = triangle[:, :columns], triangle[:, columns:]
        matrix = torch.cat([torch.cat([left @ left.T, right], 1), torch.cat([right.T, matrix], 1)])
    sizes["reduced"] = len(matrix)
    return ReducedHessian((matrix + matrix.T) / 2, sizes)


def on_input_basis(model: nn.Sequential, inputs: torch.Tensor) -> tuple[nn.Sequential, torch.Tensor]:
    """The same function of its parameters, with the first linear layer on an orthonormal basis of the batch's inputs.

    Unchanged if the first layer with parameters is a convolution, or the basis would have no fewer vectors than there
    are inputs.

    :returns: the model, and the inputs for it, shape (batch, vectors).
    """
    layers = list(_modules(model))
    first = next((place for place, (_, layer) in enumerate(layers) if not isinstance(layer, nn.Flatten)), None)
    if first is None or not isinstance(layers[first][1], nn.Linear):
        return model, inputs
    layer = layers[first][1]
    flat = inputs.flatten(1)
    weight = layer.weight.detach()
    if layer.bias is not None:
        flat = torch.cat([flat, torch.ones_like(flat[:, :1])], dim=1)
        weight = torch.cat([weight, layer.bias.detach()[:, None]], dim=1)
    if len(flat) >= flat.shape[1]:
        return model, inputs
    basis, coordinates = torch.linalg.qr(flat.T)
    replaced = nn.Linear(len(flat), len(weight), bias=False, dtype=flat.dtype, device=flat.device)
    replaced.weight = nn.Parameter(weight @ basis)
    later = [(layers[first][0], replaced), *layers[first + 1 :]]
    return nn.Sequential(OrderedDict(later)).train(model.training), coordinates.T.contiguous()


def felt_parameters(model: nn.Sequential, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """For each parameter by name a mask of its entries: whether any sample's outputs may depend on it.

    A weight is felt where some sample has both an input to it and a way from its unit to the outputs, through units
    that are alive there. That is read from the activation pattern alone, in a network of the same pattern whose weights
    are all 1: a weight that happens to be zero closes a way for the first derivative, but not for the second.
    """
    entered, left = {}, {}
    values, reached = inputs.detach(), (inputs != 0).to(inputs.dtype).requires_grad_()
    for name, layer in _modules(model):
        if isinstance(layer, LINEAR):
            entered[name] = reached.detach()
            ones = {key: torch.ones_like(parameter) for key, parameter in layer.named_parameters()}
            reached = functional_call(layer, ones, (reached,))
            left[name], values = reached, layer(values)
        elif isinstance(layer, nn.ReLU):
            reached, values = reached * (values > 0), values.clamp_min(0)
        elif isinstance(layer, nn.MaxPool2d):
            options = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
            values, places = functional.max_pool2d(values, *options, return_indices=True)
            reached = reached.flatten(2).gather(2, places.flatten(2)).view(places.shape)
        else:
            reached, values = layer(reached), layer(values)
    ways = torch.autograd.grad(reached.sum(), list(left.values()))
    felt = {}
    for (name, taken), way in zip(entered.items(), ways, strict=True):
        layer = model.get_submodule(name)
        if isinstance(layer, nn.Conv2d):
            taken = functional.unfold(taken, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
            taken, way = (part.transpose(1, 2).flatten(0, 1) for part in (taken, way.flatten(2)))
        # How many samples (and places in them) have both.
        together = (way != 0).to(torch.float32).T @ (taken != 0).to(torch.float32)
        felt[f"{name}.weight"] = (together > 0).reshape(layer.weight.shape)
        if layer.bias is not None:
            felt[f"{name}.bias"] = (way != 0).any(0)
    return felt


def _modules(model: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """All layers in order; one that stands in several places, in each of them."""
    return list(model._modules.items())


def _rows_but(
    left_out: slice,
    model: nn.Sequential,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss,
    felt: dict[str, torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of the Hessian of the felt parameters, without those of one layer, and the rows of F that were left out.

    :param left_out: the layer's, of the felt parameters.
    """
    steps = record(model, inputs)
    factor = factor_rows(steps, loss, felt)
    rows = torch.cat([factor[: left_out.start], factor[left_out.stop :]]) @ factor.T
    for row, column, block in couplings(steps, targets, loss, felt):
        # Blocks lie within layers: before the one that is left out, in it, or after it.
        for start, other, part in ((row, column, block), (column, row, block.T)):
            if not left_out.start <= start < left_out.stop:
                if start >= left_out.stop:
                    start -= left_out.stop - left_out.start
                rows[start : start + part.shape[0], other : other + part.shape[1]] += part
    return rows, factor[left_out]
