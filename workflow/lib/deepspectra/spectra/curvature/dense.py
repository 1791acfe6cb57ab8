"""Dense Hessians and Gauss-Newton matrices of a batch: as published, and the oracle of every other method."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor
from deepspectra.runtime.errors import UserError
from deepspectra.spectra.curvature.batches import outputs_at, same_up_to_rounding, trainable_parameters

__all__ = ["gauss_newton_factor", "hessian", "mean_gradient_square", "softmax_regression_hessian"]

# Rows computed at once; their gradients in all weights are held together.
_ROWS = 64
# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


@torch.enable_grad()
def hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The P x P Hessian of a batch's loss (sum over samples) in its trainable parameters: reverse over reverse, many
    rows at once.

    It is symmetric up to rounding. An entry is rounded as in the authors' loop over backward passes, one for each row;
    of rows and columns of different parameters, those of the earlier one are taken for both. So the second pass leaves
    out all layers before the row's own: of a convolutional network, most of the work.

    :param model: in evaluation mode; its precision and that of the inputs is the Hessian's.
    :param inputs: shape (batch, ...). :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    :raises UserError: if torch's second derivatives of the network contradict each other.
    """
    here = {name: one.detach().requires_grad_() for name, one in trainable_parameters(model).items()}
    parameters = list(here.values())
    value = batch_loss(loss, outputs_at(model, inputs, here), targets)
    size = sum(one.numel() for one in parameters)
    if not value.requires_grad:
        return inputs.new_zeros(size, size, dtype=parameters[0].dtype)
    gradients = torch.autograd.grad(value, parameters, create_graph=True, materialize_grads=True)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    if not flat.requires_grad:
        return inputs.new_zeros(size, size, dtype=parameters[0].dtype)
    # What the rows are audited by: a random combination of all of them, by one pass. Second derivatives of some
    # operations (weight normalisation) are wrong in silence when many rows are made at once.
    signs = torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(flat)
    found = torch.autograd.grad(flat, parameters, signs, retain_graph=True, materialize_grads=True)
    expected = torch.cat([one.reshape(-1) for one in found])
    for at_once in (_ROWS, 1):
        matrix = _rows(gradients, parameters, at_once)
        if matrix is not None and same_up_to_rounding(signs @ matrix, expected, float(matrix.norm())):
            return matrix
    raise UserError(
        "torch's second derivatives of this network contradict each other: its Hessian cannot be had. Take its "
        "Gauss-Newton matrix."
    )


def _rows(gradients: Sequence[torch.Tensor], parameters: Sequence[torch.Tensor], at_once: int) -> torch.Tensor | None:
    """The matrix, so many rows at once; None if torch cannot make several of them."""
    size, start = sum(one.numel() for one in parameters), 0
    matrix = parameters[0].new_zeros(size, size)
    for number, gradient in enumerate(gradients):
        stop = start + gradient.numel()
        for places in torch.arange(gradient.numel()).split(at_once) if gradient.requires_grad else ():
            units = gradient.new_zeros(len(places), gradient.numel())
            units[torch.arange(len(places)), places] = 1
            units = units.view(-1, *gradient.shape)
            backward = partial(torch.autograd.grad, gradient, parameters[number:], retain_graph=True, allow_unused=True)
            try:
                found = backward(units, is_grads_batched=True) if at_once > 1 else backward(units[0])
            except RuntimeError:
                # Such as max pooling of images whose channels lie last in memory, or group normalisation.
                if at_once > 1:
                    return None
                raise
            rows = [
                units.new_zeros(len(places), one.numel()) if part is None else part.reshape(len(places), -1)
                for part, one in zip(found, parameters[number:], strict=True)
            ]
            matrix[start + int(places[0]) : start + int(places[-1]) + 1, start:] = torch.cat(rows, dim=1)
        matrix[stop:, start:stop] = matrix[start:stop, stop:].T
        start = stop
    return matrix


def gauss_newton_factor(model: nn.Module, inputs: torch.Tensor, loss: Loss) -> torch.Tensor:
    """F of shape (P, batch x rank), such that F F' is the Gauss-Newton matrix of the batch.

    One backward pass for each column, and P x batch x rank numbers: for small networks.
    """
    parameters = list(trainable_parameters(model).values())
    outputs = model(inputs)
    factor = curvature_factor(loss, outputs.detach())
    pairs = ((output, column) for output, columns in zip(outputs, factor, strict=True) for column in columns.T)
    columns = [
        torch.autograd.grad(output, parameters, column, retain_graph=True, materialize_grads=True)
        for output, column in pairs
    ]
    return torch.stack([parameters_to_vector(column) for column in columns], dim=1)


def mean_gradient_square(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """J'J / n, with J the Jacobian of the outputs of n samples: the mean of g g', where g is an output's gradient.

    This is the Gauss-Newton matrix of baskerville2022 (section 6.4), over the batch as the authors' code divides it.
    For one output, that of the squared error summed over the samples is 2 n times as large.
    """
    parameters = list(trainable_parameters(model).values())
    outputs = model(inputs).flatten()
    rows = [torch.autograd.grad(output, parameters, retain_graph=True, materialize_grads=True) for output in outputs]
    jacobian = torch.stack([parameters_to_vector(row) for row in rows])
    return (jacobian.T @ jacobian).div_(len(inputs))


def softmax_regression_hessian(inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """Hessian of the cross-entropy, summed over samples, of outputs that are linear in the inputs.

    The block of classes c and d is X' diag(p_c (delta_cd - p_d)) X, one product for each pair of classes: 55 for ten
    classes, whatever the number of samples, where a Gram matrix would have samples x classes rows.

    :param inputs: X, shape (samples, features); the bias is one more input, of 1.
    :param outputs: before the softmax, shape (samples, classes).
    :returns: symmetric, shape (classes x inputs, classes x inputs), rows by class and then by input, in the precision
        of the inputs.
    """
    p = torch.softmax(outputs, dim=1).to(inputs.dtype)
    (count, classes), size = p.shape, inputs.shape[1] + 1
    hessian = inputs.new_zeros(classes, size, classes, size)
    for start in range(0, count, _SAMPLES):
        part = slice(start, start + _SAMPLES)
        x = torch.cat([inputs[part], torch.ones_like(inputs[part, :1])], dim=1)
        for c in range(classes):
            for d in range(c + 1):
                # For a sure answer, only the sum over the other classes resolves 1 - p.
                others = torch.cat([p[part, :c], p[part, c + 1 :]], dim=1).sum(1)
                rest = others if c == d else -p[part, d]
                hessian[c, :, d] += x.T @ (x * (p[part, c] * rest)[:, None])
    for c in range(classes):
        hessian[c, :, c] = (hessian[c, :, c] + hessian[c, :, c].T) / 2
        for d in range(c):
            hessian[d, :, c] = hessian[c, :, d].T
    return hessian.reshape(classes * size, -1)
