"""The Hessian of softmax regression over a whole data set, in products of pairs of classes."""

from __future__ import annotations

import torch

from deepspectra.nn.losses import curvature_factor
from deepspectra.spectra.curvature.spectra import ResolvedSpectrum, keep_resolved

# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


def softmax_regression_hessian(inputs: torch.Tensor, outputs: torch.Tensor, *, bias: bool = True) -> torch.Tensor:
    """Hessian of the cross-entropy, summed over samples, of outputs that are linear in the inputs.

    Its block of classes c and d is X' diag(p_c (delta_cd - p_d)) X, a product for each pair of classes: 55 of them for
    ten classes, whatever the number of samples, where the Gram matrix would be samples x classes squared.

    :param inputs: X, shape (samples, features).
    :param outputs: of the network, before the softmax, shape (samples, classes).
    :param bias: whether the network has one: an input of 1 more.
    :returns: symmetric, shape (classes x inputs, classes x inputs), rows by class and then by input, in the precision
        of the inputs.
    """
    p = torch.softmax(outputs, dim=1).to(inputs.dtype)
    count, classes = p.shape
    size = inputs.shape[1] + bias
    hessian = inputs.new_zeros(classes, size, classes, size)
    for start in range(0, count, _SAMPLES):
        part = slice(start, start + _SAMPLES)
        x = inputs[part]
        if bias:
            x = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
        for c in range(classes):
            for d in range(c + 1):
                # 1 - p of a sure answer is known by the other classes' sum alone.
                others = torch.cat([p[part, :c], p[part, c + 1 :]], dim=1).sum(1)
                rest = others if c == d else -p[part, d]
                hessian[c, :, d] += x.T @ (x * (p[part, c] * rest)[:, None])
    for c in range(classes):
        hessian[c, :, c] = (hessian[c, :, c] + hessian[c, :, c].T) / 2
        for d in range(c):
            hessian[d, :, c] = hessian[c, :, d].T
    return hessian.reshape(classes * size, classes * size)


def reduced_softmax_hessian(inputs: torch.Tensor, outputs: torch.Tensor, *, bias: bool = True) -> torch.Tensor:
    """The same without the directions in which it is zero whatever the samples: equal non-zero eigenvalues.

    All classes' weights moved alike change no probability, which leaves classes - 1 combinations; and weights act on
    the span of the inputs alone (pixels that are dark in every image have no direction of their own).

    :param inputs: float64, shape (samples, features). :param outputs: shape (samples, classes).
    :returns: symmetric, shape (k, k) with k = (classes - 1) x rank of the inputs.
    """
    count, classes = outputs.shape
    if bias:
        inputs = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1)
    _, singular, directions = torch.linalg.svd(torch.linalg.qr(inputs, mode="r").R, full_matrices=False)
    spanned = singular > max(inputs.shape) * torch.finfo(inputs.dtype).eps * singular[0]
    basis = directions[spanned].T
    rank, combinations = basis.shape[1], classes - 1
    ones = torch.ones(classes, 1, dtype=inputs.dtype, device=inputs.device)
    contrasts = torch.linalg.qr(torch.cat([ones, torch.eye(classes, dtype=inputs.dtype)[:, 1:].to(ones)], 1)).Q[:, 1:]
    reduced = inputs.new_zeros(combinations, rank, combinations, rank)
    for start in range(0, count, _SAMPLES):
        part = slice(start, start + _SAMPLES)
        x = inputs[part] @ basis
        factor = contrasts.T @ curvature_factor("cross_entropy", outputs[part].to(inputs.dtype))
        weights = factor @ factor.transpose(1, 2)
        for a in range(combinations):
            for b in range(a + 1):
                reduced[a, :, b] += x.T @ (x * weights[:, a, b, None])
    for a in range(combinations):
        for b in range(a):
            reduced[b, :, a] = reduced[a, :, b].T
    reduced = reduced.reshape(combinations * rank, combinations * rank)
    return (reduced + reduced.T) / 2


def resolved_softmax_spectrum(inputs: torch.Tensor, outputs: torch.Tensor, *, bias: bool = True) -> ResolvedSpectrum:
    """Non-zero spectrum of the Hessian of softmax regression over a whole set (sum over samples).

    :param inputs: float64, shape (samples, features). :param outputs: float64, shape (samples, classes).
    """
    matrix = reduced_softmax_hessian(inputs, outputs, bias=bias)
    parameters = outputs.shape[1] * (inputs.shape[1] + bias)
    reason = "softmax regression is linear in its parameters, and its samples add up class by class"
    return keep_resolved(matrix, float(outputs.abs().max()), parameters, "class_pairs", reason)
