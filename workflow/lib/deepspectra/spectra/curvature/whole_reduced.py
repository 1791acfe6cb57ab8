"""The Hessian of softmax regression over a whole data set, without the directions in which it is zero."""

import torch

from deepspectra.nn.losses import curvature_factor
from deepspectra.spectra.curvature.resolved import ResolvedSpectrum, keep_resolved

__all__ = ["reduced_softmax_hessian", "resolved_softmax_spectrum"]

# Samples whose weighted inputs are held at once.
_SAMPLES = 8192


def reduced_softmax_hessian(inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """A smaller matrix with the non-zero eigenvalues of the Hessian of the cross-entropy, summed over samples.

    Moving all classes' weights alike changes no probability, which leaves classes - 1 combinations; and weights act
    only on the span of the inputs (pixels that are dark in every image have no direction of their own).

    :param inputs: float64, shape (samples, features). :param outputs: shape (samples, classes).
    :returns: float64, symmetric, shape (k, k) with k = (classes - 1) x rank of the inputs.
    """
    count, classes = outputs.shape
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
    reduced = reduced.reshape(combinations * rank, -1)
    return (reduced + reduced.T) / 2


def resolved_softmax_spectrum(inputs: torch.Tensor, outputs: torch.Tensor) -> ResolvedSpectrum:
    """The non-zero spectrum of the Hessian of softmax regression over a whole set (sum over samples).

    :param inputs: float64, shape (samples, features). :param outputs: float64, shape (samples, classes).
    """
    matrix, parameters = reduced_softmax_hessian(inputs, outputs), outputs.shape[1] * (inputs.shape[1] + 1)
    reason = "softmax regression is linear in its parameters, and its samples add up class by class"
    return keep_resolved(matrix, outputs, parameters, "class_pairs", reason)
