"""The curvature of anybody's loss in the outputs: named losses in closed form, any other through its Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from deepspectra.nn.losses import curvature_factor
from deepspectra.runtime.errors import UserError

__all__ = ["OutputCurvature", "output_curvature"]

#: Labels that torch's cross-entropy leaves out unless told otherwise.
_IGNORED = -100
#: Outputs of one sample whose Hessian is computed for a loss that is known as a function only.
_LARGEST_HESSIAN = 2000
# Steps of the difference quotient by which a Hessian is audited, relative to the outputs, and what it may be off.
_STEP, _TOLERANCE = 1e-5, 1e-3
_ROUNDINGS = 100.0


@dataclass(frozen=True)
class OutputCurvature:
    """The Hessian of each sample's loss in its outputs.

    :ivar name: of the loss. :ivar factor: from outputs (batch, outputs) to A, (batch, outputs, rank), with A A' that
        Hessian. :ivar rows: batch x rank. :ivar is_exact: whether A is right to rounding column by column; else to
        rounding of its largest one.
    """

    name: str
    factor: Callable[[torch.Tensor], torch.Tensor]
    rows: int
    is_exact: bool = True


def output_curvature(loss: Any, outputs: torch.Tensor, targets: Any) -> OutputCurvature:
    """The curvature of a loss that is a sum over samples.

    :param loss: ``cross_entropy`` (of classes along the last axis of the outputs, summed over all others), ``squared``
        (mean over a sample's outputs), or a function of outputs and targets of one sample, both with their first axis
        of length 1, that returns one number; such as those of torch. Of torch's mean, over one sample, that sample's
        loss is left; samples that ``ignore_index`` leaves out have none.
    :param outputs: as the model gives them, (batch, ...), finite.
    :param targets: labels (batch, ...) for cross-entropy; values of the outputs' shape for the squared error.
    :raises UserError: if the loss is unknown, does not fit the targets, cannot be differentiated twice, or is not
        convex in the outputs.
    """
    targets = None if targets is None else torch.as_tensor(targets).to(outputs.device)
    if loss == "cross_entropy":
        return _cross_entropy(outputs, targets, _IGNORED)
    if (entropy := _torch_entropy(loss)) is not None:
        if entropy.weight is not None and entropy.reduction == "mean":
            raise UserError(
                "the mean of a cross-entropy with weights divides by the weights of its samples, so that of one sample "
                "has none. Take reduction='sum', of which curvature is a sum over samples."
            )
        are_labels = targets is not None and not targets.is_floating_point()
        # The Hessian of label smoothing is that without: it adds terms that are linear in the outputs.
        if entropy.weight is None and outputs.dim() == 2 and are_labels:
            return _cross_entropy(outputs, targets, entropy.ignore_index)
    if loss == "squared":
        if targets is not None and targets.shape != outputs.shape:
            raise UserError(
                f"targets of the squared error must have the outputs' shape {tuple(outputs.shape)}; found "
                f"{tuple(targets.shape)}."
            )
        return OutputCurvature("squared", lambda flat: curvature_factor("squared", flat), outputs.numel())
    if not callable(loss):
        raise UserError(f"there is no loss {loss!r}; known are cross_entropy, squared, and functions of your own.")
    return _own(loss, outputs, targets)


def _torch_entropy(loss: Any) -> nn.CrossEntropyLoss | None:
    """Torch's cross-entropy, as a module or a function with or without options; None if the loss is another one."""
    if isinstance(loss, nn.CrossEntropyLoss) and type(loss).forward is nn.CrossEntropyLoss.forward:
        return loss
    if loss is functional.cross_entropy:
        return nn.CrossEntropyLoss()
    if isinstance(loss, partial) and loss.func is functional.cross_entropy and not loss.args:
        return nn.CrossEntropyLoss(**loss.keywords)
    return None


def _cross_entropy(outputs: torch.Tensor, targets: torch.Tensor | None, ignored: int) -> OutputCurvature:
    """:param ignored: the label of what is left out."""
    if outputs.dim() < 2 or outputs.shape[-1] < 2:
        raise UserError(
            f"cross-entropy needs outputs of shape (batch, ..., classes) with two classes or more; found "
            f"{tuple(outputs.shape)}."
        )
    classes, batch = outputs.shape[-1], len(outputs)
    places = outputs[0].numel() // classes
    kept = torch.ones(batch, places, dtype=outputs.dtype, device=outputs.device)
    if targets is not None:
        if targets.shape != outputs.shape[:-1]:
            raise UserError(
                f"labels must have the shape {tuple(outputs.shape[:-1])} of the outputs {tuple(outputs.shape)} without "
                f"their last axis, the classes; found {tuple(targets.shape)}."
            )
        labels = targets[targets != ignored]
        if targets.is_floating_point() or targets.dtype == torch.bool or ((labels < 0) | (labels >= classes)).any():
            found = f"{targets.dtype}".removeprefix("torch.")
            span = f" from {int(labels.min())} to {int(labels.max())}" if labels.numel() else ""
            raise UserError(
                f"labels must be whole numbers from 0 to {classes - 1} (or {ignored}: left out); found {found}{span}."
            )
        kept = (targets != ignored).reshape(batch, places).to(outputs)

    def factor(flat: torch.Tensor) -> torch.Tensor:
        own = curvature_factor("cross_entropy", flat.reshape(batch * places, classes))
        own = own.view(batch, places, classes, classes - 1) * kept[:, :, None, None]
        if places == 1:
            return own[:, 0]
        # A block for each place.
        whole = own.new_zeros(batch, places, classes, places, classes - 1)
        whole.diagonal(dim1=1, dim2=3).copy_(own.permute(0, 2, 3, 1))
        return whole.view(batch, places * classes, places * (classes - 1))

    return OutputCurvature("cross_entropy", factor, batch * places * (classes - 1))


def _own(loss: Callable[..., Any], outputs: torch.Tensor, targets: torch.Tensor | None) -> OutputCurvature:
    name = getattr(loss, "__name__", type(loss).__name__)
    count = outputs[0].numel()
    if count > _LARGEST_HESSIAN:
        raise UserError(
            f"the Hessian of the loss {name} in {count} outputs of a sample is too large (up to {_LARGEST_HESSIAN}). "
            "Take fewer places or classes, or the losses cross_entropy or squared, which have closed forms."
        )
    if targets is None or len(targets) != len(outputs):
        found = "none" if targets is None else tuple(targets.shape)
        raise UserError(f"the loss {name} needs a target for each of {len(outputs)} samples; found {found}.")
    if targets.is_floating_point():
        targets = targets.to(outputs)
    parts = [_root(loss, name, own, target) for own, target in zip(outputs, targets.split(1), strict=True)]
    if not (rank := max(part.shape[1] for part in parts)):
        raise UserError(f"the loss {name} is linear in the outputs: it has no curvature. Take one that is curved.")
    whole = torch.stack([functional.pad(part, (0, rank - part.shape[1])) for part in parts])
    return OutputCurvature(name, lambda flat: whole.to(flat), len(outputs) * rank, is_exact=False)


def _root(loss: Callable[..., Any], name: str, own: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """A of one sample, (outputs, rank), from the eigenvectors of its Hessian."""

    def value(flat: torch.Tensor) -> torch.Tensor:
        found = loss(flat.view(1, *own.shape), target)
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            told = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
            raise UserError(f"the loss {name} returns {told} for one sample; expected one number.")
        return found.reshape(())

    def slope(flat: torch.Tensor) -> torch.Tensor:
        flat = flat.detach().requires_grad_()
        with torch.enable_grad():
            return torch.autograd.grad(value(flat), flat)[0]

    flat = own.detach().reshape(-1)
    try:
        with torch.enable_grad():
            hessian = torch.autograd.functional.hessian(value, flat)
        signs = torch.randn(len(flat), dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(flat)
        # In float32 a difference quotient has hardly a digit.
        step = _STEP if flat.dtype == torch.float64 else 100 * _STEP
        step *= max(1.0, float(flat.abs().max())) / float(signs.norm())
        quotient = (slope(flat + step * signs) - slope(flat - step * signs)) / (2 * step)
    except UserError:
        raise
    except Exception as error:  # a user's function can fail in any way
        raise UserError(f"the loss {name} cannot be differentiated twice: {type(error).__name__}: {error}") from error
    if not torch.isfinite(hessian).all():
        raise UserError(f"the Hessian of the loss {name} in the outputs is not finite. Check targets and outputs.")
    tolerance = (_TOLERANCE if flat.dtype == torch.float64 else 0.1) * float(hessian.norm() * signs.norm())
    if float((hessian @ signs - quotient).norm()) > tolerance + 1e-6:
        raise UserError(
            f"second derivatives of the loss {name} contradict its first ones: it is not twice differentiable there, "
            "or an operation in it hides from differentiation (detach, argmax, a cast)."
        )
    weights, vectors = torch.linalg.eigh((hessian + hessian.T) / 2)
    noise = _ROUNDINGS * torch.finfo(flat.dtype).eps * float(weights.abs().max())
    if float(weights.min()) < -noise:
        raise UserError(
            f"the loss {name} is not convex in the outputs: its Hessian has an eigenvalue {float(weights.min()):.3g} "
            f"beside {float(weights.max()):.3g}. The Gauss-Newton matrix is no product of a factor with its transpose."
        )
    there = weights > noise
    return vectors[:, there] * weights[there].sqrt()
