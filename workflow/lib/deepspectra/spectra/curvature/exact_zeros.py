"""How many eigenvalues of a batch's Hessian are exactly zero, from inputs and activation pattern, without a matrix."""

import numpy as np
import torch
from torch import nn

from deepspectra.spectra.curvature.batches import trainable_parameters
from deepspectra.spectra.curvature.piecewise import active_parameters, activity

__all__ = ["batch_zeros", "exact_zeros"]


def batch_zeros(model: nn.Sequential, inputs: torch.Tensor, size: int) -> np.ndarray:
    """:func:`exact_zeros` of every batch of ``size`` successive inputs, int64 of shape (batches,).

    A last batch that is not full is left out.
    """
    starts = range(0, len(inputs) - size + 1, size)
    return np.array([exact_zeros(model, inputs[start : start + size]) for start in starts], dtype=np.int64)


def exact_zeros(model: nn.Sequential, inputs: torch.Tensor) -> int:
    """Trainable parameters less distinct non-zero rows of the Hessian; its other eigenvalues may be tiny, or zero too.

    Rows are zero for inactive parameters. They are equal for weights of one unit of the first layer, if it is linear,
    whose inputs are equal in all samples for which the unit has a path to the outputs: dark pixels, say. An input that
    is always 1 is one more bias.

    In a float32 matrix some equal rows may differ in a last bit, since products of blocks are summed in another order.

    :param model: a plain sequence of layers that :mod:`.piecewise` takes. :param inputs: shape (batch, ...).
    """
    zeros = sum(parameter.numel() for parameter in trainable_parameters(model).values())
    zeros -= sum(int(mask.sum()) for mask in active_parameters(model, inputs).values())
    step, _, onward = activity(model, inputs)[0]
    if not isinstance(step.layer, nn.Linear) or not step.layer.weight.requires_grad:
        return zeros
    entered = step.entered
    if step.layer.bias is not None and step.layer.bias.requires_grad:
        entered = torch.cat([entered, torch.ones_like(entered[:, :1])], dim=1)
    for samples, units in zip(*torch.unique(onward.T, dim=0, return_counts=True), strict=True):
        columns = entered[samples]
        columns = columns[:, (columns != 0).any(0)]
        if columns.numel():
            zeros += int(units) * (columns.shape[1] - torch.unique(columns, dim=1).shape[1])
    return zeros
