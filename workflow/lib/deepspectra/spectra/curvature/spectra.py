"""Resolved spectra of a batch's curvature matrices, by whichever method serves a network."""

from typing import Literal, get_args

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from deepspectra.nn.losses import Loss, check_targets
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature import coupling
from deepspectra.spectra.curvature.batches import check_batch, check_labels, is_as_made, trainable_parameters
from deepspectra.spectra.curvature.dense import gauss_newton_factor, hessian
from deepspectra.spectra.curvature.gauss_newton import gram_spectrum
from deepspectra.spectra.curvature.levels import matrix_levels, rounding
from deepspectra.spectra.curvature.null_directions import NEGLIGIBLE
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
    parameters = _count(model)
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

    Both are matrices of the trainable parameters: those that require gradients, tied ones once.

    :param model: in float64 and evaluation mode. :param inputs: float64 (or indices), shape (batch, ...).
    :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :param method: a :data:`Method`; None chooses by :func:`choose_method`.
    :raises UserError: if batch or targets are not those of :func:`.check_batch` and :func:`.check_labels`, or the
        method does not serve the network.
    """
    outputs = check_batch(model, inputs)
    check_targets(loss, outputs, targets)
    if loss == "cross_entropy":
        check_labels(outputs, targets)
    method, reason = (method, "asked for") if method else choose_method(kind, model)
    if method not in get_args(Method):
        raise UserError(f"there is no method {method!r}; known are {', '.join(get_args(Method))}.")
    if method == "gram":
        if kind == "hessian" and not _is_linear(model):
            raise UserError("a Hessian is a Gram matrix only for networks that are linear in their parameters.")
        return gram_spectrum(model, inputs, loss, reason)
    parameters, error = _count(model), rounding(outputs)
    if method == "dense":
        require_feasible(parameters, "the whole matrix")
    if kind == "gauss_newton":
        if method == "piecewise":
            raise UserError("method piecewise is for Hessians; Gauss-Newton matrices take gram or dense.")
        factor = gauss_newton_factor(model, inputs, loss)
        matrix = factor @ factor.T
    elif method == "piecewise":
        matrix = reduced_hessian(model, inputs, targets, loss)
        error += NEGLIGIBLE * torch.finfo(matrix.dtype).eps
    else:
        matrix = _dense_hessian(model, inputs, targets, loss)
    levels = matrix_levels(matrix, error)
    return keep_resolved(levels, parameters, method, reason)


def _dense_hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """:raises UserError: if torch cannot differentiate the network twice."""
    try:
        # The fused kernel of attention has no second derivative.
        with sdpa_kernel(SDPBackend.MATH):
            dense = hessian(model, inputs, targets, loss)
    except RuntimeError as error:
        if "implemented" not in str(error):
            raise
        raise UserError(
            f"torch cannot differentiate this network twice: {str(error).splitlines()[0]} Take its Gauss-Newton matrix."
        ) from error
    return (dense + dense.T) / 2


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in trainable_parameters(model).values())


def _is_linear(model: nn.Module) -> bool:
    """Whether all parameters are in one layer, which is used once, and nothing that is not linear comes with it."""
    if not is_as_made(model, nn.Sequential):
        return False
    assert isinstance(model, nn.Sequential)
    layers = [layer for _, layer in coupling.modules_of(model) if not is_as_made(layer, nn.Flatten, nn.Identity)]
    return len(layers) == 1 and is_as_made(layers[0], *coupling.LINEAR)
