"""Losses of a batch, summed over its samples as in the code of baskerville2022, and their curvature in the outputs."""

from typing import Literal, get_args

import torch
from torch.nn import functional

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.shapes import check_shapes

__all__ = ["Loss", "batch_loss", "check_targets", "curvature_factor"]

Loss = Literal["cross_entropy", "squared"]


def batch_loss(loss: Loss, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Sum over samples of the cross-entropy, or of the squared error (mean over outputs).

    :param outputs: shape (batch, outputs).
    :param targets: labels (batch,) int64 for cross-entropy, values of the outputs' shape for the squared error.
    :raises UserError: if there is no such loss, or the shapes do not fit together.
    """
    check_targets(loss, outputs, targets)
    if loss == "squared":
        # Not torch's own form: its forward-over-reverse derivative fails.
        return ((outputs - targets) ** 2).sum() / outputs.shape[1]
    # log(1 + sum of exp(z_c - z_k)) over the other classes, plus z_k - z_label, with k the likeliest class. The
    # derivatives of torch's own form subtract its probability from 1, and nothing is left of that where the network is
    # confident, whether right or wrong.
    likeliest = outputs.detach().argmax(1)
    top = outputs.gather(1, likeliest[:, None])
    differences = outputs.gather(1, _other_columns(likeliest, outputs.shape[1])) - top
    differences = torch.cat([torch.zeros_like(top), differences], dim=1)
    # Added to where the network is right, the slopes 1 and -1 would cancel and take the digits of the others with them.
    mistake = (top - outputs.gather(1, targets[:, None]))[:, 0]
    return (differences.logsumexp(1) + torch.where(likeliest == targets, 0.0, mistake)).sum()


def check_targets(loss: Loss, outputs: torch.Tensor, targets: torch.Tensor) -> None:
    """Check that targets are labels (batch,) for cross-entropy, values of the outputs' shape for the squared error.

    :param outputs: shape (batch, outputs).
    :raises UserError: if the shapes do not fit together, or there is no such loss.
    """
    axes = "samples outputs" if _checked(loss) == "squared" else "samples"
    check_shapes(outputs=(outputs, "samples outputs"), targets=(targets, axes))


def curvature_factor(loss: Loss, outputs: torch.Tensor) -> torch.Tensor:
    """A with A_n A_n' the Hessian of sample n's loss in its outputs, with as many columns as its rank.

    Cross-entropy: diag(p) - p p' = diag(s) (1 - s s') diag(s), where s are the square roots of the softmax
    probabilities. 1 - s s' projects onto the complement of s, and a Householder reflection gives an orthonormal basis
    of that: one column fewer than outputs, and no difference of nearly equal numbers.

    :param outputs: shape (batch, outputs).
    :returns: shape (batch, outputs, rank): rank outputs - 1 for cross-entropy, outputs for the squared error.
    :raises UserError: if there is no such loss, or the outputs are no matrix.
    """
    check_shapes(outputs=(outputs, "samples outputs"))
    count = outputs.shape[1]
    identity = torch.eye(count, dtype=outputs.dtype, device=outputs.device)
    if _checked(loss) == "squared":
        return (identity * (2 / count) ** 0.5).expand(len(outputs), count, count)
    roots = torch.exp(functional.log_softmax(outputs, dim=1) / 2)
    # The reflection that maps s to minus the axis of the likeliest class maps the other axes to a basis of the
    # complement of s.
    likeliest = roots.argmax(1)
    mirror = roots + identity[likeliest]
    length = (mirror**2).sum(1)[:, None, None]
    reflection = identity - 2 * mirror[:, :, None] * mirror[:, None, :] / length
    others = _other_columns(likeliest, count)
    return roots[:, :, None] * reflection.gather(2, others[:, None].expand(-1, count, -1))


def _checked(loss: Loss) -> Loss:
    if loss not in get_args(Loss):
        raise UserError(f"there is no loss {loss!r}; known are {', '.join(get_args(Loss))}.")
    return loss


def _other_columns(column: torch.Tensor, count: int) -> torch.Tensor:
    """For each row all of ``count`` columns except one, ascending; int64, shape (rows, count - 1)."""
    places = torch.arange(count - 1, device=column.device).expand(len(column), -1)
    return places + (places >= column[:, None])
