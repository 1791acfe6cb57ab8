"""Dense Hessians and Gauss-Newton matrices of a batch: as published, and the oracle of every other method."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.func import functional_call, grad, jvp, vmap

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor

__all__ = ["flatten", "gauss_newton_factor", "hessian", "trainable", "unflatten"]

# Products computed at once; their tangents of all weights are held together.
_PRODUCTS = 64


def flatten(parameters: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """All parameters in one vector, in their order."""
    return torch.cat([parameter.reshape(-1) for parameter in parameters.values()])


def unflatten(vector: torch.Tensor, like: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse of :func:`flatten`."""
    sizes = [parameter.numel() for parameter in like.values()]
    parts = vector.split(sizes)
    return {name: part.view(like[name].shape) for name, part in zip(like, parts, strict=True)}


def trainable(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters of a model by name, detached."""
    return {name: parameter.detach() for name, parameter in model.named_parameters()}


def hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The P x P Hessian of a batch's loss (sum over samples), forward over reverse; symmetric up to rounding.

    :param model: in evaluation mode; its precision and that of the inputs is the Hessian's.
    :param inputs: shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    """
    parameters = trainable(model)
    here = flatten(parameters)

    def of_vector(vector: torch.Tensor) -> torch.Tensor:
        return batch_loss(loss, functional_call(model, unflatten(vector, parameters), (inputs,)), targets)

    def product(vector: torch.Tensor) -> torch.Tensor:
        return jvp(grad(of_vector), (here,), (vector,))[1]

    rows = here.new_empty(len(here), len(here))
    for places in torch.arange(len(here), device=here.device).split(_PRODUCTS):
        units = here.new_zeros(len(places), len(here))
        units[torch.arange(len(places)), places] = 1
        rows[places[0] : places[-1] + 1] = vmap(product)(units)
    return rows


def gauss_newton_factor(model: nn.Module, inputs: torch.Tensor, loss: Loss) -> torch.Tensor:
    """F of shape (P, batch x rank), such that F F' is the Gauss-Newton matrix of the batch.

    One backward pass for each column, and P x batch x rank numbers: for small networks.
    """
    parameters = list(model.parameters())
    outputs = model(inputs)
    factor = curvature_factor(loss, outputs.detach())
    columns = []
    for sample in range(len(outputs)):
        for column in range(factor.shape[2]):
            found = torch.autograd.grad(outputs[sample], parameters, factor[sample, :, column], retain_graph=True)
            columns.append(torch.cat([part.reshape(-1) for part in found]))
    return torch.stack(columns, dim=1)
