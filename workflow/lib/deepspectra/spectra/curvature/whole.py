"""The dense Hessian of softmax regression over a whole data set, as products of pairs of classes."""

import torch

__all__ = ["softmax_regression_hessian"]

# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


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
