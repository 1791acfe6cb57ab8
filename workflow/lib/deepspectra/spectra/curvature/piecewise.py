"""Hessians of piecewise linear networks, reduced to a small matrix with the same non-zero eigenvalues.

Given the activation pattern of a batch, a network of linear layers, convolutions, ReLU and pooling is linear in the
parameters of each single layer. Three exact steps follow:

1. The first layer, if linear, sees its weights only through the span of the batch's inputs. On an orthonormal basis of
   that span (the bias counts as an input of 1) there are at most as many inputs as samples. This does not hold for
   later layers, whose inputs move with the earlier weights.
2. Rows and columns of inactive parameters are zero. A weight is inactive if no sample has both its ends alive; all
   weights of a unit that is dead on the whole batch are.
3. Of a layer's own diagonal block only the Gauss-Newton part F F' remains, of rank at most batch x rank; all else, C,
   couples the layer to the others. With the R of a QR factorisation [F, C] = Q (R_F, R_C) the matrix
   ((F F', C), (C', H)) becomes ((R_F R_F', R_C), (R_C', H)), which needs neither Q nor the block itself. It pays for
   the largest layer, if that has more parameters than [F, C] has columns.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile, islice

import torch
from torch import nn
from torch.func import functional_call

from deepspectra.nn.losses import Loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.convolutions import convolution_patches, is_plain_convolution
from deepspectra.spectra.curvature.coupling import LINEAR, couplings, factor_rows, max_pool, record
from deepspectra.spectra.curvature.sizes import require_feasible

__all__ = ["ReducedHessian", "active_parameters", "on_input_basis", "reduced_hessian", "why_not_piecewise"]

_PIECEWISE = (*LINEAR, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Identity)


@dataclass(frozen=True)
class ReducedHessian:
    """A symmetric matrix with the non-zero eigenvalues of a batch's Hessian.

    :ivar matrix: shape (k, k).
    :ivar sizes: number of parameters after each step, by its name: of the network (P), with the first layer on the
        batch's basis, active in some sample, and k.
    """

    matrix: torch.Tensor
    sizes: dict[str, int]


def why_not_piecewise(model: nn.Module) -> str | None:
    """Why a model cannot be reduced here, in words; None if it can."""
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

    :param model: a plain sequence of layers in evaluation mode.
    :param inputs: shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :raises UserError: if the model cannot be reduced (see :func:`why_not_piecewise`), or the matrix is too large.
    """
    reason = why_not_piecewise(model)
    if reason or not isinstance(model, nn.Sequential):
        raise UserError(f"this network's Hessian cannot be reduced exactly: {reason}.")
    if any(module.training for module in model.modules()):
        raise UserError("curvature is that of a network in evaluation mode; call its eval() first.")
    sizes = {"network": sum(parameter.numel() for parameter in model.parameters())}
    model, inputs = on_input_basis(model, inputs)
    sizes["on the basis of the inputs"] = sum(parameter.numel() for parameter in model.parameters())
    active = active_parameters(model, inputs)
    sizes["active in the batch"] = sum(int(mask.sum()) for mask in active.values())

    by_layer: dict[str, int] = {}
    for name, mask in active.items():
        layer = name.rpartition(".")[0]
        by_layer[layer] = by_layer.get(layer, 0) + int(mask.sum())
    largest = max(by_layer, key=by_layer.__getitem__)
    with torch.no_grad():
        rank = curvature_factor(loss, model(inputs[:1])).shape[2]
    columns = len(inputs) * rank
    others = sizes["active in the batch"] - by_layer[largest]
    require_feasible(others + min(columns + others, by_layer[largest]), "the reduced Hessian")
    first = sum(count for layer, count in islice(by_layer.items(), list(by_layer).index(largest)))
    projected = slice(first, first + by_layer[largest] * (columns + others < by_layer[largest]))

    rows, own = _rows_but(projected, model, inputs, targets, loss, active)
    matrix = torch.cat([rows[:, : projected.start], rows[:, projected.stop :]], dim=1)
    if len(own):
        triangle = torch.linalg.qr(torch.cat([own, rows[:, projected].T], dim=1), mode="r").R
        del rows, own
        left, right = triangle[:, :columns], triangle[:, columns:]
        matrix = torch.cat([torch.cat([left @ left.T, right], 1), torch.cat([right.T, matrix], 1)])
    sizes["reduced"] = len(matrix)
    return ReducedHessian((matrix + matrix.T) / 2, sizes)


def on_input_basis(model: nn.Sequential, inputs: torch.Tensor) -> tuple[nn.Sequential, torch.Tensor]:
    """The same function of its parameters, with the first linear layer on an orthonormal basis of the batch's inputs.

    Unchanged if the first layer with parameters is a convolution, or if the basis would have as many vectors as there
    are inputs.

    :returns: the model, and the inputs for it, shape (batch, vectors).
    """
    layers = list(dropwhile(lambda named: isinstance(named[1], nn.Flatten), _modules(model)))
    name, layer = layers[0] if layers else ("", None)
    if not isinstance(layer, nn.Linear):
        return model, inputs
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
    later = [(name, replaced), *layers[1:]]
    return nn.Sequential(OrderedDict(later)).train(model.training), coordinates.T.contiguous()


def active_parameters(model: nn.Sequential, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """For each parameter, by name, a mask of its entries: whether any sample's outputs may depend on it.

    A weight is active where some sample has both an input to it and a path from its unit to the outputs through units
    that are alive. This is read from the activation pattern alone, in a network of the same pattern whose weights are
    all 1: a weight that happens to be zero closes a path for the first derivative, but not for the second.
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
            values, places = max_pool(layer, values)
            reached = reached.flatten(2).gather(2, places.flatten(2)).view(places.shape)
        else:
            reached, values = layer(reached), layer(values)
    paths = torch.autograd.grad(reached.sum(), list(left.values()))
    active = {}
    for (name, taken), path in zip(entered.items(), paths, strict=True):
        layer = model.get_submodule(name)
        assert isinstance(layer, LINEAR)
        if isinstance(layer, nn.Conv2d):
            taken = convolution_patches(layer, taken)
            taken, path = (part.transpose(1, 2).flatten(0, 1) for part in (taken, path.flatten(2)))
        # In how many samples (and places in them) both are there.
        together = (path != 0).to(torch.float32).T @ (taken != 0).to(torch.float32)
        active[f"{name}.weight"] = (together > 0).reshape(layer.weight.shape)
        if layer.bias is not None:
            active[f"{name}.bias"] = (path != 0).any(0)
    return active


def _modules(model: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """All layers in order; a layer that is used several times is listed each time."""
    return [(name, layer) for name, layer in model._modules.items() if layer is not None]


def _rows_but(
    left_out: slice,
    model: nn.Sequential,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    loss: Loss,
    active: Mapping[str, torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of the Hessian of the active parameters without those of one layer, and the omitted rows of F.

    :param left_out: that layer's place among the active parameters.
    """
    steps = record(model, inputs)
    factor = factor_rows(steps, loss, active)
    rows = torch.cat([factor[: left_out.start], factor[left_out.stop :]]) @ factor.T
    for row, column, block in couplings(steps, targets, loss, active):
        # Blocks lie within layers: before the one that is left out, in it, or after it.
        for start, other, part in ((row, column, block), (column, row, block.T)):
            if not left_out.start <= start < left_out.stop:
                if start >= left_out.stop:
                    start -= left_out.stop - left_out.start
                rows[start : start + part.shape[0], other : other + part.shape[1]] += part
    return rows, factor[left_out]
