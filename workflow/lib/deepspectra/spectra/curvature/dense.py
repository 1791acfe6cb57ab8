"""Dense Hessians and Gauss-Newton matrices of a batch: as published, and the oracle of every other method."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.func import functional_call, grad, jvp, vmap

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor

__all__ = [
    "flatten",
    "gauss_newton_factor",
    "hessian",
    "hessian_product",
    "hessian_rows",
    "trainable",
    "unflatten",
]

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


def hessian_product(
    model: nn.Module, parameters: Mapping[str, torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, loss: Loss
) -> Callable[[torch.Tensor], torch.Tensor]:
    """v -> H v for the loss of a batch (sum over samples), forward over reverse; v and H v of shape (P,)."""

    def of_vector(vector: torch.Tensor) -> torch.Tensor:
        return batch_loss(loss, functional_call(model, unflatten(vector, parameters), (inputs,)), targets)

    here = flatten(parameters)
    return lambda vector: jvp(grad(of_vector), (here,), (vector,))[1]


def hessian_rows(
    product: Callable[[torch.Tensor], torch.Tensor], places: torch.Tensor, size: int, dtype: torch.dtype
) -> torch.Tensor:
    """Rows of a Hessian of ``size`` parameters, shape (places, size), from its products with unit vectors.

    :param places: indices of the rows, int64.
    """
    rows = torch.empty(len(places), size, dtype=dtype, device=places.device)
    for start in range(0, len(places), _PRODUCTS):
        chosen = places[start : start + _PRODUCTS]
        units = torch.zeros(len(chosen), size, dtype=dtype, device=places.device)
        units[torch.arange(len(chosen)), chosen] = 1
        rows[start : start + len(chosen)] = vmap(product)(units)
    return rows


def hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The P x P Hessian of a batch's loss, in the precision of model and inputs; symmetric up to rounding.

    :param model: in evaluation mode.
    :param inputs: shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    """
    parameters = trainable(model)
    here = flatten(parameters)
    product = hessian_product(model, parameters, inputs, targets, loss)
    return hessian_rows(product, torch.arange(len(here), device=here.device), len(here), here.dtype)


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
