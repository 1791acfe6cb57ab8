"""Resolved spectra of a batch's curvature matrices, by whichever method serves a network."""

from typing import Literal, get_args

import torch
from torch import nn

from deepspectra.nn.losses import Loss
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.gauss_newton import check_batch, gram_spectrum
from deepspectra.spectra.curvature.piecewise import reduced_hessian, why_not_piecewise
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum, keep_resolved
from deepspectra.spectra.curvature.sizes import DENSE_PARAMETERS, require_feasible

__all__ = ["Kind", "Method", "choose_method", "resolved_spectrum"]

Kind = Literal["hessian", "gauss_newton"]
Method = Literal["gram", "piecewise", "dense"]


def choose_method(kind: Kind, model: nn.Module) -> tuple[Method, str]:
    """Which method serves a network, and why.

    :raises UserError: if none does.
    """
    if kind == "gauss_newton":
        return "gram", "the Gauss-Newton matrix is a product of a factor with its transpose, whatever the network"
    if _is_linear(model):
        return "gram", "the network is linear in its parameters, so that its Hessian is its Gauss-Newton matrix"
    reason = why_not_piecewise(model)
    if reason is None:
        return "piecewise", "given the activation pattern the network is linear in each layer"
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters <= DENSE_PARAMETERS:
        return "dense", f"the network cannot be reduced ({reason}), and is small"
    raise UserError(
        f"no exact method for the Hessian of this network: {reason}, and its {parameters} parameters are more than "
        f"the {DENSE_PARAMETERS} for which the whole matrix is computed. The Gauss-Newton matrix works at any size; or "
        "ask for method dense if you have the memory (five times 8 P^2 bytes)."
    )


def resolved_spectrum(
    kind: Kind, model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss, method: str | None = None
) -> ResolvedSpectrum:
    """The non-zero spectrum of the Hessian or Gauss-Newton matrix of a batch's loss (sum over samples).

    :param model: in float64 and evaluation mode. :param inputs: float64, shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :param method: a :data:`Method`; None chooses by :func:`choose_method`.
    :raises UserError: if the precision is not float64, the batch is empty, or the method does not serve the network.
    """
    check_batch(model, inputs)
    if len(inputs) != len(targets):
        raise UserError(f"every sample needs a target; there are {len(inputs)} and {len(targets)}.")
    method, reason = (method, "asked for") if method else choose_method(kind, model)
    if method not in get_args(Method):
        raise UserError(f"there is no method {method!r}; known are {', '.join(get_args(Method))}.")
    if method == "gram":
        if kind == "hessian" and not _is_linear(model):
            raise UserError("a Hessian is a Gram matrix only for networks that are linear in their parameters.")
        return gram_spectrum(model, inputs, loss, reason)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if kind == "gauss_newton":
        if method == "piecewise":
            raise UserError("method piecewise is for Hessians; Gauss-Newton matrices take gram or dense.")
        factor = gauss_newton_factor(model, inputs, loss)
        matrix = factor @ factor.T
    elif method == "piecewise":
        matrix = reduced_hessian(model, inputs, targets, loss)
    else:
        require_feasible(parameters, "the Hessian")
        dense = hessian(model, inputs, targets, loss)
        matrix = (dense + dense.T) / 2
    with torch.no_grad():
        return keep_resolved(matrix, model(inputs), parameters, method, reason)


def _is_linear(model: nn.Module) -> bool:
    """Whether all parameters are in one layer and nothing that is not linear follows it."""
    layers = [layer for layer in model.children() if not isinstance(layer, nn.Flatten | nn.Identity)]
    return isinstance(model, nn.Sequential) and len(layers) == 1 and isinstance(layers[0], nn.Linear | nn.Conv2d)
