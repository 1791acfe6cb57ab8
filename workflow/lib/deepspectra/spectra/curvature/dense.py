"""Dense Hessians and Gauss-Newton matrices of a batch: as published, and the oracle of every other method."""

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from deepspectra.nn.losses import Loss, batch_loss, curvature_factor
from deepspectra.spectra.curvature.batches import outputs_at, trainable_parameters

__all__ = ["gauss_newton_factor", "hessian", "mean_gradient_square", "softmax_regression_hessian"]

# Rows computed at once; their gradients in all weights are held together.
_ROWS = 64
# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


@torch.enable_grad()
def hessian(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The P x P Hessian of a batch's loss (sum over samples) in its trainable parameters: reverse over reverse, many
    rows at once.

    It is symmetric up to rounding. Rows are rounded as those of the authors' loop over backward passes.

    :param model: in evaluation mode; its precision and that of the inputs is the Hessian's.
    :param inputs: shape (batch, ...). :param targets: see :func:`deepspectra.nn.losses.batch_loss`.
    """
    parameters = trainable_parameters(model)
    here = parameters_to_vector(parameters.values()).detach().requires_grad_()
    parts = here.split([parameter.numel() for parameter in parameters.values()])
    moved = {name: part.view(parameters[name].shape) for name, part in zip(parameters, parts, strict=True)}
    value = batch_loss(loss, outputs_at(model, inputs, moved), targets)
    (gradient,) = torch.autograd.grad(value, here, create_graph=True)
    rows = torch.empty(len(here), len(here), dtype=here.dtype, device=here.device)
    for places in torch.arange(len(here), device=here.device).split(_ROWS):
        units = torch.zeros_like(rows[: len(places)])
        units[torch.arange(len(places)), places] = 1
        (found,) = torch.autograd.grad(gradient, here, units, retain_graph=True, is_grads_batched=True)
        rows[places[0] : places[-1] + 1] = found
    return rows


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
